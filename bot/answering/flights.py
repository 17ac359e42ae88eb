"""Answers that are being written right now, as the pipeline sees them, whichever process writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import TypeAdapter

from wire.answers import AnswerEvent

EVENT: TypeAdapter[AnswerEvent] = TypeAdapter(AnswerEvent)


@dataclass(frozen=True, kw_only=True)
class Flight:
    """One answer on its way.

    Attributes:
        key: names what is asked, and of which passages.
        run: names this writing of it: another one begins where the first one's process dies.
        ours: whether we are to write it.
    """

    key: str
    run: str
    ours: bool


@dataclass(frozen=True, kw_only=True)
class News:
    """What has been written of a flight since one last looked.

    Attributes:
        events: in order.
        alive: whether its writer has given a sign of late.
    """

    events: tuple[AnswerEvent, ...]
    alive: bool


class Flights(Protocol):
    """Every method raises UnavailableError where the record can't be reached."""

    async def board(self, key: str) -> Flight:
        """The answer that is being written under this key; where there is none, we are to write it."""

    async def tell(
        self, flight: Flight, events: Sequence[AnswerEvent], *, ended: bool = False
    ) -> Literal["lost", "alone", "followed"]:
        """Our newest events, maybe none: whether the flight is still ours, and whether anybody reads along.

        Args:
            flight: ours.
            events: what others are to see.
            ended: whether these are the last.
        """

    async def leave(self, flight: Flight) -> None:
        """We do not go on writing: somebody else may."""

    async def follow(self, flight: Flight, *, since: int) -> News:
        """What another one has written, from its event number ``since`` on (0 for the first)."""
