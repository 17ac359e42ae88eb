"""What openapi.yaml and asyncapi.yaml say is what the code does."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from bot.web.http_errors import STATUSES
from tests.manifest_schemas import ASYNCAPI, MANIFESTS, OPENAPI, with_schemas
from wire import subjects

HTTP = yaml.safe_load((MANIFESTS / "openapi.yaml").read_text())
NATS = yaml.safe_load((MANIFESTS / "asyncapi.yaml").read_text())
NO_SUBJECTS = ("_STREAM", "_BUCKET", "_CONSUMER", "_HEADER", "_S")


def test_openapi_is_valid() -> None:
    validate(HTTP, cls=OpenAPIV31SpecValidator)


@pytest.mark.parametrize(("name", "shapes"), [("openapi.yaml", OPENAPI), ("asyncapi.yaml", ASYNCAPI)])
def test_schemas_are_those_of_the_code(name: str, shapes: list[type]) -> None:
    text = (MANIFESTS / name).read_text()
    assert text == with_schemas(text, shapes), "run: python -m tests.manifest_schemas"


@pytest.mark.parametrize("manifest", [HTTP, NATS], ids=["openapi", "asyncapi"])
def test_every_reference_leads_somewhere(manifest: dict[str, Any]) -> None:
    for reference in references(manifest):
        found: Any = manifest
        for part in reference.removeprefix("#/").split("/"):
            assert part in found, reference
            found = found[part]


def references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for child in node.values():
                yield from references(child)
        case list():
            for child in node:
                yield from references(child)


def test_every_code_of_an_answer_has_its_status() -> None:
    responses = HTTP["paths"]["/v1/answers"]["post"]["responses"]
    for code, status in STATUSES.items():
        response = responses[str(status)]
        if "$ref" in response:
            response = HTTP["components"]["responses"][response["$ref"].rpartition("/")[2]]
        assert f"`{code}`" in response["description"], code


def test_every_subject_of_the_code_is_a_channel_and_no_other() -> None:
    named = {
        value
        for name, value in vars(subjects).items()
        if name.isupper() and isinstance(value, str) and not name.endswith(NO_SUBJECTS)
    }
    named |= {subjects.answer_events("*"), subjects.sync_progress("*")}
    channels = {
        ".".join("*" if token.startswith("{") else token for token in channel["address"].split("."))
        for channel in NATS["channels"].values()
        if channel["address"] is not None
    }
    assert channels == named


def test_every_channel_is_used_and_its_parameters_are_told_of() -> None:
    used = {operation["channel"]["$ref"] for operation in NATS["operations"].values()}
    used |= {
        operation["reply"]["channel"]["$ref"]
        for operation in NATS["operations"].values()
        if "reply" in operation
    }
    assert used == {f"#/channels/{name}" for name in NATS["channels"]}
    for channel in NATS["channels"].values():
        tokens = (channel["address"] or "").split(".")
        assert {token[1:-1] for token in tokens if token.startswith("{")} == set(
            channel.get("parameters", {})
        )
