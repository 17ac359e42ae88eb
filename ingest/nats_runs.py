"""Runs in NATS KV: ``runs`` holds a claim and a history for each source, ``slots`` each slot that was taken.

Whether an owner is silent is judged by the watcher's own clock (has the record changed within the lease?), so
that clocks that differ take nothing from anybody.
"""

import asyncio
import time
import uuid
from datetime import UTC, datetime

import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from ingest.runs import RENEWALS_PER_LEASE, CancelledRunError, Claim, History, SupersededError
from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.shapes import Shape, ShapeT, read_shape
from wire.sync import SyncRequested, SyncRun

CALL_WITHIN_S = 5.0
LEASE_S = 10.0
"""A worker that is silent for so long has lost its run to another, as it has its documents."""
RUNS_KEPT = 10


class _Slot(Shape):
    run: str


class NatsHeld:
    """Our hold on a source."""

    def __init__(self, runs: "NatsRuns", claim: Claim, *, revision: int) -> None:
        self._runs = runs
        self._claim = claim
        self._revision = revision
        self._renewed = time.monotonic()
        self._renewing = asyncio.Lock()

    @property
    def claim(self) -> Claim:
        """The record."""
        return self._claim

    async def keep(self) -> None:
        """Renew where a fifth of the lease is over; costs nothing before that."""
        async with self._renewing:
            if self._claim.cancelled:
                raise CancelledRunError
            if time.monotonic() - self._renewed < self._runs.lease_s / RENEWALS_PER_LEASE:
                return
            try:
                await self._renew()
            except UnavailableError:
                # Until the lease is over nobody takes it from us.
                if time.monotonic() - self._renewed > self._runs.lease_s:
                    raise

    async def _renew(self) -> None:
        key, at = _claim_key(self._claim.asked.source), time.monotonic()
        revision = await self._runs.update(key, self._claim, over=self._revision)
        if revision is None:
            # Taken over, marked, or our own renewal whose answer was lost.
            found, revision = await self._runs.standing(self._claim.asked.source)
            if found is None or not self._is_ours(found):
                raise SupersededError
            self._claim = found
        self._revision, self._renewed = revision, at
        if self._claim.cancelled:
            raise CancelledRunError

    async def take_slot(self) -> bool:
        """Create the slot's key; one that stands is ours only with our run in it."""
        slot, source = self._claim.slot, self._claim.asked.source
        if slot is None:
            return True
        key = f"{source}.{slot.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        if await self._runs.update(key, _Slot(run=self._claim.run), over=0, slots=True) is None:
            taken, _ = await self._runs.get(key, _Slot, slots=True)
            return taken is not None and taken.run == self._claim.run
        return True

    async def record(self, run: SyncRun, *, pipeline: str = "", rules: str = "") -> None:
        """Keep it among the source's last ten; only the newest keeps its lists of documents."""
        history, revision = await self._runs.history_of(run.source)
        others = tuple(each.without_lists() for each in history.runs if each.run != run.run)
        last = max((slot for slot in (history.last_slot, run.slot) if slot), default=None)
        changes: dict[str, object] = {"runs": (run, *others)[:RUNS_KEPT], "last_slot": last}
        if run.saw_all:
            changes |= {"synced_at": run.started_at, "pipeline": pipeline, "rules": rules}
        kept = history.model_copy(update=changes)
        # Nobody else writes it but a former owner: what that wrote is written over the next time.
        await self._runs.update(_history_key(run.source), kept, over=revision)

    async def hand_back(self) -> None:
        """Say in the claim that nobody has the run, whatever was marked in it at the last moment."""
        if not await self._give_back(self._claim, over=self._revision):
            found, revision = await self._runs.standing(self._claim.asked.source)
            if found is not None and self._is_ours(found):
                await self._give_back(found, over=revision)

    async def _give_back(self, claim: Claim, *, over: int) -> bool:
        handed_back = claim.model_copy(update={"handed_back": True})
        return await self._runs.update(_claim_key(claim.asked.source), handed_back, over=over) is not None

    async def release(self) -> None:
        """Remove the claim, whatever was marked in it at the last moment."""
        source = self._claim.asked.source
        if not await self._runs.remove(_claim_key(source), over=self._revision):
            found, revision = await self._runs.standing(source)
            if self._is_ours(found):
                await self._runs.remove(_claim_key(source), over=revision)

    def _is_ours(self, found: Claim | None) -> bool:
        return found is not None and (found.run, found.owner) == (self._claim.run, self._claim.owner)


