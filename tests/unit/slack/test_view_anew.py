"""What a message shows while an answer is written anew, and of one that was written before."""

from datetime import UTC, datetime

from bot.slack.view import View, after, payload
from wire.answers import Citation, Delta, Done, Source, Usage

SOURCE = Source(index=1, source="s", document="d", version=1, title="T")


def done(**more: object) -> Done:
    whole = {
        "text": "x",
        "sources": (),
        "usage": Usage(),
        "cached": False,
        "model": "m",
        "timings_ms": {},
    }
    return Done.model_validate(whole | more)


def test_text_that_is_written_anew_takes_the_place_of_all_that_was_shown() -> None:
    view = View(text="")
    for event in (Delta(text="half of it [1]"), Citation(index=1, source=SOURCE, quote="q")):
        view = after(view, event)
    assert view.sources == (SOURCE,)
    view = after(after(view, Delta(text="The whole", anew=True)), Delta(text=" of it"))
    assert view.text == "The whole of it"
    assert view.sources == ()


def test_an_answer_of_before_says_from_when_it_is() -> None:
    answered_at = datetime(2026, 11, 25, 14, 3, tzinfo=UTC)
    shown = payload(after(View(text=""), done(cached=True, answered_at=answered_at)))
    assert "{date_short_pretty} at {time}|25 Nov 2026 at 14:03 UTC>" in str(shown.blocks)


def test_an_answer_that_was_read_along_is_a_models_too() -> None:
    assert "Written by AI" in str(payload(after(View(text=""), done(joined=True))).blocks)
