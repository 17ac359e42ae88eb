"""What several commands are told in the same words, and how it is checked."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from wire.documents import DocumentId, SourceName
from wire.failures import FailureId
from wire.key_settings import KeyName
from wire.principals import check_principal


def principal_of(value: str) -> str:
    """A principal, in its one spelling."""
    try:
        return check_principal(value)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def source_of(value: str) -> str:
    """A source's name."""
    try:
        return TypeAdapter[str](SourceName).validate_python(value)
    except ValidationError:
        raise typer.BadParameter(
            "a source's name is up to 63 of a-z, 0-9, - and _, and starts with a letter or digit"
        ) from None


def document_of(value: str) -> str:
    """A document's id."""
    try:
        return TypeAdapter[str](DocumentId).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("a document's id has 1 to 1024 characters") from None


def failure_of(value: str) -> str:
    """A failure's id."""
    try:
        return TypeAdapter[str](FailureId).validate_python(value)
    except ValidationError:
        raise typer.BadParameter("a failure's id is a number; `answerdesk failures` lists them") from None


def key_name_of(value: str) -> str:
    """A key's name."""
    try:
        return TypeAdapter[str](KeyName).validate_python(value)
    except ValidationError:
        raise typer.BadParameter(
            "a key's name is up to 63 of a-z, 0-9, - and _, and starts with a letter or digit"
        ) from None


def url_prefix_of(value: str | None) -> str | None:
    """An address to open documents at."""
    if value is not None and not value.startswith(("https://", "http://")):
        raise typer.BadParameter("an address to open documents at starts with https:// or http://")
    return value


def slack_url_of(value: str | None) -> str | None:
    """An address that Slack will call."""
    if value is not None and not value.startswith("https://"):
        raise typer.BadParameter("Slack calls nothing but https://")
    return value


DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of the running Answerdesk (default: DATA_DIR or .answerdesk)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Wait until the index has it.")]
PrincipalOption = Annotated[
    list[str] | None,
    typer.Option(metavar="PRINCIPAL", help="Who reads (default: public); repeatable."),
]