class NatsRuns:
    """Both buckets; `open_runs` makes it."""

    def __init__(self, runs: KeyValue, slots: KeyValue, *, lease_s: float) -> None:
        self._runs = runs
        self._slots = slots
        self.lease_s = lease_s

    async def begin(self, asked: SyncRequested, *, slot: datetime | None = None) -> NatsHeld | None:
        """Put a run on record; None where the source is being resynced.

        Raises:
            UnavailableError: NATS does not answer.
        """
        standing, revision = await self.standing(asked.source)
        if standing is not None:
            return None
        now = datetime.now(UTC)
        claim = Claim(
            run=f"{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}",
            owner=uuid.uuid4().hex,
            asked=asked,
            slot=slot,
            started_at=now,
        )
        return await self._held(claim, over=revision)

    async def take_over(self, claim: Claim, *, over: int) -> NatsHeld | None:
        """Go on with a run whose owner is silent or gave it back; None where not, or another was first."""
        lost = claim.lost + (not claim.handed_back)
        changes = {"owner": uuid.uuid4().hex, "epoch": claim.epoch + 1, "lost": lost, "handed_back": False}
        return await self._held(claim.model_copy(update=changes), over=over)

    async def cancel(self, source: str) -> Claim | None:
        """Ask the run of this source to stop; None where there is none."""
        return await self._mark(source, "cancelled")

    async def hurry(self, source: str) -> None:
        """Have the run of this source go on whatever its window."""
        await self._mark(source, "hurried")

    async def _mark(self, source: str, name: str) -> Claim | None:
        """Set a mark in the claim, which its owner finds there as it renews it."""
        while True:
            claim, revision = await self.standing(source)
            if claim is None or getattr(claim, name):
                return claim
            marked = claim.model_copy(update={name: True})
            if await self.update(_claim_key(source), marked, over=revision) is not None:
                return marked

    async def standing(self, source: str) -> tuple[Claim | None, int]:
        """The run that a source is in, and the revision of its record."""
        return await self.get(_claim_key(source), Claim)

    async def history(self, source: str) -> History:
        """What stays of a source's runs."""
        return (await self.history_of(source))[0]

    async def history_of(self, source: str) -> tuple[History, int]:
        """The record itself, and its revision."""
        found, revision = await self.get(_history_key(source), History)
        return found or History(), revision

    async def _held(self, claim: Claim, *, over: int) -> NatsHeld | None:
        revision = await self.update(_claim_key(claim.asked.source), claim, over=over)
        return None if revision is None else NatsHeld(self, claim, revision=revision)

    async def get(self, key: str, shape: type[ShapeT], *, slots: bool = False) -> tuple[ShapeT | None, int]:
        """A record and its revision; without one, the revision is still what to write over."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                entry = await (self._slots if slots else self._runs).get(key)
        except nats.js.errors.KeyNotFoundError as error:
            marker: KeyValue.Entry | None = error.entry
            return None, (marker.revision or 0) if marker else 0
        except FAULTS as error:
            raise UnavailableError("the record of resyncs can't be read", service="nats") from error
        return read_shape(shape, entry.value or b""), entry.revision or 0

    async def update(self, key: str, record: Shape, *, over: int, slots: bool = False) -> int | None:
        """Compare-and-set; None where the record is no longer at that revision."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await (self._slots if slots else self._runs).update(key, record.to_json(), last=over)
        except nats.js.errors.KeyWrongLastSequenceError:
            return None
        except FAULTS as error:
            raise UnavailableError("the record of resyncs can't be written", service="nats") from error

    async def remove(self, key: str, *, over: int) -> bool:
        """Remove a record; False where it is no longer at that revision."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await self._runs.delete(key, last=over)
        except nats.js.errors.BadRequestError:
            return False
        except FAULTS as error:
            raise UnavailableError("the record of resyncs can't be written", service="nats") from error


async def open_runs(client: Client, *, lease_s: float = LEASE_S) -> NatsRuns:
    """The buckets that ``ensure_topology`` has made.

    Raises:
        UnavailableError: NATS does not answer.
    """
    jetstream = client.jetstream(timeout=CALL_WITHIN_S)
    try:
        runs = await jetstream.key_value(subjects.RUNS_BUCKET)
        slots = await jetstream.key_value(subjects.SLOTS_BUCKET)
    except FAULTS as error:
        raise UnavailableError("the record of resyncs can't be read", service="nats") from error
    return NatsRuns(runs, slots, lease_s=lease_s)


def _claim_key(source: str) -> str:
    return f"claim.{source}"


def _history_key(source: str) -> str:
    return f"history.{source}"
