"""What retrieval tells whoever counts: how each search went."""

from typing import Protocol

from wire.search import SearchTimings


class SearchMeter(Protocol):
    """Counts searches."""

    def searched(self, timings: SearchTimings, *, passages: int) -> None:
        """One was answered, with so many passages."""

    def failed(self, kind: str) -> None:
        """One was not: the error's type."""


class Unmetered:
    """Counts nothing."""

    def searched(self, timings: SearchTimings, *, passages: int) -> None:
        """Nobody wants to know."""

    def failed(self, kind: str) -> None:
        """Nor this."""


UNMETERED = Unmetered()
