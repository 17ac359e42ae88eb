"""The audit log in the JetStream stream ``AUDIT``, kept for as many days as ``AUDIT_DAYS`` says."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import structlog
from nats.aio.client import Client

from wire import subjects
from wire.audit import AuditedQuestion, AuditEntry, AuditLine
from wire.errors import MalformedError
from wire.nats_connection import FAULTS
from wire.nats_stream import keep_for, purged, stored
from wire.shapes import Shape, read_shape

QUESTION_CHARS = 4_000
"""Of the words that are kept: what was refused for its length must not push out everybody's lines."""
NOTE_WITHIN_S = 1.0
"""What an answer or an admin may wait for a line to be kept."""

_log = structlog.get_logger("audit")


class NatsAudit:
    """The stream ``AUDIT``."""

    def __init__(self, client: Client, *, with_questions: bool = False) -> None:
        """Keep lines there; the words of questions only ``with_questions``."""
        self._client = client
        self._with_questions = with_questions
        self._jetstream = client.jetstream(timeout=NOTE_WITHIN_S)

    async def note(self, line: AuditLine, *, question: str | None = None) -> None:
        """Keep a line, and the question's words where that is configured."""
        try:
            async with asyncio.timeout(NOTE_WITHIN_S):
                await self._keep(subjects.AUDIT_LINE, line)
                if self._with_questions and question is not None and line.subject is not None:
                    words = AuditedQuestion(subject=line.subject, question=question[:QUESTION_CHARS])
                    await self._keep(subjects.audit_words(line.person), words)
        except FAULTS:
            _log.error(
                "an audit line could not be kept; it stands here instead",
                line=line.to_json().decode(),
            )

    async def entries(self, *, since: datetime | None = None) -> AsyncGenerator[AuditEntry, None]:
        """What was noted, oldest first.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        words = await self._words(since)
        async with aclosing(
            stored(self._client, stream=subjects.AUDIT_STREAM, subject=subjects.AUDIT_LINE, since=since)
        ) as messages:
            async for message in messages:
                try:
                    entry = read_shape(AuditEntry, message.data)
                except MalformedError:
                    _log.warning("an audit line can't be read", sequence=message.metadata.sequence.stream)
                    continue
                yield entry.model_copy(update={"question": words.get(entry.subject or "")})

    async def forget(self, person: str) -> int:
        """Erase the words of this person's questions; gives how many there were. The lines remain.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        return await purged(self._client, stream=subjects.AUDIT_STREAM, subject=subjects.audit_words(person))

    async def keep_for(self, days: int) -> None:
        """Keep lines for so many days from now on.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        await keep_for(self._client, stream=subjects.AUDIT_STREAM, days=days)

    async def _keep(self, subject: str, message: Shape) -> None:
        await self._jetstream.publish(subject, message.to_json())

    async def _words(self, since: datetime | None) -> dict[str, str]:
        """By question: a person may have asked thousands, and each is at most a few kilobytes."""
        words: dict[str, str] = {}
        async with aclosing(
            stored(self._client, stream=subjects.AUDIT_STREAM, subject=subjects.AUDIT_WORDS_ALL, since=since)
        ) as messages:
            async for message in messages:
                with contextlib.suppress(MalformedError):
                    kept = read_shape(AuditedQuestion, message.data)
                    words[kept.subject] = kept.question
        return words
