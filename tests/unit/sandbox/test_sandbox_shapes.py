"""Slack's own types, as what is posted and shown is held to them."""

from typing import Any

import pytest

from sandbox.blocks import check_blocks, check_chunks, check_view
from sandbox.errors import SlackError

Json = dict[str, Any]


def plain(text: str = "x") -> Json:
    return {"type": "plain_text", "text": text}


def option(text: str = "x") -> Json:
    return {"text": plain(text), "value": text}


def element(kind: str, **more: object) -> list[Json]:
    return [{"type": "actions", "elements": [{"type": kind, "action_id": "a", **more}]}]


def refusal(blocks: list[Json]) -> str:
    with pytest.raises(SlackError) as caught:
        check_blocks(blocks)
    return caught.value.messages[0]


RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}
TASK = {"type": "task_card", "task_id": "1", "title": "x", "status": "complete"}
PAIR = {"text": plain(), "value": "v"}


@pytest.mark.parametrize(
    "block",
    [
        {**TASK, "details": RICH, "sources": [{"type": "url", "url": "https://x", "text": "x"}]},
        {"type": "plan", "title": "x", "tasks": [TASK]},
        {"type": "alert", "text": plain(), "level": "warning"},
        {"type": "image", "alt_text": "x", "image_url": "https://x"},
        {"type": "image", "alt_text": "x", "slack_file": {"id": "F1"}},
        {"type": "section", "text": plain(), "expand": True},
        {"type": "data_table", "caption": "x", "rows": [[{"type": "raw_number", "value": 1, "text": "1"}]]},
        {
            "type": "context_actions",
            "elements": [
                {
                    "type": "feedback_buttons",
                    "action_id": "f",
                    "positive_button": PAIR,
                    "negative_button": PAIR,
                },
                {"type": "icon_button", "icon": "trash", "text": plain()},
            ],
        },
        *element("overflow", options=[option()]),
        *element("static_select", options=[option()], placeholder=plain()),
        *element("users_select", initial_user="U1"),
        *element("checkboxes", options=[option()]),
        *element("datepicker", initial_date="2026-01-01"),
    ],
)
def test_every_kind_that_slack_publishes_is_known(block: Json) -> None:
    assert check_blocks([block]) == [block]


@pytest.mark.parametrize(
    ("blocks", "words", "place"),
    [
        ([{"type": "divider", "color": "red"}], "invalid additional property: color", "/blocks/0"),
        ([{"type": "header"}], "missing required field: text", "/blocks/0"),
        ([{"type": "markdown", "text": 5}], "must be a string", "/blocks/0/text"),
        ([{"type": "section", "text": plain(), "expand": "yes"}], "must be a boolean", "/blocks/0/expand"),
        ([{"type": "context", "elements": {}}], "must be an array", "/blocks/0/elements"),
        ([{**TASK, "status": "completed"}], "must be a valid enum value", "/blocks/0/status"),
        ([{**TASK, "title": "x" * 257}], "must be less than 257 characters", "/blocks/0/title"),
        ([{"type": "plan", "title": "x", "tasks": [{}] * 51}], "no more than 50 items", "/blocks/0/tasks"),
        ([{"type": "header", "text": plain("")}], "must be a non-empty string", "/blocks/0/text/text"),
        (element("plain_text_input"), "unsupported type: plain_text_input", "/blocks/0/elements/0/type"),
        (element("overflow", options=[]), "must provide at least 1 item", "/blocks/0/elements/0/options"),
        (
            element("static_select", options=[option("x" * 76)]),
            "must be less than 76 characters",
            "/blocks/0/elements/0/options/0/text/text",
        ),
    ],
)
def test_what_is_wrong_is_told_in_slacks_words_with_its_place(
    blocks: list[Json], words: str, place: str
) -> None:
    found = refusal(blocks)
    assert found.startswith(f"[ERROR] {words}")
    assert found.endswith(f"[json-pointer:{place}]")


def test_an_images_two_shapes_are_told_apart() -> None:
    assert "invalid additional property: image_url" in refusal(
        [{"type": "image", "alt_text": "x", "image_url": "https://x", "slack_file": {"id": "F1"}}]
    )


@pytest.mark.parametrize("chunks", ["text", [{"type": "made_up"}], [{"type": "markdown_text"}]])
def test_chunks_of_no_known_shape_are_refused(chunks: object) -> None:
    with pytest.raises(SlackError, match="invalid_chunks"):
        check_chunks(chunks)


def test_a_view_of_more_than_250_kilobytes_is_too_large() -> None:
    section = {"type": "section", "text": plain("x" * 2600)}
    with pytest.raises(SlackError, match="view_too_large"):
        check_view({"type": "home", "blocks": [section] * 100}, types=("home",))
