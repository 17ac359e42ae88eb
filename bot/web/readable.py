"""An answer as its readers have it, whichever process writes it."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from wire.answers import AnswerEvent
from wire.shapes import Shape


class Whose(Shape):
    """Who asked, and as whom the answer was read."""

    owner: str
    principals: tuple[str, ...]

    def may_be_read(self, *, owner: str, principals: Collection[str]) -> bool:
        """Whether this asker has asked for it, and may still read all that it may stand on."""
        return owner == self.owner and set(self.principals) <= set(principals)


@dataclass(frozen=True)
class Numbered:
    """An event and its place in its answer, from 1."""

    number: int
    event: AnswerEvent
    json: str


class Readable(Protocol):
    """One answer."""

    @property
    def id(self) -> str:
        """Names it; beyond guessing."""
        ...

    @property
    def whose(self) -> Whose:
        """Who may read it."""
        ...

    @property
    def ended(self) -> bool:
        """Whether no more events come."""
        ...

    async def after(self, number: int, *, within_s: float) -> Sequence[Numbered]:
        """The events after this one; waits so long for the next, and gives none if none has come."""
        ...

    def told_all(self, number: int) -> bool:
        """Whether nothing comes after this event any more."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """Somebody reads it while the block lasts."""
        ...

    async def cancel(self) -> None:
        """End it, as its asker wants.

        Raises:
            UnavailableError: who writes it can't be told.
        """
        ...
