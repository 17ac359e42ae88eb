"""Answers as they are written, apart from who reads them: a slow or lost reader holds nobody up.

Each answer's events are kept, numbered from 1, until a while after its end, so that a reader who was cut off
can go on after the last one that it has seen, here or, where it is on record, at another bot. An answer that
nobody reads is ended soon, which ends the model's call and charges what it took. All of it is bounded:
answers at once, for each asker and together, bytes of each, and time.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Collection, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Protocol

import structlog

from bot.answering.question import Question
from bot.answering.sentences import INTERNAL
from bot.web.elsewhere import Elsewhere
from bot.web.http_errors import NotHereError
from bot.web.readable import Numbered, Readable, Whose
from bot.web.recording import record
from bot.web.records import Records
from wire.answers import AnswerEvent, Done, Failed
from wire.errors import OverloadedError, RefusedError
from wire.stopping import stopped

ALONE_S = 5.0
"""How long an answer is written on after its last reader is gone, who may come back."""
KEPT_S = 60.0
"""How long it can be read after its end."""
AT_ONCE = 200
AT_ONCE_FOR_ONE = 20
KEPT = 400
"""Ended ones; the oldest make room."""
BYTES = 1024 * 1024
"""Of one answer's events: many times what the longest answer has."""
DRAIN_S = 10.0
END_WITHIN_S = 10.0
"""How long what an answer does at its end, such as charging, may take before it is cut short."""
TOLD_WITHIN_S = 2.0
"""How long the ends of drained answers may take to be on record."""

CANCELLED = Failed(code="cancelled", message="This answer was stopped.")
STOPPING = Failed(code="cancelled", message="Answerdesk is restarting. Please ask again in a moment.")
TOO_MUCH = Failed(code="internal", message="This answer has become too long to keep. Ask more narrowly.")

_log = structlog.get_logger("web")


class Answers(Protocol):
    """The pipeline."""

    def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of an answer; exactly one ``done`` or ``error`` is the last."""
        ...


class AnswerStream:
    """One answer.

    Attributes:
        id: names it; beyond guessing.
        whose: who may read it.
        ended: whether no more events come.
    """

    def __init__(self, *, whose: Whose, alone_s: float) -> None:
        self.id = secrets.token_urlsafe(16)
        self.whose = whose
        self.ended = False
        self._alone_s = alone_s
        self._events: list[Numbered] = []
        self._bytes = 0
        self._news = asyncio.Event()
        self._readers = 0
        self._task: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._why = CANCELLED
        self._cut_short_at = 0.0

    def begin(self, events: AsyncGenerator[AnswerEvent, None]) -> "asyncio.Task[None]":
        """Write it in a task, which its caller owns."""
        self._task = asyncio.create_task(self._write(events), name="answer over HTTP")
        return self._task

    async def after(self, number: int, *, within_s: float) -> Sequence[Numbered]:
        """The events after this one; waits so long for the next, and gives none if none has come."""
        if number >= len(self._events) and not self.ended:
            try:
                async with asyncio.timeout(within_s):
                    await self._news.wait()
            except TimeoutError:
                return ()
        return self._events[number:]

    def told_all(self, number: int) -> bool:
        """Whether nothing comes after this event any more."""
        return self.ended and number >= len(self._events)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Somebody reads it while the block lasts."""
        self._readers += 1
        self._stay()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers and not self.ended:
                self._leaving = asyncio.get_running_loop().call_later(self._alone_s, self.stop)

    async def cancel(self) -> None:
        """End it, as its asker wants."""
        self.stop()

    def stop(self, why: Failed = CANCELLED) -> None:
        """End it now. Asked again it may still do what it does at its end, for a while."""
        self._stay()
        now = time.monotonic()
        if self._task is not None and not self.ended and now >= self._cut_short_at:
            self._cut_short_at = now + END_WITHIN_S
            self._why = why
            self._task.cancel()

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    async def _write(self, events: AsyncGenerator[AnswerEvent, None]) -> None:
        try:
            async with aclosing(events):
                async for event in events:
                    self._add(event)
                    if self._bytes > BYTES:
                        self._why = TOO_MUCH
                        return
        except asyncio.CancelledError:
            # Whoever cancels us waits for the end of the task, not for the error.
            _log.info("an answer was stopped")
        except Exception:  # noqa: BLE001 — a bug ends one answer, and its reader is told
            _log.exception("an answer broke off")
            self._why = INTERNAL
        finally:
            self.end()

    def end(self) -> None:
        """Nothing more is written: say why, unless that was said."""
        self._add(self._why)
        self._stay()

    def _add(self, event: AnswerEvent) -> None:
        if self.ended:
            return
        json = event.to_json().decode()
        self._events.append(Numbered(len(self._events) + 1, event, json))
        self._bytes += len(json)
        self.ended = isinstance(event, Done | Failed)
        news, self._news = self._news, asyncio.Event()
        news.set()


