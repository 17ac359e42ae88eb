"""What is typed after a slash, and what is shown for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.slack.commands import (
    ASK_ABOUT,
    MORE,
    Click,
    Command,
    Wanted,
    answering_privately,
    found,
    more_of,
    read_click,
    read_command,
    read_wanted,
    used,
)
from sandbox.blocks import check_blocks
from tests.retrieval_stand_in import passage
from wire.search import Passage

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_a_command_is_read_as_slack_sends_it() -> None:
    body = {"command": "/Sources", "text": " leave ", "user_id": "U1", "channel_id": "C1", "team_id": "T1"}
    assert read_command(body | {"trigger_id": "1.2"}) == Command(
        name="sources", text="leave", user="U1", channel="C1", team="T1", trigger="1.2"
    )
    assert read_command({"type": "event_callback"}) is None


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("parental leave", Wanted(typed="parental leave", words="parental leave")),
        (
            "in:Handbook leave since:2w",
            Wanted(
                typed="in:Handbook leave since:2w",
                words="leave",
                sources=("handbook",),
                changed_within=timedelta(days=14),
            ),
        ),
        (
            "leave since:yesterday",
            Wanted(typed="leave since:yesterday", words="leave since:yesterday", odd=("since:yesterday",)),
        ),
        ("log-in:failed", Wanted(typed="log-in:failed", words="log-in:failed")),
        ("in:wiki", Wanted(typed="in:wiki", words="", sources=("wiki",))),
    ],
)
def test_filters_stand_anywhere_among_the_words(typed: str, wanted: Wanted) -> None:
    assert read_wanted(typed) == wanted


def shown(typed: str, passages: list[Passage], offset: int = 0) -> list[dict[str, Any]]:
    blocks = found(read_wanted(typed), passages, offset=offset, now=NOW).blocks
    check_blocks(blocks)
    return blocks


def numbered(documents: int) -> list[Passage]:
    return [passage(f"text {n}", document=f"d{n}", title=f"Title {n}") for n in range(documents)]


def test_each_document_comes_once_at_its_best_passage_with_a_way_to_ask_about_it() -> None:
    twice = [passage("28 days of leave"), passage("less apt", ordinal=1)]
    named, snippet, facts = shown("leave", twice)
    assert "<https://docs.example.com/leave-policy|Leave policy>" in named["text"]["text"]
    assert "28 days of leave" in snippet["text"]["text"]
    assert "changed 1 Nov 2026" in str(facts)
    assert named["accessory"]["action_id"] == ASK_ABOUT
    assert named["accessory"]["value"] == "What does “Leave policy” say about leave?"


def test_a_long_list_comes_in_pages_until_it_ends() -> None:
    first = shown("leave in:handbook", numbered(7))
    [more] = first[-1]["elements"]
    assert more["action_id"] == MORE
    offset, typed = more_of(more["value"])
    assert typed == "leave in:handbook"
    rest = shown(typed, numbered(7), offset)
    assert [f"Title {n}" in str(block) for n, block in zip((5, 6), rest[::3], strict=True)] == [True, True]
    assert "That was all" in str(shown(typed, numbered(7), 7))


def test_documents_that_have_not_changed_lately_are_left_out() -> None:
    assert "no document" in str(shown("leave since:1w", [passage("28 days")]))
    assert "28 days" in str(shown("leave since:30d", [passage("28 days")]))


def test_what_documents_say_is_shown_as_words() -> None:
    hostile = passage("<!channel> [link](https://evil.example)", title="<@U1>|x", document="h")
    blocks = shown("leave", [hostile])
    text = blocks[0]["text"]["text"] + blocks[1]["text"]["text"]
    assert "<!" not in text
    assert "<@" not in text
    assert "evil.example" not in text
    # As it was typed: it is escaped when it is posted.
    assert blocks[0]["accessory"]["value"] == "What does “<@U1>|x” say about leave?"


def test_where_filters_leave_nothing_or_can_not_be_read_it_says_so() -> None:
    assert "with `in:hanbook`. Look again without it." in str(shown("leave in:hanbook", []))
    assert "I can't read `since:lastweek`" in str(shown("leave since:lastweek", [passage("28 days")]))
    assert "with" not in str(shown("chess", []))


def test_without_words_it_says_how() -> None:
    assert "/sources parental leave" in str(shown("in:wiki", []))


def test_a_private_answer_may_be_asked_openly_unless_it_is_too_long_for_a_button() -> None:
    private = answering_privately("How much?", link="https://slack.example/p1", shareable=True)
    check_blocks(private.blocks)
    assert private.blocks[-1]["elements"][0]["value"] == "How much?"
    for other in (
        answering_privately("x" * 2001, link="https://slack.example/p1", shareable=True),
        answering_privately("How much?", link="https://slack.example/p1", shareable=False),
    ):
        assert len(other.blocks) == 1


def test_without_limits_usage_says_so() -> None:
    assert "no limit" in used([]).text


def test_a_click_is_read_as_slack_sends_it() -> None:
    body = {
        "type": "block_actions",
        "user": {"id": "U1"},
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "container": {"type": "message", "message_ts": "1.0"},
        "response_url": "https://hooks.slack.example/1",
        "actions": [{"action_id": MORE, "value": "5 leave"}],
    }
    assert read_click(body) == Click(
        action=MORE,
        value="5 leave",
        user="U1",
        channel="C1",
        team="T1",
        message="1.0",
        answer_url="https://hooks.slack.example/1",
    )
    assert read_click(body | {"actions": [{"action_id": "somebody_elses"}]}) is None
    assert read_click(body | {"type": "view_submission"}) is None
