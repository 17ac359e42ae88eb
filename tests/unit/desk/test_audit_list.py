"""``answerdesk audit``, as it is printed, and the times that it is asked from."""

import io
from datetime import UTC, datetime

import pytest
import typer
from rich.console import Console

from desk.forgetting import show_audit, since_of
from wire.audit import AuditEntry, ShownDocument


def test_what_others_wrote_is_shown_as_it_is_and_commands_no_terminal() -> None:
    entry = AuditEntry(
        at=datetime(2026, 11, 25, tzinfo=UTC),
        action="answered",
        person="T1:U1",
        subject="q1",
        documents=(ShownDocument(source="wiki", document="a[/b]c", version=1),),
        question="[bold]Why[/nope]? \x1b]0;mine\x07",
    )
    out = io.StringIO()
    show_audit([entry], Console(file=out, width=160))
    assert "wiki/a[/b]c@1" in out.getvalue()
    assert "[bold]Why[/nope]?" in out.getvalue()
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("text", ["999999d", "yesterday", "7 d"])
def test_a_time_that_is_none_is_bad_usage(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        since_of(text)
