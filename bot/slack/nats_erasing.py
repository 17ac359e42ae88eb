"""Erasing what NATS keeps of a person's questions: those that wait, their records, their threads with us.

An answer that is being written for them is stopped first, so that nothing is kept anew behind the erasure.
"""

import asyncio
from contextlib import aclosing
from typing import Protocol

import nats.js.errors
from nats.aio.client import Client

from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_stream import purged, stored
from wire.questions import QuestionAsked, StopAsked
from wire.shapes import Shape, read_shape

CALL_WITHIN_S = 5.0
STOPPED_WITHIN_S = 10.0
LOOK_EVERY_S = 0.5
MOST_WAITING = 10_000


class TellStop(Protocol):
    """Tells every replica that an answer is to stop."""

    async def tell(self, order: StopAsked) -> None:
        """Raises UnavailableError where NATS does not answer."""


class _Theirs(Shape):
    """What a record says of whose it is."""

    asker: str = ""
    person: str | None = None


class NatsErasing:
    """Erases; every method raises UnavailableError where NATS does not answer."""

    def __init__(self, client: Client, *, stops: TellStop) -> None:
        self._client = client
        self._jetstream = client.jetstream(timeout=CALL_WITHIN_S)
        self._stops = stops

    async def forget(self, person: str) -> int:
        """Erase it; gives how many entries there were."""
        erased = await self._forget_waiting(person)
        for bucket, key in (
            (subjects.QUESTIONS_BUCKET, "answer.>"),
            (subjects.QUESTIONS_BUCKET, "broken.>"),
            (subjects.THREADS_BUCKET, "part.>"),
        ):
            theirs = await self._theirs(person, stream=f"KV_{bucket}", subject=f"$KV.{bucket}.{key}")
            for subject in theirs:
                erased += await purged(self._client, stream=f"KV_{bucket}", subject=subject)
                # The line of a thread that is theirs alone, under the same name.
                if ".part." in subject:
                    line = subject.replace(".part.", ".line.", 1)
                    erased += await purged(self._client, stream=f"KV_{bucket}", subject=line)
        return erased

    async def _forget_waiting(self, person: str) -> int:
        """Stop what is being answered, and take what is left out of the queue."""
        deadline = asyncio.get_running_loop().time() + STOPPED_WITHIN_S
        waiting = await self._waiting(person)
        erased = len(waiting)
        while waiting and asyncio.get_running_loop().time() < deadline:
            for asked in waiting.values():
                await self._stops.tell(
                    StopAsked(channel=asked.channel, ts=asked.ts, attempt=asked.attempt, by=asked.user)
                )
            await asyncio.sleep(LOOK_EVERY_S)
            waiting = await self._waiting(person)
        for sequence in waiting:
            try:
                async with asyncio.timeout(CALL_WITHIN_S):
                    await self._jetstream.delete_msg(subjects.QUESTIONS_STREAM, sequence)
            except nats.js.errors.NotFoundError:
                continue
            except FAULTS as error:
                raise _away() from error
        return erased

    async def _waiting(self, person: str) -> dict[int, QuestionAsked]:
        """This person's questions in the queue, by their place; a work queue has no second reader."""
        found: dict[int, QuestionAsked] = {}
        after = 0
        for _ in range(MOST_WAITING):
            try:
                async with asyncio.timeout(CALL_WITHIN_S):
                    message = await self._jetstream.get_msg(
                        subjects.QUESTIONS_STREAM, after + 1, subject=subjects.QUESTIONS_ASKED, next=True
                    )
            except nats.js.errors.NotFoundError:
                break
            except FAULTS as error:
                raise _away() from error
            after = message.seq or 0
            try:
                asked = read_shape(QuestionAsked, message.data or b"")
            except MalformedError:
                continue
            if asked.asker == person:
                found[after] = asked
        return found

    async def _theirs(self, person: str, *, stream: str, subject: str) -> list[str]:
        """The subjects of the entries that are this person's."""
        found: list[str] = []
        async with aclosing(stored(self._client, stream=stream, subject=subject)) as messages:
            async for message in messages:
                try:
                    known = read_shape(_Theirs, message.data)
                except MalformedError:
                    continue
                if person in (known.asker, known.person):
                    found.append(message.subject)
        return found


def _away() -> UnavailableError:
    return UnavailableError("the queue of questions does not answer", service="nats")
