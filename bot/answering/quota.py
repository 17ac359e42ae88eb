"""How much each person may ask, as the pipeline sees it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """Tokens set aside for one answer.

    Attributes:
        key: names this run of this attempt at the question.
        person: whose tokens they are.
        day: the day they count for, such as ``2026-11-25`` (UTC), also when the answer ends on the next.
        tokens: how many.
    """

    key: str
    person: str
    day: str
    tokens: int


class Quota(Protocol):
    """Tokens per person and day: set aside before a model is called, settled by what it really took."""

    async def reserve(self, *, person: str, key: str, tokens: int) -> Reservation:
        """Set tokens aside, in one step with looking whether there are enough.

        Raises:
            RefusedError: there are not; the text says when there will be.
            UnavailableError: the count can't be reached.
        """

    async def renew(self, reservation: Reservation, *, used: int) -> None:
        """The answer is alive and has taken so much; were it to die now, that is what it is charged.

        Raises:
            UnavailableError: the count can't be reached.
        """

    async def settle(self, reservation: Reservation, *, used: int) -> None:
        """The answer has ended and took so much; charged once, however often this is called.

        Raises:
            UnavailableError: the count can't be reached; it is charged later.
        """


def utc_now() -> datetime:
    """The clock by which days begin and end."""
    return datetime.now(UTC)
