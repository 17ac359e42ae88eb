"""Who resyncs which source, as the use case sees it; `nats_runs.py` implements the ports."""

from datetime import datetime
from typing import Protocol

from wire.shapes import Shape
from wire.sync import SyncRequested, SyncRun

RENEWALS_PER_LEASE = 5
"""So that a few may be late or lost."""


class SupersededError(Exception):
    """Another worker took this run over, because we were silent for too long."""


class CancelledRunError(Exception):
    """Somebody asked this run to stop."""


class History(Shape):
    """What stays of a source's runs."""

    runs: tuple[SyncRun, ...] = ()
    """The last ones, newest first."""
    last_slot: datetime | None = None
    """Of its schedule, that had a run."""
    synced_at: datetime | None = None
    """When the last run that saw all of the source began."""
    pipeline: str | None = None
    """Which readers, cutting and model the documents were announced to by then."""
    rules: str | None = None
    """Recognises the settings that said by then which documents are taken and who reads them."""


class Claim(Shape):
    """A run that is under way: the record of it, and of who does it."""

    run: str
    owner: str
    epoch: int = 1
    """Grows with every worker that takes the run over."""
    lost: int = 0
    """How many workers did so because the one before was silent."""
    handed_back: bool = False
    """Its worker stops, and leaves it to the next at once."""
    asked: SyncRequested
    slot: datetime | None = None
    started_at: datetime
    cancelled: bool = False
    hurried: bool = False
    """Somebody asked for it, too: its schedule's window no longer holds it up."""

    @property
    def version(self) -> int:
        """At the least, of what this run announces: what a later owner says stands over an earlier one's."""
        return int(self.started_at.timestamp() * 1000) + self.epoch


class Held(Protocol):
    """Our hold on a source: while we have it, nobody else resyncs it."""

    @property
    def claim(self) -> Claim:
        """The record."""

    async def keep(self) -> None:
        """Make sure that it is still ours; renews it where that is due.

        Raises:
            SupersededError: it is another's by now.
            CancelledRunError: it is to stop.
            UnavailableError: nobody can tell.
        """

    async def take_slot(self) -> bool:
        """Whether this run is the one that the schedule's slot is for; True where it has none."""

    async def record(self, run: SyncRun, *, pipeline: str = "", rules: str = "") -> None:
        """Keep how far it is; once it has seen all of the source, also what that was done with."""

    async def hand_back(self) -> None:
        """Leave the run to another worker at once."""

    async def release(self) -> None:
        """Let go of the source; no error where it is another's by now."""


class Runs(Protocol):
    """The record of all sources' runs. Every method may raise UnavailableError (service ``nats``)."""

    @property
    def lease_s(self) -> float:
        """A worker that is silent for so long has lost its run to another."""

    async def begin(self, asked: SyncRequested, *, slot: datetime | None = None) -> Held | None:
        """Put a run on record; None where the source is being resynced."""

    async def standing(self, source: str) -> tuple[Claim | None, int]:
        """The run that a source is in, and the revision of its record."""

    async def take_over(self, claim: Claim, *, over: int) -> Held | None:
        """Go on with a run whose owner is silent; None where it is not, or another was first."""

    async def cancel(self, source: str) -> Claim | None:
        """Ask the run of this source to stop; None where there is none."""

    async def hurry(self, source: str) -> None:
        """Have the run of this source go on whatever its window."""

    async def history(self, source: str) -> History:
        """What stays of a source's runs."""
