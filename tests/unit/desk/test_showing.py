"""What a person sees of a search."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from desk.showing import age_in_words, show_reply
from desk.terminal import Terminal
from wire.search import IndexFreshness, Passage, SearchReply, SearchRequest, SearchTimings

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def passage(**given: object) -> Passage:
    return Passage.model_validate(
        {
            "id": "p",
            "source": "handbook",
            "document": "leave",
            "version": 1,
            "title": "Leave policy",
            "heading": ("Leave policy", "Annual leave"),
            "ordinal": 0,
            "text": "You get **30 days** of [leave](leave.md) a year.",
            "score": 0.83,
            **given,
        }
    )


def shown(*passages: Passage, pending: int = 0, lag_seconds: float = 0.0, terminal: bool = False) -> str:
    reply = SearchReply(
        passages=passages,
        relevance=0.7,
        index=IndexFreshness(pending=pending, lag_seconds=lag_seconds),
        timings_ms=SearchTimings(embed=1.0, search=2.0, total=3.0),
    )
    output = io.StringIO()
    console = Console(file=output, width=100, force_terminal=terminal)
    show_reply(reply, console, request=SearchRequest(query="days of leave", principals=("public",)))
    return output.getvalue()


def test_a_passage_is_shown_with_where_it_stands_and_how_old_it_is() -> None:
    text = shown(passage(updated_at=datetime.now(tz=UTC) - timedelta(days=15), url="https://x.example/leave"))
    assert "1. Leave policy  Annual leave" in text
    assert "2 weeks old · handbook/leave · score 0.830 · https://x.example/leave" in text
    assert "You get **30 days** of leave a year." in text


def test_nothing_found_says_for_whom() -> None:
    assert "Nothing found that public may read." in shown()


def test_a_backlog_is_told() -> None:
    assert "3 not yet indexed, behind by 2 s" in shown(pending=3, lag_seconds=1.7)
    assert "behind by 40 s" in shown(pending=0, lag_seconds=40.0), "how many there are could not be asked"
    assert "not yet indexed" not in shown()


def test_a_documents_text_cannot_drive_the_terminal() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07 [bold]markup[/bold] \u202eabc"
    text = shown(passage(text=evil, title=evil, document=evil, heading=(evil,)))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert "[bold]markup[/bold]" in text


def test_a_childs_line_cannot_drive_the_terminal() -> None:
    output = io.StringIO()
    Terminal(Console(file=output)).tell("worker", "\x1b[2J[red]x[/red]")
    assert output.getvalue() == "worker:  [2J[red]x[/red]\n"


@pytest.mark.parametrize("width", [34, 80, 200])
def test_what_to_do_now_is_never_cut(width: int) -> None:
    command = f"answerdesk publish FOLDER --data /{'long/' * 14}"
    output = io.StringIO()
    terminal = Terminal(Console(file=output, width=width, force_terminal=True, color_system=None))
    terminal.panel("Ready", {"Ask": "http://127.0.0.1:3000", "Publish": command})
    assert "http://127.0.0.1:3000" in output.getvalue()
    assert command in output.getvalue()
    assert ("╭" in output.getvalue()) == (width == 200)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(minutes=5), "new"),
        (timedelta(hours=1), "1 hour old"),
        (timedelta(days=2), "2 days old"),
        (timedelta(days=800), "2 years old"),
        (timedelta(days=-3), "new"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(age: timedelta, words: str) -> None:
    assert age_in_words(NOW - age, now=NOW) == words
