"""Threads we take part in, and whose turn it is in each: two kinds of KV entry.

A thread's questions are answered one after another, oldest first. The line is one entry (the ``ts`` of
each waiting question, in order); the one at its front renews the entry every few seconds. Nobody's clock
matters: whoever sees the entry stand still for ``STILL_FOR_S`` takes the silent one out of the line.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from wire import subjects
from wire.errors import UnavailableError
from wire.questions import QuestionAsked
from wire.shapes import Shape, read_shape

KV_WITHIN_S = 2.0
RENEW_EVERY_S = 3.0
STILL_FOR_S = 10.0
LOOK_EVERY_S = 0.25
IN_LINE = 100
_FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


class _Line(Shape):
    waiting: tuple[str, ...] = ()
    renewed: int = 0


class Threads:
    """The threads bucket."""

    def __init__(self, bucket: KeyValue, *, still_for_s: float = STILL_FOR_S) -> None:
        self._bucket = bucket
        self._still_for_s = still_for_s

    async def takes_part(self, question: QuestionAsked) -> bool:
        """Whether we have been asked in this thread before.

        Raises:
            UnavailableError: NATS does not say.
        """
        return await self._get(f"part.{_thread(question)}") is not None

    async def take_part(self, question: QuestionAsked) -> None:
        """From now on a message in this thread needs no mention to be a question.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._bucket.put(f"part.{_thread(question)}", b"{}")
        except _FAULTS as error:
            raise UnavailableError("the thread can't be noted", service="nats") from error

    @asynccontextmanager
    async def turn(
        self, question: QuestionAsked, *, on_wait: Callable[[], Awaitable[None]]
    ) -> AsyncIterator[None]:
        """Wait for this question's turn in its thread, and hold it for the block.

        Args:
            question: whose turn.
            on_wait: called once if others come first.

        Raises:
            UnavailableError: NATS does not answer.
        """
        key = f"line.{_thread(question)}"
        if not await self._join(key, question.ts):
            await on_wait()
            await self._wait(key, question.ts)
        renewing = asyncio.create_task(self._renew(key, question.ts))
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            with suppress(UnavailableError):
                await self._leave(key, question.ts)

    async def _join(self, key: str, ts: str) -> bool:
        """Stand in line, oldest first; whether we are at its front."""

        def joined(line: _Line) -> _Line:
            front, rest = line.waiting[:1], line.waiting[1:]
            if ts in line.waiting or len(line.waiting) >= IN_LINE:
                return line
            return _Line(waiting=(*front, *sorted((*rest, ts))), renewed=line.renewed + 1)

        return (await self._change(key, joined)).waiting[:1] in ((), (ts,))

    async def _wait(self, key: str, ts: str) -> None:
        seen = None
        seen_at = time.monotonic()
        while True:
            line, revision = await self._line(key)
            if ts not in line.waiting:
                await self._join(key, ts)
            elif line.waiting[0] == ts:
                return
            if revision != seen:
                seen, seen_at = revision, time.monotonic()
            elif time.monotonic() - seen_at > self._still_for_s:
                await self._leave(key, line.waiting[0])
            await asyncio.sleep(LOOK_EVERY_S)

    async def _renew(self, key: str, ts: str) -> None:
        while True:
            await asyncio.sleep(RENEW_EVERY_S)
            with suppress(UnavailableError):
                await self._change(
                    key,
                    lambda line: (
                        _Line(waiting=line.waiting, renewed=line.renewed + 1)
                        if line.waiting[:1] == (ts,)
                        else line
                    ),
                )

    async def _leave(self, key: str, ts: str) -> None:
        await self._change(
            key,
            lambda line: _Line(
                waiting=tuple(other for other in line.waiting if other != ts), renewed=line.renewed + 1
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
            except _FAULTS as error:
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
        except _FAULTS as error:
            raise UnavailableError("the thread's entry can't be read", service="nats") from error


async def open_threads(client: Client) -> Threads:
    """The bucket that ``ensure_topology`` has made."""
    return Threads(await client.jetstream(timeout=KV_WITHIN_S).key_value(subjects.THREADS_BUCKET))


def _thread(question: QuestionAsked) -> str:
    return f"{question.team}.{question.channel}.{question.thread}"
