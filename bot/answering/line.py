"""Who may call the model next, where more want to than may: a line that is fair between people.

Each person's questions are served in turn with everybody else's: who asks ten at once waits for the tenth,
and nobody else does (start-time fair queueing, Goyal and others, SIGCOMM 1996, with every answer's cost
taken as one).
"""

import asyncio
import bisect
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from bot.answering.sentences import line_is_long

MOST_WAITING = 1_000
"""More than one process ever has in hand."""


@dataclass(order=True)
class Ticket:
    """A place in the line.

    Attributes:
        round: in which round over all people it is its person's turn.
        arrival: which came first of those of one round.
    """

    round: int
    arrival: int
    _line: "Line" = field(compare=False, repr=False)
    _called: asyncio.Event = field(compare=False, repr=False, default_factory=asyncio.Event)

    async def places(self, *, within_s: float) -> AsyncGenerator[int, None]:
        """How many are before it, itself included, whenever they have become fewer; ends when it is served.

        Somebody's first question may yet come before another one's tenth; that is not told as a step back.

        Raises:
            OverloadedError: its turn did not come in time.
        """
        told = 0
        deadline = asyncio.get_running_loop().time() + within_s
        while (place := self._line.place(self)) > 0:
            if not told or place < told:
                told = place
                yield place
            self._called.clear()
            try:
                async with asyncio.timeout_at(deadline):
                    await self._called.wait()
            except TimeoutError:
                raise line_is_long() from None

    def call(self) -> None:
        """The line has moved."""
        self._called.set()


class Line:
    """Lets so many through at a time."""

    def __init__(self, *, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: list[Ticket] = []
        self._served: set[int] = set()
        self._round = 0
        self._rounds: dict[str, int] = {}
        self._open: Counter[str] = Counter()
        self._arrivals = 0

    @contextmanager
    def standing(self, person: str) -> Iterator[Ticket]:
        """Stand in line, be served, and make room at the block's end, whatever way it ends.

        Raises:
            OverloadedError: the line is too long.
        """
        if len(self._waiting) >= MOST_WAITING:
            raise line_is_long()
        self._rounds[person] = max(self._round, self._rounds.get(person, 0)) + 1
        self._open[person] += 1
        self._arrivals += 1
        ticket = Ticket(self._rounds[person], self._arrivals, self)
        bisect.insort(self._waiting, ticket)
        self._move()
        try:
            yield ticket
        finally:
            self._served.discard(ticket.arrival)
            with suppress(ValueError):
                self._waiting.remove(ticket)
            self._open[person] -= 1
            if not self._open[person]:
                del self._open[person], self._rounds[person]
            self._move()

    def place(self, ticket: Ticket) -> int:
        """1 for the next one to be served; 0 once it is."""
        return 0 if ticket.arrival in self._served else bisect.bisect_right(self._waiting, ticket)

    def _move(self) -> None:
        while self._waiting and len(self._served) < self._at_once:
            ticket = self._waiting.pop(0)
            self._round = ticket.round
            self._served.add(ticket.arrival)
            ticket.call()
        for ticket in self._waiting:
            ticket.call()
