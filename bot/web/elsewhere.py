"""The reader's side of an answer's record: an answer that another bot writes, or has written."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from bot.answering.flights import EVENT
from bot.answering.sentences import INTERNAL
from bot.web.readable import Numbered, Whose
from bot.web.records import Records
from wire.answers import AnswerEvent, Done, Failed
from wire.errors import MalformedError, OverloadedError, UnavailableError
from wire.shapes import read_shape

LOOK_EVERY_S = 0.2
HERE_EVERY_S = 1.0
BEYOND = 10**9
"""More events than any answer has."""
SILENT_LOOKS = 50
"""After so many in a row without the record, some 10 s, an answer can't be gone on with."""
LEFT_LOOKS = 20
"""After so many in a row without a sign of its writer, some 4 s, it is taken for dead: where the record was
lost or away, a writer may come back to it a moment after its readers."""
AT_ONCE = 200
"""Readers of such answers, each of whom looks five times a second."""

LEFT = Failed(
    code="internal", message="This answer broke off: the process that wrote it has died. Please ask again."
)
LOST = Failed(code="internal", message="The rest of this answer can't be read right now. Please ask again.")


class Elsewhere:
    """Finds answers of other bots."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._reading = 0

    async def find(self, name: str) -> "WrittenElsewhere | None":
        """An answer; None where none is on record, or the record is away.

        Raises:
            OverloadedError: too many are being read.
        """
        try:
            whose = await self._records.whose(name)
        except UnavailableError:
            return None
        if whose is None:
            return None
        if self._reading >= AT_ONCE:
            raise OverloadedError("Too many answers are being read.", service="model")
        return WrittenElsewhere(name, whose=whose, records=self._records, home=self)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """One more reader while the block lasts."""
        self._reading += 1
        try:
            yield
        finally:
            self._reading -= 1


class WrittenElsewhere:
    """One answer, for one reader.

    Attributes:
        id: names it.
        whose: who may read it.
    """

    def __init__(self, name: str, *, whose: Whose, records: Records, home: Elsewhere) -> None:
        self.id = name
        self.whose = whose
        self._records = records
        self._home = home
        self._last: int | None = None
        self._silent = 0
        self._unwritten = 0

    @property
    def ended(self) -> bool:
        """Whether no more events come."""
        return self._last is not None

    async def after(self, number: int, *, within_s: float) -> Sequence[Numbered]:
        """The events after this one; waits so long for the next, and gives none if none has come."""
        deadline = time.monotonic() + within_s
        while True:
            events = await self._news(number)
            if events or self.ended or time.monotonic() >= deadline:
                return events
            await asyncio.sleep(LOOK_EVERY_S)

    def told_all(self, number: int) -> bool:
        """Whether nothing comes after this event any more."""
        return self._last is not None and number >= self._last

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Somebody reads it while the block lasts, and its writer is told so."""
        here = asyncio.create_task(self._say_here(), name="a reader of another bot's answer")
        try:
            with self._home.counting():
                yield
        finally:
            here.cancel()

    async def cancel(self) -> None:
        """Have its writer end it.

        Raises:
            UnavailableError: who writes it can't be told.
        """
        await self._records.stop(self.id)

    async def _say_here(self) -> None:
        """Each look says so too; but a reader that is slow to take what there is looks seldom."""
        while True:
            await asyncio.sleep(HERE_EVERY_S)
            with suppress(UnavailableError):
                await self._records.follow(self.id, since=BEYOND)

    async def _news(self, number: int) -> Sequence[Numbered]:
        try:
            news = await self._records.follow(self.id, since=number)
        except UnavailableError:
            self._silent += 1
            return [self._ending(number, LOST)] if self._silent >= SILENT_LOOKS else []
        self._silent = 0
        self._unwritten = self._unwritten + 1 if news.state == "left" else 0
        if not news.events:
            if self._unwritten >= LEFT_LOOKS:
                return [self._ending(number, LEFT)]
            if news.state == "ended":
                self._last = number
            return []
        try:
            events = [
                Numbered(number + nth, read_shape(EVENT, json), json)
                for nth, json in enumerate(news.events, start=1)
            ]
        except MalformedError:  # of another release
            return [self._ending(number, INTERNAL)]
        if isinstance(events[-1].event, Done | Failed):
            self._last = events[-1].number
        return events

    def _ending(self, number: int, event: AnswerEvent) -> Numbered:
        self._last = number + 1
        return Numbered(self._last, event, event.to_json().decode())
