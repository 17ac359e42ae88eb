"""What can be filled in or chosen in blocks, and the state that Slack makes of it. Pure.

The page tells a field's content plainly: a string, a list of strings, or nothing; an option by its value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SlackError

Json = dict[str, Any]
Typed = Mapping[str, Mapping[str, Any]]
"""What stands in the fields, by ``block_id`` and ``action_id``."""

REQUIRED = "Please complete this required field."


@dataclass(frozen=True)
class _Kind:
    key: str
    """Where the state holds it."""
    initial: str
    """Where the element holds what it begins with."""
    option: bool = False
    many: bool = False


_KINDS = {
    "plain_text_input": _Kind("value", "initial_value"),
    "number_input": _Kind("value", "initial_value"),
    "email_text_input": _Kind("value", "initial_value"),
    "url_text_input": _Kind("value", "initial_value"),
    "static_select": _Kind("selected_option", "initial_option", option=True),
    "multi_static_select": _Kind("selected_options", "initial_options", option=True, many=True),
    "radio_buttons": _Kind("selected_option", "initial_option", option=True),
    "checkboxes": _Kind("selected_options", "initial_options", option=True, many=True),
    "overflow": _Kind("selected_option", "", option=True),
    "users_select": _Kind("selected_user", "initial_user"),
    "multi_users_select": _Kind("selected_users", "initial_users", many=True),
    "channels_select": _Kind("selected_channel", "initial_channel"),
    "multi_channels_select": _Kind("selected_channels", "initial_channels", many=True),
    "conversations_select": _Kind("selected_conversation", "initial_conversation"),
    "multi_conversations_select": _Kind("selected_conversations", "initial_conversations", many=True),
    "datepicker": _Kind("selected_date", "initial_date"),
    "timepicker": _Kind("selected_time", "initial_time"),
}


def elements_of(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    """Every element that a person can use, with its block."""
    for block in blocks:
        for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
            if element and "action_id" in element:
                yield block, element


def state_of(blocks: list[Json], typed: Typed) -> Json:
    """``state.values``: what stands in each field, or what it began with where nothing was told."""
    values: Json = {}
    for block, element in elements_of(blocks):
        if element["type"] in _KINDS and element["type"] != "overflow":
            block_id, action_id = block["block_id"], element["action_id"]
            values.setdefault(block_id, {})[action_id] = _content(element, typed.get(block_id, {}))
    return values


def chosen(element: Json, value: Any) -> Json:
    """What a use of an element carries to the app besides its ids.

    Raises:
        SlackError: ``action_not_found`` (ours), where it has no such option.
    """
    if element["type"] in _KINDS:
        kind = _KINDS[element["type"]]
        content = _content(element, {element["action_id"]: value})
        return {"type": element["type"], kind.key: content[kind.key]}
    kept: Json = {key: element[key] for key in ("type", "text", "value", "style", "url") if key in element}
    if value is None:
        return kept
    if value not in _values(element):
        raise SlackError("action_not_found")
    return kept | {"value": value}


def problems_of(blocks: list[Json], typed: Typed) -> dict[str, str]:
    """What Slack itself finds wrong before it asks the app, by ``block_id``."""
    found = {}
    values = state_of(blocks, typed)
    for block in blocks:
        if block["type"] == "input" and block["element"]["type"] in _KINDS:
            element = block["element"]
            content = values[block["block_id"]][element["action_id"]][_KINDS[element["type"]].key]
            problem = _problem(element, content, optional=bool(block.get("optional")))
            if problem:
                found[block["block_id"]] = problem
    return found


def _problem(element: Json, content: Any, *, optional: bool) -> str | None:
    if not content:
        return None if optional else REQUIRED
    if element["type"] == "plain_text_input":
        least, most = element.get("min_length", 0), element.get("max_length", 3000)
        if len(content) < least:
            return f"Please enter at least {least} characters."
        if len(content) > most:
            return f"Please enter no more than {most} characters."
    return None


def _content(element: Json, typed: Mapping[str, Any]) -> Json:
    kind = _KINDS[element["type"]]
    told = element["action_id"] in typed
    value: Any = typed[element["action_id"]] if told else element.get(kind.initial)
    if kind.many:
        value = value or []
    if kind.option and told:
        options = {each["value"]: each for each in _options(element)}
        wanted: list[str] = value if kind.many else [value] if value else []
        if not set(wanted) <= set(options):
            raise SlackError("action_not_found")
        value = [options[each] for each in wanted] if kind.many else options[value] if value else None
    return {"type": element["type"], kind.key: value or ([] if kind.many else None)}


def _options(element: Json) -> Iterator[Json]:
    yield from element.get("options", ())
    for group in element.get("option_groups", ()):
        yield from group["options"]


def _values(element: Json) -> set[str]:
    """What pressing an element can send."""
    pair = (element.get("positive_button", {}), element.get("negative_button", {}))
    return {each["value"] for each in (element, *pair) if "value" in each}
