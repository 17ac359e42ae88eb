"""Many who ask the same at once get one answer, written once: the first one's, which all see grow.

Who comes later, in whichever process, reads along what the first one writes. It must be the same question
with the very same passages, found by each asker for themselves; so nobody reads what they may not. The
first one's asker pays. If their process dies, or they stop it, one of the others goes on: it writes the
answer anew, and pays, and what has been shown of the former one is replaced.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress

import structlog

from bot.answering import sentences
from bot.answering.flights import Flight, Flights
from wire.answers import AnswerEvent, Delta, Done, Failed, Usage
from wire.errors import AnswerdeskError, RefusedError, UnavailableError
from wire.stopping import stopped

TELL_EVERY_S = 0.2
"""How late those who read along are at the most: less than what Slack lets a message be edited in."""
ALONE_EVERY_S = 1.0
"""How often an answer is told that nobody reads along: the first one to do so waits as long."""
SILENT_LOOKS = 15
"""After so many in a row without the record, 3 s, who reads along writes for themselves: longer than a server
is left alone after a failure, or one would make all of them write at once."""

_log = structlog.get_logger("joining")

Writes = Callable[[], AsyncGenerator[AnswerEvent, None]]


class Joining:
    """Brings together those who ask the same."""

    def __init__(self, flights: Flights, *, within_s: float) -> None:
        """Keep to this record.

        Args:
            flights: what is being written, by all processes.
            within_s: the longest that an answer takes, its wait in line included.
        """
        self._flights = flights
        self._within_s = within_s

    async def answer(self, key: str, write: Writes) -> AsyncGenerator[AnswerEvent, None]:
        """The events of an answer: another one's if it is being written, else ours.

        An answer that was read along has cost nothing.

        Raises:
            AnswerdeskError: as `write` raises, or it took too long.
        """
        shown = stale = False
        deadline = time.monotonic() + self._within_s
        while True:
            flight = await self._board(key)
            if flight is None or flight.ours:
                writing = self._told(flight, write)
            else:
                writing = self._followed(flight, deadline)
            async with aclosing(writing) as events:
                async for event in events:
                    if stale and isinstance(event, Delta):
                        stale = False
                        yield event.model_copy(update={"anew": True})
                    else:
                        yield event
                    if isinstance(event, Done | Failed):
                        return
                    shown = shown or isinstance(event, Delta)
            if flight is None or flight.ours:
                return
            _log.warning("an answer's writer is gone; it is written anew")
            stale = shown

    async def _board(self, key: str) -> Flight | None:
        try:
            return await self._flights.board(key)
        except UnavailableError:
            return None

    async def _followed(self, flight: Flight, deadline: float) -> AsyncGenerator[AnswerEvent, None]:
        """Another one's events as they come; ends without a last one where it has died."""
        seen = silent = 0
        while time.monotonic() < deadline:
            try:
                news = await self._flights.follow(flight, since=seen)
            except UnavailableError:
                silent += 1
                if silent == SILENT_LOOKS:
                    return
            else:
                silent = 0
                seen += len(news.events)
                for event in news.events:
                    yield _free(event) if isinstance(event, Done) else event
                if not news.alive and not news.events:
                    return
            await asyncio.sleep(TELL_EVERY_S)
        raise sentences.line_is_long()

    async def _told(self, flight: Flight | None, write: Writes) -> AsyncGenerator[AnswerEvent, None]:
        """Our own events, which others see too."""
        telling = _Telling(self._flights, flight)
        going_on = asyncio.create_task(telling.go_on())
        try:
            async with aclosing(write()) as events:
                async for event in events:
                    await telling.add(event)
                    yield event
        except RefusedError:
            # Our asker's quota is no reason for the others.
            raise
        except AnswerdeskError as error:
            await telling.add(sentences.failed(error))
            raise
        finally:
            await stopped(going_on)
            await telling.leave()


def _free(done: Done) -> Done:
    saved = done.usage.input_tokens + done.usage.output_tokens + done.usage.cache_read_input_tokens
    return done.model_copy(update={"usage": Usage(), "joined": True, "saved_tokens": saved})


class _Telling:
    """Our events on their way to the others, some at a time; once the record is lost they are ours alone."""

    def __init__(self, flights: Flights, flight: Flight | None) -> None:
        self._flights = flights
        self._flight = flight
        self._waiting: list[AnswerEvent] = []
        self._every_s = ALONE_EVERY_S
        self._sending = asyncio.Lock()

    async def add(self, event: AnswerEvent) -> None:
        """What has just been written; the last one of an answer goes out at once."""
        if self._flight is None:
            return
        last = self._waiting[-1] if self._waiting else None
        if isinstance(event, Delta) and isinstance(last, Delta):
            self._waiting[-1] = Delta(text=last.text + event.text)
        else:
            self._waiting.append(event)
        if isinstance(event, Done | Failed):
            await self._send(ended=True)
            if isinstance(event, Done) and event.complete:
                # It stays to be joined for a moment.
                self._flight = None

    async def go_on(self) -> None:
        """Send what waits, and a sign of life."""
        while self._flight is not None:
            await asyncio.sleep(self._every_s)
            await self._send(ended=False)

    async def leave(self) -> None:
        """Make room for another writer, unless the answer is whole."""
        if self._flight is not None:
            with suppress(UnavailableError):
                await self._flights.leave(self._flight)

    async def _send(self, *, ended: bool) -> None:
        async with self._sending:
            if self._flight is None:
                return
            waiting, self._waiting = self._waiting, []
            try:
                told = await self._flights.tell(self._flight, waiting, ended=ended)
                self._every_s = TELL_EVERY_S if told == "followed" else ALONE_EVERY_S
                if told == "lost":
                    self._flight = None
            except UnavailableError:
                # It may have been told all the same: told twice it would be read twice.
                self._flight = None
