"""``answerdesk feedback``, as it is printed."""

import io
from datetime import UTC, datetime

from rich.console import Console

from bot.slack.feedback_summary import by_source
from desk.feedback_list import show_feedback
from wire.feedback import Feedback, FeedbackReport, RatedDocument


def printed(*feedback: Feedback) -> str:
    out = io.StringIO()
    report = FeedbackReport(by_source=tuple(by_source(feedback)), feedback=feedback)
    show_feedback(report, Console(file=out, width=100))
    return out.getvalue()


def said(**changes: object) -> Feedback:
    fields: dict[str, object] = {
        "question": "T1:C1:1.0:0",
        "person": "T1:U1",
        "helpful": True,
        "outcome": "answered",
        "documents": (RatedDocument(source="handbook", document="leave"),),
        "given_at": datetime(2026, 11, 25, tzinfo=UTC),
    }
    return Feedback.model_validate(fields | changes)


def test_sources_come_with_their_share_and_words_with_their_question() -> None:
    text = printed(
        said(),
        said(helpful=False, wrong="off_topic", reason="[bold]No[/] \x1b[31m", text="How much leave?"),
        said(helpful=False, documents=()),
    )
    assert "handbook" in text
    assert "50%" in text
    assert "(no document)" in text
    assert "How much leave?" in text
    assert "off topic" in text
    assert "[bold]No[/]" in text
    assert "\x1b" not in text


def test_nothing_said_is_said() -> None:
    assert "Nobody has said anything" in printed()