class AnswerStreams:
    """All answers of this process that are asked for over HTTP."""

    def __init__(
        self,
        answers: Answers,
        *,
        records: Records | None = None,
        alone_s: float = ALONE_S,
        kept_s: float = KEPT_S,
    ) -> None:
        """Write answers.

        Args:
            answers: the pipeline.
            records: where they stand for other bots; None keeps them here alone.
            alone_s: how long one is written on when nobody reads it.
            kept_s: how long one can be read after its end.
        """
        self._answers = answers
        self._records = records
        self._elsewhere = Elsewhere(records) if records is not None else None
        self._alone_s = alone_s
        self._kept_s = kept_s
        self._streams: dict[str, AnswerStream] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._recording: set[asyncio.Task[None]] = set()
        self._closing = False

    def ask(self, question: Question, *, owner: str, on_record: bool = False) -> AnswerStream:
        """Begin an answer; read it at once, or it ends.

        Args:
            question: what is asked.
            owner: who asks.
            on_record: whether it may be gone on with at any bot.

        Raises:
            RefusedError: its owner has too many open.
            OverloadedError: all together have, or the process is stopping.
        """
        if self._closing:
            raise OverloadedError(STOPPING.message, service="model", retry_after_s=DRAIN_S)
        if len(self._tasks) >= AT_ONCE:
            raise OverloadedError("Too many answers are being written.", service="model")
        if sum(self._streams[name].whose.owner == owner for name in self._tasks) >= AT_ONCE_FOR_ONE:
            raise RefusedError(
                f"This key has {AT_ONCE_FOR_ONE} answers open, which is as many as I write for one at a "
                "time. Wait until one has ended.",
                code="quota_exceeded",
            )
        whose = Whose(owner=owner, principals=tuple(question.principals))
        stream = AnswerStream(whose=whose, alone_s=self._alone_s)
        self._streams[stream.id] = stream
        task = stream.begin(self._answers.answer(question))
        self._tasks[stream.id] = task
        task.add_done_callback(lambda _: self._has_ended(stream))
        if self._records is not None and on_record:
            recording = asyncio.create_task(record(stream, self._records), name="answer on record")
            self._recording.add(recording)
            recording.add_done_callback(self._recording.discard)
        return stream

    async def find(self, name: str, *, owner: str, principals: Collection[str]) -> Readable:
        """An answer that was begun a while ago, here or at another bot.

        Raises:
            NotHereError: it is not kept, or not for this asker.
            OverloadedError: too many answers of other bots are being read.
        """
        found: Readable | None = self._streams.get(name)
        if found is None and self._elsewhere is not None:
            found = await self._elsewhere.find(name)
        if found is None or not found.whose.may_be_read(owner=owner, principals=principals):
            raise NotHereError("That answer is not kept any more. Please ask again.")
        return found

    @property
    def open(self) -> int:
        """Answers that are being written."""
        return len(self._tasks)

    async def drain(self) -> None:
        """Take no more, let those that are being written end for 10 s, then stop them."""
        self._closing = True
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=DRAIN_S)
        for name in self._tasks:
            self._streams[name].stop(STOPPING)
        await stopped(*self._tasks.values())
        if self._recording:
            await asyncio.wait(self._recording, timeout=TOLD_WITHIN_S)
        await stopped(*self._recording)

    def _has_ended(self, stream: AnswerStream) -> None:
        # A task that is cancelled before its first step runs nothing of its own.
        stream.end()
        del self._tasks[stream.id]
        asyncio.get_running_loop().call_later(self._kept_s, self._streams.pop, stream.id, None)
        ended = [name for name in self._streams if name not in self._tasks]
        for name in ended[: max(0, len(ended) - KEPT)]:
            del self._streams[name]
