"""Which blocks Slack takes in a message, and which limits it holds them to. Pure.

The numbers are Slack's documented ones, but for the total, which is what was found in the field
(bolt-js issue 2509: ``msg_blocks_too_long`` at about 13,200 characters).
"""

from collections.abc import Callable, Iterator
from typing import Any

from sandbox.errors import SlackError

Json = dict[str, Any]

MOST_BLOCKS = 50
MOST_CHARS = 13_200
MOST_MARKDOWN_CHARS = 12_000
"""Of all ``markdown`` blocks of a message together."""
MOST_TABLE_ROWS = 100
MOST_TABLE_CELLS = 20
MOST_ID_CHARS = 255

_TEXT_ELEMENTS = {"text", "link", "user", "channel", "usergroup", "emoji", "broadcast", "date", "color"}
_RICH_CHILDREN = {
    "rich_text_section": _TEXT_ELEMENTS,
    "rich_text_preformatted": {"text", "link"},
    "rich_text_quote": _TEXT_ELEMENTS,
    "rich_text_list": {"rich_text_section"},
}


class _Wrong(Exception):  # noqa: N818 — never leaves this file: it carries a place upwards
    def __init__(self, what: str, at: str) -> None:
        super().__init__(f"[ERROR] {what} [json-pointer:{at}]")


def check_blocks(blocks: object) -> list[Json]:
    """Give the blocks back if Slack would take them.

    Raises:
        SlackError: ``invalid_blocks_format``, ``invalid_blocks`` (with the place), ``msg_blocks_too_long``.
    """
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    try:
        _check_all(blocks)
    except _Wrong as wrong:
        raise SlackError("invalid_blocks", messages=(str(wrong),)) from None
    if sum(len(text) for text in _texts(blocks)) > MOST_CHARS:
        raise SlackError("msg_blocks_too_long")
    return blocks


def _check_all(blocks: list[Json]) -> None:
    if len(blocks) > MOST_BLOCKS:
        raise _Wrong(f"no more than {MOST_BLOCKS} items allowed", "/blocks")
    for number, block in enumerate(blocks):
        at = f"/blocks/{number}"
        check = _CHECKS.get(str(block.get("type")))
        if check is None:
            raise _Wrong(f"unsupported type: {block.get('type')}", f"{at}/type")
        _short(block, "block_id", at, most=MOST_ID_CHARS, required=False)
        check(block, at)
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise _Wrong("only one table is allowed", "/blocks")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MOST_MARKDOWN_CHARS:
        raise _Wrong(f"must be less than {MOST_MARKDOWN_CHARS + 1} characters", "/blocks")
    named = [block["block_id"] for block in blocks if block.get("block_id")]
    if len(named) != len(set(named)):
        raise _Wrong("block_id already exists", "/blocks")


def _section(block: Json, at: str) -> None:
    fields = block.get("fields")
    if "text" not in block and not fields:
        raise _Wrong("missing required field: text", at)
    if "text" in block:
        _text_object(block["text"], f"{at}/text", most=3000)
    if fields is not None:
        for number, each in enumerate(_items(block, "fields", at, most=10)):
            _text_object(each, f"{at}/fields/{number}", most=2000)
    if "accessory" in block:
        _element(block["accessory"], f"{at}/accessory", known={"button", "image"})


def _header(block: Json, at: str) -> None:
    _text_object(block.get("text"), f"{at}/text", most=150, plain=True)


def _context(block: Json, at: str) -> None:
    for number, element in enumerate(_items(block, "elements", at, most=10)):
        place = f"{at}/elements/{number}"
        if isinstance(element, dict) and element.get("type") == "image":
            _element(element, place, known={"image"})
        else:
            _text_object(element, place, most=3000)


def _actions(block: Json, at: str) -> None:
    elements = _items(block, "elements", at, most=25)
    for number, element in enumerate(elements):
        _element(element, f"{at}/elements/{number}", known={"button"})
    ids = [element["action_id"] for element in elements if "action_id" in element]
    if len(ids) != len(set(ids)):
        raise _Wrong("action_id already exists", f"{at}/elements")


def _context_actions(block: Json, at: str) -> None:
    for number, element in enumerate(_items(block, "elements", at, most=5)):
        _element(element, f"{at}/elements/{number}", known={"feedback_buttons", "icon_button"})


def _divider(block: Json, at: str) -> None:
    """Nothing to check."""


def _image(block: Json, at: str) -> None:
    _short(block, "alt_text", at, most=2000)
    _short(block, "image_url", at, most=3000)


def _markdown(block: Json, at: str) -> None:
    _short(block, "text", at, most=MOST_MARKDOWN_CHARS)


def _rich_text(block: Json, at: str) -> None:
    for number, element in enumerate(_items(block, "elements", at)):
        _rich_element(element, f"{at}/elements/{number}", known=set(_RICH_CHILDREN))


