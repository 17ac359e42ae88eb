from typing import Any

import pytest

from sandbox.blocks import check_blocks
from sandbox.errors import SlackError

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": mrkdwn(text)}


def button(text: str = "Go", **more: object) -> Json:
    return {"type": "button", "text": plain(text), "action_id": "go", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


CONFIRM = {"title": plain("Sure?"), "text": mrkdwn("It goes."), "confirm": plain("Yes"), "deny": plain("No")}
CELL = {"type": "raw_text", "text": "x"}
SECTION = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}

GOOD: list[list[Json]] = [
    [section("x" * 3000)],
    [{"type": "section", "fields": [mrkdwn("a"), mrkdwn("b")], "accessory": button()}],
    [{"type": "header", "text": plain("h" * 150)}],
    [
        {
            "type": "context",
            "elements": [mrkdwn("a"), {"type": "image", "image_url": "https://x", "alt_text": "y"}],
        }
    ],
    [{"type": "divider"}],
    [actions(button(style="danger", value="v", confirm=CONFIRM), {**button(), "action_id": "two"})],
    [{"type": "markdown", "text": "# x"}],
    [
        rich(
            SECTION,
            {"type": "rich_text_list", "style": "bullet", "indent": 1, "elements": [SECTION]},
            {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://x"}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x"}]},
        )
    ],
    [
        {
            "type": "table",
            "rows": [[CELL, CELL], [CELL, rich(SECTION)]],
            "column_settings": [{"align": "right"}],
        }
    ],
    [{"type": "divider"}] * 50,
]


@pytest.mark.parametrize("blocks", GOOD)
def test_what_slack_takes_is_taken(blocks: list[Json]) -> None:
    assert check_blocks(blocks) == blocks


BAD: list[tuple[list[Json], str]] = [
    ([{"type": "made_up"}], "/blocks/0/type"),
    ([{}], "/blocks/0/type"),
    ([{"type": "section"}], "/blocks/0"),
    ([section("")], "/blocks/0/text/text"),
    ([section("x" * 3001)], "/blocks/0/text/text"),
    ([{"type": "section", "fields": [mrkdwn("x")] * 11}], "/blocks/0/fields"),
    ([{"type": "section", "fields": [mrkdwn("x" * 2001)]}], "/blocks/0/fields/0/text"),
    ([{"type": "header", "text": plain("h" * 151)}], "/blocks/0/text/text"),
    ([{"type": "header", "text": mrkdwn("h")}], "/blocks/0/text/type"),
    ([{"type": "context", "elements": [mrkdwn("x")] * 11}], "/blocks/0/elements"),
    ([actions()], "/blocks/0/elements"),
    ([actions(*[{**button(), "action_id": str(n)} for n in range(26)])], "/blocks/0/elements"),
    ([actions(button(), button())], "/blocks/0/elements"),
    ([actions(button("x" * 76))], "/blocks/0/elements/0/text/text"),
    ([actions(button(value="x" * 2001))], "/blocks/0/elements/0/value"),
    ([actions(button(style="loud"))], "/blocks/0/elements/0/style"),
    ([actions(button(confirm={"title": plain("x")}))], "/blocks/0/elements/0/confirm"),
    ([{"type": "table", "rows": [[CELL]] * 101}], "/blocks/0/rows"),
    ([{"type": "table", "rows": [[CELL] * 21]}], "/blocks/0/rows/0"),
    ([{"type": "table", "rows": [[CELL]]}] * 2, "/blocks"),
    (
        [rich({"type": "rich_text_list", "style": "dashes", "elements": [SECTION]})],
        "/blocks/0/elements/0/style",
    ),
    ([rich({"type": "text", "text": "x"})], "/blocks/0/elements/0/type"),
    ([{"type": "markdown", "text": "x" * 6001}] * 2, "/blocks"),
    ([{"type": "divider"}] * 51, "/blocks"),
    ([{"type": "divider", "block_id": "a"}] * 2, "/blocks"),
    ([{"type": "divider", "block_id": "a" * 256}], "/blocks/0/block_id"),
]


@pytest.mark.parametrize(("blocks", "place"), BAD)
def test_what_slack_refuses_is_refused_with_its_place(blocks: list[Json], place: str) -> None:
    with pytest.raises(SlackError) as caught:
        check_blocks(blocks)
    assert caught.value.error == "invalid_blocks"
    assert f"[json-pointer:{place}]" in caught.value.messages[0]


def test_all_blocks_together_hold_13200_characters() -> None:
    blocks = [section("x" * 3000)] * 4
    check_blocks([*blocks, section("x" * 1200)])
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        check_blocks([*blocks, section("x" * 1201)])


@pytest.mark.parametrize("blocks", [{"type": "divider"}, "text", ["text"]])
def test_what_is_no_list_of_blocks_is_a_wrong_format(blocks: object) -> None:
    with pytest.raises(SlackError, match="invalid_blocks_format"):
        check_blocks(blocks)
