"""The audit log: who asked or changed what, when, what was shown, and what it cost. Never anybody's words.

A question's words are kept only where ``AUDIT_QUESTIONS`` says so, and apart from the lines, under the
person who asked: so that they can be erased and the line remains.
"""

from datetime import UTC, datetime
from typing import Annotated, Protocol

from pydantic import AwareDatetime, Field, StringConstraints

from wire.shapes import Shape

ANSWERED = "answered"
SEARCHED = "searched"
FORGET = "forget"
COMMAND_LINE = "command-line"
"""The person of what was done with `answerdesk` in a terminal: who that was, the machine's own logs know."""

Action = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class ShownDocument(Shape):
    """A document that an answer named or stood on."""

    source: str
    document: str
    version: int


class AuditLine(Shape):
    """One thing that was done.

    Attributes:
        at: when it was done, by the clock of whoever did it.
        action: what: ``answered``, or an admin's act such as ``resync``.
        person: who did it, or asked for it: ``T1:U2``, or ``command-line``.
        subject: what it was done to: a question's id, a source, a channel, a person.
        outcome: how it ended, in a word.
        details: what else an auditor needs, by name; no text of questions or documents.
        face: where it was asked: ``slack``, or ``api``.
        documents: what was shown.
        model: who wrote the answer.
        cost_usd: what it cost.
    """

    at: AwareDatetime
    action: Action
    person: str
    subject: str | None = None
    outcome: str | None = None
    details: dict[str, str] = Field(default_factory=dict)
    face: str | None = None
    documents: tuple[ShownDocument, ...] = ()
    model: str | None = None
    cost_usd: float | None = None

    @classmethod
    def of(
        cls,
        action: str,
        *,
        person: str,
        subject: str | None = None,
        outcome: str | None = None,
        details: dict[str, str] | None = None,
    ) -> "AuditLine":
        """A line about something that was done just now."""
        return cls(
            at=datetime.now(UTC),
            action=action,
            person=person,
            subject=subject,
            outcome=outcome,
            details=details or {},
        )


class AuditedQuestion(Shape):
    """The words of a question; ``subject`` is that of its line."""

    subject: str
    question: str


class AuditEntry(AuditLine):
    """A line as it is read, with the question's words where they were kept and not erased."""

    question: str | None = None


class Audit(Protocol):
    """Takes notes."""

    async def note(self, line: AuditLine, *, question: str | None = None) -> None:
        """Keep a line, and the question's words where that is configured.

        What can't be kept in time is told as an error in the log; nothing fails for it.
        """
