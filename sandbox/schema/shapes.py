"""Whether a value has the shape that Slack's types give it, and keeps within Slack's lengths.

Reads the part of JSON schema that the types come out in: references, alternatives told apart by ``type``,
objects that allow nothing else, lists, constants. The words of a problem are Slack's own.
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from sandbox.schema.lengths import ID_CHARS, IDS, LENGTHS

Json = dict[str, Any]

_TYPES = Path(__file__).parent / "slack_types.json"
_PYTHON: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "number": (int, float),
    "null": type(None),
}


class MisshapenError(Exception):
    """Its text is what Slack says of it, the place included."""

    def __init__(self, what: str, at: str) -> None:
        super().__init__(f"[ERROR] {what} [json-pointer:{at}]")


@cache
def _definitions() -> Json:
    definitions: Json = json.loads(_TYPES.read_text(encoding="utf-8"))["definitions"]
    return definitions


def check_shape(value: object, of: str, *, at: str) -> None:
    """Check ``value``, which stands at the JSON pointer ``at``, against the type of that name.

    Raises:
        MisshapenError: it is not so.
    """
    _check(value, {"$ref": f"#/definitions/{of}"}, at)


def _check(value: object, schema: Json, at: str) -> None:
    if "$ref" in schema:
        _check_named(value, schema["$ref"].rpartition("/")[2], at)
    elif "anyOf" in schema:
        _check_any(value, schema, at)
    elif "const" in schema or "enum" in schema:
        if value not in schema.get("enum", [schema.get("const")]):
            raise MisshapenError("must be a valid enum value", at)
    elif schema.get("type") == "object":
        _check_object(value, schema, at)
    elif schema.get("type") == "array":
        _check_list(value, schema, at)
    elif "type" in schema:
        kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not any(_is(value, kind) for kind in kinds):
            raise MisshapenError(f"must be a {' or '.join(kinds)}", at)


def _check_named(value: object, name: str, at: str) -> None:
    definition = _definitions()[name]
    _check(value, definition, at)
    if isinstance(value, dict):
        _check_lengths(value, name, definition, at)


def _check_list(value: object, schema: Json, at: str) -> None:
    if not isinstance(value, list):
        raise MisshapenError("must be an array", at)
    for number, item in enumerate(value):
        _check(item, schema["items"], f"{at}/{number}")


def _is(value: object, kind: str) -> bool:
    return isinstance(value, _PYTHON[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _check_object(value: object, schema: Json, at: str) -> None:
    if not isinstance(value, dict):
        raise MisshapenError("must be an object", at)
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if value.get(name) is None:
            raise MisshapenError(f"missing required field: {name}", at)
    for name, part in value.items():
        if name in properties:
            _check(part, properties[name], f"{at}/{name}")
        elif schema.get("additionalProperties") is False:
            raise MisshapenError(f"invalid additional property: {name}", at)


def _check_any(value: object, schema: Json, at: str) -> None:
    """The alternative whose ``type`` it names; among several of that type, one that fits."""
    options = list(_options(schema))
    if isinstance(value, dict) and all(_type_of(option) is not None for option in options):
        options = [option for option in options if value.get("type") == _type_of(option)]
        if not options:
            raise MisshapenError(f"unsupported type: {value.get('type')}", f"{at}/type")
    for option in options[:-1]:
        try:
            return _check(value, option, at)
        except MisshapenError:
            continue
    return _check(value, options[-1], at)


def _options(schema: Json) -> Iterator[Json]:
    """The alternatives, those of alternatives included; each still named where it has a name."""
    for option in schema["anyOf"]:
        definition = _definition(option)
        if "anyOf" in definition:
            yield from _options(definition)
        else:
            yield option


def _definition(schema: Json) -> Json:
    while "$ref" in schema:
        schema = _definitions()[schema["$ref"].rpartition("/")[2]]
    return schema


def _type_of(option: Json) -> str | None:
    named: str | None = _definition(option).get("properties", {}).get("type", {}).get("const")
    return named


def _check_lengths(value: Json, name: str, definition: Json, at: str) -> None:
    for each in IDS:
        if isinstance(value.get(each), str) and len(value[each]) > ID_CHARS:
            raise MisshapenError(f"must be less than {ID_CHARS + 1} characters", f"{at}/{each}")
    for path, most in LENGTHS.get(name, {}).items():
        needed = path.split(".")[0] in definition.get("required", ())
        for place, found in _found(value, path, at):
            _check_length(found, most, place, needed=needed)


def _found(value: Json, path: str, at: str) -> Iterator[tuple[str, object]]:
    """What stands at a path: ``text``, ``positive_button.text``, ``fields[]`` for each of a list."""
    name, _, rest = path.partition(".")
    part = value.get(name.removesuffix("[]"))
    place = f"{at}/{name.removesuffix('[]')}"
    if part is None:
        return
    if name.endswith("[]"):
        yield from ((f"{place}/{number}", item) for number, item in enumerate(part))
    elif rest:
        yield from _found(part, rest, place)
    else:
        yield place, part


def _check_length(value: object, most: int, at: str, *, needed: bool) -> None:
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        value, at, needed = value["text"], f"{at}/text", True
    if isinstance(value, list):
        if not value:
            raise MisshapenError("must provide at least 1 item", at)
        if len(value) > most:
            raise MisshapenError(f"no more than {most} items allowed", at)
    elif isinstance(value, str):
        if needed and not value:
            raise MisshapenError("must be a non-empty string", at)
        if len(value) > most:
            raise MisshapenError(f"must be less than {most + 1} characters", at)
