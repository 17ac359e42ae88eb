"""What ingest tells whoever counts: what became of each document and of each resync."""

from typing import Literal, Protocol

from wire.sync import SyncRun

Outcome = Literal["indexed", "deleted", "put_back", "given_up"]
"""Indexed and deleted include announcements of what the index says already; what was given up is among the
failures, what was put back is tried again."""


class DocumentMeter(Protocol):
    """Counts documents."""

    def tried(self, *, source: str, outcome: Outcome, seconds: float, age_s: float) -> None:
        """An announcement was dealt with, in so many seconds, when it was so many seconds old."""


class SyncMeter(Protocol):
    """Counts resyncs."""

    def ended(self, run: SyncRun) -> None:
        """One has ended, whichever way."""


class IngestMeter(DocumentMeter, SyncMeter, Protocol):
    """Counts both."""


class Unmetered:
    """Counts nothing."""

    def tried(self, *, source: str, outcome: Outcome, seconds: float, age_s: float) -> None:
        """Nobody wants to know."""

    def ended(self, run: SyncRun) -> None:
        """Nor this."""


UNMETERED = Unmetered()
