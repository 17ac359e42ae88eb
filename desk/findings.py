"""What `answerdesk doctor` finds: one line for each check, and what to do where it fails."""

from collections.abc import Awaitable, Callable
from typing import Literal

from desk.terminal import Terminal
from wire.shapes import Shape

State = Literal["ok", "warning", "failed", "skipped"]
_MARKS = {"ok": "✓", "warning": "!", "failed": "✗", "skipped": "-"}
_STYLES = {"ok": "green", "warning": "yellow", "failed": "bold red", "skipped": "dim"}


class Finding(Shape):
    """One thing that was looked at.

    Attributes:
        check: what, in a word or two.
        state: ``failed`` keeps questions from being answered, ``warning`` may, ``skipped`` was not needed.
        says: what was found.
        do: what to do now, where there is something to do.
    """

    check: str
    state: State
    says: str
    do: str | None = None


class Diagnosis(Shape):
    """All of it; ``answerdesk doctor --json`` prints it."""

    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(finding.state != "failed" for finding in self.findings)


Check = Callable[[], Awaitable[list[Finding]]]
"""Looks at one thing; may raise an error of ours, which is then a failure."""


def fine(check: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(check=check, state="ok", says=says)


def skipped(check: str, says: str) -> Finding:
    """There was nothing to look at."""
    return Finding(check=check, state="skipped", says=says)


def warning(check: str, says: str, *, do: str) -> Finding:
    """It works, but perhaps not as wanted."""
    return Finding(check=check, state="warning", says=says, do=do)


def failed(check: str, says: str, *, do: str) -> Finding:
    """It does not work."""
    return Finding(check=check, state="failed", says=says, do=do)


def show_diagnosis(diagnosis: Diagnosis, terminal: Terminal) -> None:
    """A line for each, the ones to act on with what to do under them, and a last word."""
    for finding in diagnosis.findings:
        terminal.say(f"{_MARKS[finding.state]} {finding.check}: {finding.says}", style=_STYLES[finding.state])
        if finding.do:
            terminal.say(f"  → {finding.do}")
    wrong = sum(finding.state == "failed" for finding in diagnosis.findings)
    doubtful = sum(finding.state == "warning" for finding in diagnosis.findings)
    if wrong:
        terminal.say(f"{wrong} to mend" + (f", {doubtful} to look at." if doubtful else "."))
    else:
        terminal.say("Nothing to mend" + (f", {doubtful} to look at." if doubtful else "."))
