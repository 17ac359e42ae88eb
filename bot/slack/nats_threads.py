"""Threads we take part in, and whose turn it is in each: two kinds of KV entry.

A thread's questions are answered one after another, oldest first. The line is one entry (each waiting
question's ``ts`` and who waits with it, in order); the one at its front renews the entry every few seconds.
Nobody's clock matters: whoever sees the entry stand still for ``STILL_FOR_S`` takes the silent one out. A
question that was taken up anew takes its former owner's place, who then can't take it out of the line.
"""

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from bot.slack.ports import SupersededError
from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.questions import QuestionAsked
from wire.shapes import Shape, read_shape
from wire.stopping import stopped

KV_WITHIN_S = 2.0
RENEW_EVERY_S = 3.0
STILL_FOR_S = 20.0
"""Twice the queue's ack_wait, so that a dead replica's question is back before its place is given away."""
LOOK_EVERY_S = 0.5
IN_LINE = 100


class _Part(Shape):
    """We take part in a thread; ``muted``: only when mentioned; ``person``: whose alone it is."""

    muted: bool = False
    person: str | None = None


class _Line(Shape):
    waiting: tuple[str, ...] = ()
    renewed: int = 0


class Threads:
    """The threads bucket."""

    def __init__(self, bucket: KeyValue, *, still_for_s: float = STILL_FOR_S) -> None:
        self._bucket = bucket
        self._still_for_s = still_for_s

    async def takes_part(self, question: QuestionAsked) -> bool:
        """Whether we were asked in this thread, and not muted since.

        Raises:
            UnavailableError: NATS does not say.
        """
        entry = await self._get(f"part.{_thread(question)}")
        return entry is not None and not read_shape(_Part, entry.value or b"{}").muted

    async def take_part(self, question: QuestionAsked) -> None:
        """From now on a message in this thread needs no mention to be a question.

        Raises:
            UnavailableError: NATS does not answer.
        """
        # A direct message's thread is its asker's alone, and goes with them.
        part = _Part(person=question.asker if question.direct else None)
        await self._note(f"part.{_thread(question)}", part)

    async def mute(self, *, team: str, channel: str, thread_ts: str) -> bool:
        """From now on it needs one; False where it did already, or we take no part. Raises likewise."""
        key = f"part.{team}.{channel}.{thread_ts}"
        if (entry := await self._get(key)) is None:
            return False
        part = read_shape(_Part, entry.value or b"{}")
        if part.muted:
            return False
        muted = part.model_copy(update={"muted": True})
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._bucket.update(key, muted.to_json(), last=entry.revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            # The wish's twin was first, or somebody has just mentioned us, which counts for more.
            return False
        except FAULTS as error:
            raise UnavailableError("the thread can't be noted", service="nats") from error
        return True

    async def _note(self, key: str, part: _Part) -> None:
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._bucket.put(key, part.to_json())
        except FAULTS as error:
            raise UnavailableError("the thread can't be noted", service="nats") from error

    @asynccontextmanager
    async def turn(
        self, question: QuestionAsked, *, on_wait: Callable[[], Awaitable[None]], within_s: float
    ) -> AsyncIterator[None]:
        """Wait for this question's turn in its thread, and hold it for the block.

        Args:
            question: whose turn.
            on_wait: called once if others come first.
            within_s: how long to wait at the most.

        Raises:
            UnavailableError: NATS does not answer, or the turn does not come in time.
            SupersededError: another replica waits with this question by now.
        """
        key = f"line.{_thread(question)}"
        place = f"{question.ts}/{question.attempt}:{uuid.uuid4().hex}"
        try:
            await self._come_to_front(key, place, on_wait=on_wait, within_s=within_s)
            renewing = asyncio.create_task(self._renew(key, place))
            try:
                yield
            finally:
                await stopped(renewing)
        finally:
            with suppress(UnavailableError):
                await self._leave(key, place)

    async def _come_to_front(
        self, key: str, place: str, *, on_wait: Callable[[], Awaitable[None]], within_s: float
    ) -> None:
        if await self._join(key, place):
            return
        await on_wait()
        try:
            async with asyncio.timeout(within_s):
                await self._wait(key, place)
        except TimeoutError as error:
            raise UnavailableError("the questions before this one take too long", service="nats") from error

    async def _join(self, key: str, place: str) -> bool:
        """Stand in line, oldest first, or in a former owner's place; whether we are at its front."""

        def joined(line: _Line) -> _Line:
            if place in line.waiting:
                return line
            if any(_same_question(place, other) for other in line.waiting):
                waiting = tuple(place if _same_question(place, other) else other for other in line.waiting)
            elif len(line.waiting) < IN_LINE:
                waiting = (*line.waiting[:1], *sorted((*line.waiting[1:], place)))
            else:
                return line
            return _Line(waiting=waiting, renewed=line.renewed + 1)

        return (await self._change(key, joined)).waiting[:1] == (place,)

    async def _wait(self, key: str, place: str) -> None:
        seen = None
        seen_at = time.monotonic()
        while True:
            line, revision = await self._line(key)
            if line.waiting[:1] == (place,):
                return
            if place not in line.waiting:
                if any(_same_question(place, other) for other in line.waiting):
                    raise SupersededError
                await self._join(key, place)
            if revision != seen:
                seen, seen_at = revision, time.monotonic()
            elif time.monotonic() - seen_at > self._still_for_s:
                await self._leave(key, line.waiting[0])
            await asyncio.sleep(LOOK_EVERY_S)

    async def _renew(self, key: str, place: str) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            with suppress(UnavailableError):
                await self._change(
                    key,
                    lambda line: (
                        _Line(waiting=line.waiting, renewed=line.renewed + 1)
                        if line.waiting[:1] == (place,)
                        else line
                    ),
                )

    async def _leave(self, key: str, place: str) -> None:
        await self._change(
            key,
            lambda line: _Line(
                waiting=tuple(other for other in line.waiting if other != place), renewed=line.renewed + 1
            ),
        )

    async def _change(self, key: str, change: Callable[[_Line], _Line]) -> _Line:
        """Apply a change to the newest line, however many others do so too."""
        while True:
            line, revision = await self._line(key)
            changed = change(line)
            if changed == line:
                return line
            try:
                async with asyncio.timeout(KV_WITHIN_S):
                    await self._bucket.update(key, changed.to_json(), last=revision)
            except nats.js.errors.KeyWrongLastSequenceError:
                continue
            except FAULTS as error:
                raise UnavailableError("the thread's line can't be written", service="nats") from error
            return changed

    async def _line(self, key: str) -> tuple[_Line, int]:
        entry = await self._get(key)
        if entry is None:
            return _Line(), 0
        return read_shape(_Line, entry.value or b""), entry.revision or 0

    async def _get(self, key: str) -> KeyValue.Entry | None:
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                return await self._bucket.get(key)
        except nats.js.errors.KeyNotFoundError:
            return None
        except FAULTS as error:
            raise UnavailableError("the thread's entry can't be read", service="nats") from error


async def open_threads(client: Client) -> Threads:
    """The bucket that ``ensure_topology`` has made."""
    return Threads(await client.jetstream(timeout=KV_WITHIN_S).key_value(subjects.THREADS_BUCKET))


def _same_question(place: str, other: str) -> bool:
    return place.partition(":")[0] == other.partition(":")[0]


def _thread(question: QuestionAsked) -> str:
    return f"{question.team}.{question.channel}.{question.thread}"
