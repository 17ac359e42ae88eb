"""What an answer's message looks like."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.sentences import CUT_OFF
from bot.answering.small_talk import SMALL_TALK
from bot.answering.unanswered import NO_MODEL
from bot.slack.view import FALLBACK_CHARS, View, after, payload, payloads
from sandbox.blocks import check_blocks
from wire.answers import Citation, Delta, Done, Failed, Source, Status, Usage

LEAVE = Source(
    index=1,
    source="handbook",
    document="leave",
    version=3,
    title="Leave <policy> & more",
    url="https://docs.example.com/leave?a=1&b=2",
    heading=("Leave <policy> & more", "Germany"),
    updated_at=datetime(2026, 11, 3, tzinfo=UTC),
)


def done(**changes: Any) -> Done:
    fields: dict[str, Any] = {
        "text": "24 weeks [1].",
        "sources": (LEAVE,),
        "usage": Usage(output_tokens=9),
        "cached": False,
        "model": "m",
        "timings_ms": {},
    }
    return Done(**(fields | changes))


def small_print(view: View) -> list[str]:
    return [
        part["text"]
        for block in payload(view).blocks
        if block["type"] == "context"
        for part in block["elements"]
    ]


def test_while_it_is_written_it_says_what_is_going_on() -> None:
    view = after(View(), Status(text="Searching the documents"))
    assert small_print(view) == [":hourglass_flowing_sand: Searching the documents"]
    assert payload(view).text == "Searching the documents"


def test_half_open_markup_is_not_shown_until_it_is_whole() -> None:
    view = after(View(), Delta(text="You get **24 we"))
    assert payload(view).text == "You get 24 we"


def test_a_citation_links_as_soon_as_it_is_shown() -> None:
    view = after(View(), Delta(text="24 weeks [1] in"))
    view = after(view, Citation(index=1, source=LEAVE, quote="24 weeks"))
    [section] = payload(view).blocks[0]["elements"]
    assert {"type": "link", "url": LEAVE.url, "text": "[1]"} in section["elements"]


def test_a_finished_answer_lists_its_sources_with_place_and_age() -> None:
    sources, notice = small_print(after(View(), done()))
    link = "<https://docs.example.com/leave?a=1&amp;b=2|Leave &lt;policy&gt; &amp; more>"
    assert sources == f"*1*  {link} \N{RIGHTWARDS ARROW} Germany · 3 Nov 2026"
    assert "AI" in notice


def test_a_source_that_no_longer_holds_says_so_in_the_list() -> None:
    old = LEAVE.model_copy(update={"outdated": True})
    assert "· *says it is out of date*" in small_print(after(View(), done(sources=(old,))))[0]


def test_an_answer_says_that_it_was_written_and_what_it_stands_on() -> None:
    assert small_print(after(View(), done()))[-1] == "Written by AI; check what matters."
    (alone,) = small_print(after(View(), done(sources=())))
    assert "with no source" in alone
    assert small_print(after(View(), done(sources=(), model=NO_MODEL))) == []


def test_small_talk_is_neither_rated_nor_asked_again() -> None:
    said = payload(after(View(), done(text="You're welcome.", sources=(), model=SMALL_TALK)))
    assert (said.text, said.about, said.repeatable) == ("You're welcome.", "", False)


def test_a_failure_is_a_sentence_and_nothing_of_the_unfinished_text() -> None:
    view = after(
        View(text="half an", doing="Writing…"), Failed(code="model_unavailable", message="The model is away.")
    )
    assert payload(view).text == "The model is away."
    assert "half" not in str(payload(view).blocks)


def test_words_for_notifications_are_escaped_and_within_slacks_limit() -> None:
    shown = payloads(View(text="<!channel> " + "word " * 5000))[0]
    assert shown.text.startswith("&lt;!channel&gt;")
    assert len(shown.text) <= FALLBACK_CHARS
    assert len(str(shown.blocks)) < 13_000


MARKS = ("**", "*", "_", "~~", "`", "```\n", "| a | b |\n", "| - | - |\n", "- ", "0. ", "1. ", "> ", "# ")
WORDS = (
    "[1]",
    "[",
    "](",
    ")",
    "![",
    "<",
    ">",
    "word ",
    "a_b ",
    "\\",
    "  ",
    "<!channel>",
    "https://x.example/y",
)
PIECES = st.sampled_from((*MARKS, *WORDS, "\n", "\n\n"))


@given(st.lists(PIECES, max_size=60).map("".join), st.booleans())
def test_slack_takes_whatever_is_written(text: str, unfinished: bool) -> None:  # noqa: FBT001
    """Promise 32: blocks within Slack's limits and shapes, at every moment of any text."""
    view = View(text=text, doing="Writing…" if unfinished else None, sources=(LEAVE,))
    for shown in payloads(view):
        check_blocks(shown.blocks)


def test_ten_sources_with_the_longest_addresses_fit_slacks_limit() -> None:
    long = "https://docs.example.com/" + "x" * 2_000
    sources = tuple(LEAVE.model_copy(update={"index": n, "url": long}) for n in range(1, 11))
    shown = payload(View(text="So [1].", sources=sources))
    check_blocks(shown.blocks)
    assert small_print(View(text="So [1].", sources=sources))[0].endswith("and 9 more")


def test_a_long_answer_is_several_messages_and_only_the_last_has_what_stands_under_it() -> None:
    text = "\n\n".join(f"Paragraph {n} stands on this [1]. " + "word " * 60 for n in range(30))
    *before, last = payloads(after(View(), done(text=text)))
    assert len(before) == 2
    assert all(shown.finished and len(shown.blocks) == 1 for shown in before)
    assert [block["type"] for block in last.blocks] == ["rich_text", "context", "context"]
    assert all("https://docs.example.com/leave" in str(shown.blocks[0]) for shown in (*before, last))
    told = " ".join(shown.text for shown in (*before, last))
    assert all(f"Paragraph {n} " in told for n in range(30))


def test_what_is_read_out_is_all_of_what_is_shown() -> None:
    text = "\n\n".join("word " * 100 for _ in range(40))
    shown = payloads(View(text=text))
    assert sum(each.text.count("word") for each in shown) == 4_000


def test_an_answer_that_broke_off_says_so_and_can_be_gone_on_with() -> None:
    broken = done(text=f"24 weeks [1]. And\n\n{CUT_OFF}", complete=False)
    view = after(View(), broken)
    assert view.so_far == "24 weeks [1]. And"
    assert payload(view).goes_on
    assert not payload(after(View(), done())).goes_on


@pytest.mark.parametrize(
    "hostile",
    [
        "*a " * 3_000,
        "_a " * 3_000,
        "**a *b " * 1_500,
        "[" * 9_000,
        "![" * 4_500,
        "| a |\n" + " " * 8_900 + "x",
        "> " * 4_000,
    ],
)
def test_hostile_text_costs_little(hostile: str) -> None:
    """Documents may provoke it; one preview may not hold up every other conversation."""
    started = time.process_time()
    for shown in payloads(View(text=hostile, doing="Writing…")):
        check_blocks(shown.blocks)
    assert time.process_time() - started < 2