def _rich_element(element: object, at: str, *, known: set[str]) -> None:
    if not isinstance(element, dict) or element.get("type") not in known:
        kind = element.get("type") if isinstance(element, dict) else element
        raise _Wrong(f"unsupported type: {kind}", f"{at}/type")
    kind = element["type"]
    if kind in _RICH_CHILDREN:
        if kind == "rich_text_list" and element.get("style") not in ("bullet", "ordered"):
            raise _Wrong("must be a valid enum value", f"{at}/style")
        for number, child in enumerate(_items(element, "elements", at, least=0)):
            _rich_element(child, f"{at}/elements/{number}", known=_RICH_CHILDREN[kind])
        return
    needed = {"text": "text", "link": "url", "user": "user_id", "channel": "channel_id", "emoji": "name"}
    if kind in needed:
        _short(element, needed[kind], at, most=MOST_CHARS + 1)


def _table(block: Json, at: str) -> None:
    for number, row in enumerate(_items(block, "rows", at, most=MOST_TABLE_ROWS)):
        place = f"{at}/rows/{number}"
        if not isinstance(row, list) or not 1 <= len(row) <= MOST_TABLE_CELLS:
            raise _Wrong(f"must be 1 to {MOST_TABLE_CELLS} cells", place)
        for column, cell in enumerate(row):
            _cell(cell, f"{place}/{column}")
    if len(block.get("column_settings") or []) > MOST_TABLE_CELLS:
        raise _Wrong(f"no more than {MOST_TABLE_CELLS} items allowed", f"{at}/column_settings")


def _cell(cell: object, at: str) -> None:
    kind = cell.get("type") if isinstance(cell, dict) else None
    if not isinstance(cell, dict) or kind not in ("raw_text", "raw_number", "rich_text"):
        raise _Wrong(f"unsupported type: {kind}", f"{at}/type")
    if kind == "raw_text":
        _short(cell, "text", at, most=MOST_CHARS + 1)
    elif kind == "rich_text":
        _rich_text(cell, at)


_CHECKS: dict[str, Callable[[Json, str], None]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "context_actions": _context_actions,
    "divider": _divider,
    "image": _image,
    "markdown": _markdown,
    "rich_text": _rich_text,
    "table": _table,
}


def _element(element: object, at: str, *, known: set[str]) -> None:
    if not isinstance(element, dict) or element.get("type") not in known:
        kind = element.get("type") if isinstance(element, dict) else element
        raise _Wrong(f"unsupported type: {kind}", f"{at}/type")
    if element["type"] == "image":
        _image(element, at)
    if element["type"] == "button":
        _text_object(element.get("text"), f"{at}/text", most=75, plain=True)
        _short(element, "value", at, most=2000, required=False)
        _short(element, "action_id", at, most=MOST_ID_CHARS, required=False)
        _short(element, "url", at, most=3000, required=False)
        if element.get("style", "primary") not in ("primary", "danger"):
            raise _Wrong("must be a valid enum value", f"{at}/style")
        if "confirm" in element:
            _confirm(element["confirm"], f"{at}/confirm")


def _confirm(confirm: object, at: str) -> None:
    if not isinstance(confirm, dict):
        raise _Wrong("must be an object", at)
    _text_object(confirm.get("title"), f"{at}/title", most=100, plain=True)
    _text_object(confirm.get("text"), f"{at}/text", most=300)
    _text_object(confirm.get("confirm"), f"{at}/confirm", most=30, plain=True)
    _text_object(confirm.get("deny"), f"{at}/deny", most=30, plain=True)


def _text_object(text: object, at: str, *, most: int, plain: bool = False) -> None:
    if not isinstance(text, dict):
        raise _Wrong("missing required field: text", at)
    if text.get("type") not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        raise _Wrong(f"unsupported type: {text.get('type')}", f"{at}/type")
    _short(text, "text", at, most=most)


def _items(holder: Json, key: str, at: str, *, least: int = 1, most: int | None = None) -> list[Any]:
    items = holder.get(key)
    if not isinstance(items, list) or len(items) < least:
        raise _Wrong(f"must provide at least {least} item", f"{at}/{key}")
    if most is not None and len(items) > most:
        raise _Wrong(f"no more than {most} items allowed", f"{at}/{key}")
    return items


def _short(holder: Json, key: str, at: str, *, most: int, required: bool = True) -> None:
    value = holder.get(key)
    if value is None and not required:
        return
    if not isinstance(value, str) or (required and not value):
        raise _Wrong("must be a non-empty string", f"{at}/{key}")
    if len(value) > most:
        raise _Wrong(f"must be less than {most + 1} characters", f"{at}/{key}")


def _texts(part: object) -> Iterator[str]:
    """Every string that is shown to a reader."""
    if isinstance(part, list):
        for item in part:
            yield from _texts(item)
    elif isinstance(part, dict):
        for key, value in part.items():
            if key == "text" and isinstance(value, str):
                yield value
            elif key != "confirm":
                yield from _texts(value)
