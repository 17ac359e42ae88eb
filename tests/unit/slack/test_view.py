"""What an answer's message looks like."""

from datetime import UTC, datetime
from typing import Any

from bot.slack.view import FALLBACK_CHARS, View, after, payload
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


def test_a_failure_is_a_sentence_and_nothing_of_the_unfinished_text() -> None:
    view = after(
        View(text="half an", doing="Writing…"), Failed(code="model_unavailable", message="The model is away.")
    )
    assert payload(view).text == "The model is away."
    assert "half" not in str(payload(view).blocks)


def test_words_for_notifications_are_escaped_and_within_slacks_limit() -> None:
    shown = payload(View(text="<!channel> " + "word " * 5000))
    assert shown.text.startswith("&lt;!channel&gt;")
    assert len(shown.text) <= FALLBACK_CHARS
    assert len(str(shown.blocks)) < 13_000
