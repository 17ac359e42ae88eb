"""Answers on record for a while, so that whoever was cut off may go on with them at any bot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.web.readable import Whose


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the record says to who writes an answer.

    Attributes:
        kept: events that are on record.
        read: whether somebody reads it at another bot.
        stop: whether it is to end.
    """

    kept: int
    read: bool
    stop: bool


@dataclass(frozen=True, kw_only=True)
class News:
    """What the record says to who reads one.

    Attributes:
        events: in order, as JSON.
        state: being written, at its end, or left by a writer that has died.
    """

    events: tuple[str, ...]
    state: Literal["written", "ended", "left"]


class Records(Protocol):
    """Every method raises UnavailableError where the record can't be reached."""

    async def tell(self, name: str, *, whose: Whose, events: Sequence[str], since: int, ended: bool) -> Told:
        """Put events on record, and give a sign of life; telling the same twice does no harm.

        Args:
            name: of the answer.
            whose: who may read it.
            events: as JSON.
            since: how many came before them.
            ended: whether the last of them is the answer's last.
        """
        ...

    async def whose(self, name: str) -> Whose | None:
        """Who may read an answer; None where there is no such record that can be read."""
        ...

    async def follow(self, name: str, *, since: int) -> News:
        """What comes after so many events, and that somebody reads it."""
        ...

    async def stop(self, name: str) -> None:
        """Have it end."""
        ...
