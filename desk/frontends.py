"""Commands for faces other than Slack: the terminal, another assistant's tools, keys of programs."""

from importlib import import_module
from typing import Annotated

import typer
from rich.console import Console

from desk.asking import ask_and_show
from desk.invoking import FAILED, nats_url_of, run
from desk.key_making import make_key
from desk.options import DataOption, JsonOption, PrincipalOption, key_name_of, principal_of
from wire.principals import PUBLIC

commands = typer.Typer()
keys = typer.Typer(no_args_is_help=True)


@commands.command()
def ask(
    question: Annotated[list[str], typer.Argument(metavar="QUESTION", help="In plain words.")],
    *,
    principal: PrincipalOption = None,
    as_json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Ask the running Answerdesk, and see its answer as it is written."""
    answered = run(
        ask_and_show(
            " ".join(question),
            principals=tuple(principal_of(each) for each in principal or (PUBLIC,)),
            nats_url=nats_url_of(data),
            as_json=as_json,
            console=Console(stderr=True),
        )
    )
    if not answered:
        raise typer.Exit(FAILED)


@commands.command()
def mcp(*, principal: PrincipalOption = None, data: DataOption = None) -> None:
    """Serve the documents as tools of another assistant (MCP), over standard input and output."""
    # The SDK brings web servers along, for which no other command should wait.
    server = import_module("desk.mcp_server")
    principals = tuple(principal_of(each) for each in principal or (PUBLIC,))
    run(server.serve_mcp(nats_url=nats_url_of(data), principals=principals))


@keys.callback()
def key() -> None:
    """Keys of programs that ask over HTTP."""


@keys.command()
def new(
    name: Annotated[
        str, typer.Argument(metavar="NAME", callback=key_name_of, help="What the program is called.")
    ],
    *,
    principal: PrincipalOption = None,
) -> None:
    """Make a key: print it once, and what answerdesk.toml is to know of it."""
    make_key(name, principals=tuple(principal_of(each) for each in principal or (PUBLIC,)))


commands.add_typer(keys, name="key")
