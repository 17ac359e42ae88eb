"""The use case: resyncs are asked for, one a source at a time is run, and none is lost with its worker."""

import asyncio
import contextlib
import hashlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import structlog

from ingest.reconcile import Indexed, with_given_up
from ingest.resync import Announce, IsOpen, Resync
from ingest.runs import RENEWALS_PER_LEASE, CancelledRunError, Claim, Held, Runs, SupersededError
from ingest.scheduling import Schedule, utc_now
from ingest.sources.source import Source
from wire.errors import AnswerdeskError, MalformedError, RefusedError, UnavailableError
from wire.source_settings import SourceSettings
from wire.stopping import stopped
from wire.sync import SyncAccepted, SyncRequested, SyncRun

TELL_EVERY_S = 0.5
LOST_AT_MOST = 5
"""A run that has lost its worker so often is given up: it may be what ends them."""

_RULES = {"allow", "rules", "allow_from_source", "include", "exclude", "channels", "charset"}

Tell = Callable[[SyncRun], Awaitable[None]]
OpenSource = Callable[[SourceSettings], AbstractAsyncContextManager[Source]]
IndexedOf = Callable[[str], Awaitable[Mapping[str, Indexed]]]
GivenUpOf = Callable[[str], Awaitable[Mapping[str, tuple[int, str]]]]

_log = structlog.get_logger("resync")


class Syncing:
    """Resyncs of the configured sources, in this process."""

    def __init__(
        self,
        *,
        sources: Mapping[str, SourceSettings],
        runs: Runs,
        open_source: OpenSource,
        indexed_of: IndexedOf,
        given_up_of: GivenUpOf,
        announce: Announce,
        tell: Tell,
        schedules: Mapping[str, Schedule],
        pipeline: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take what it works with.

        Args:
            sources: the configured ones, by name.
            runs: the record of all workers' runs.
            open_source: opens one by its settings.
            indexed_of: what is indexed of a source.
            given_up_of: what could not be.
            announce: says what differs.
            tell: says how far a run is, to whoever watches.
            schedules: of sources that have one: a scheduled run keeps to its window.
            pipeline: names this worker's readers, cutting and model: what others gave up, they may read.
            now: the clock.
        """
        self._sources = sources
        self._runs = runs
        self._open_source = open_source
        self._indexed_of = indexed_of
        self._given_up_of = given_up_of
        self._announce = announce
        self._tell = tell
        self._schedules = schedules
        self._pipeline = pipeline
        self._now = now
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, asked: SyncRequested, *, slot: datetime | None = None) -> SyncAccepted | None:
        """Put a run on record and begin it; None where the source is being resynced.

        Raises:
            MalformedError: there is no such source.
            UnavailableError: NATS does not answer.
        """
        self._settings_of(asked.source)
        held = await self._runs.begin(asked, slot=slot)
        if held is None:
            return None
        self._spawn(held)
        return SyncAccepted(run=held.claim.run, source=asked.source)

    async def request(self, asked: SyncRequested) -> SyncAccepted:
        """As `start`; the run that is under way does as well where it is the same, and waits for no window.

        Raises:
            RefusedError: another one is under way.
            MalformedError: there is no such source.
            UnavailableError: NATS does not answer.
        """
        while (accepted := await self.start(asked)) is None:
            claim, _ = await self._runs.standing(asked.source)
            if claim is not None and claim.asked == asked and not claim.cancelled:
                if claim.slot is not None:
                    await self._runs.hurry(asked.source)
                return SyncAccepted(run=claim.run, source=asked.source)
            if claim is not None:
                raise RefusedError(f"{asked.source} is being resynced: wait until that is over, or cancel it")
        return accepted

    async def cancel(self, source: str) -> SyncAccepted:
        """Ask the run of a source to stop; it does within seconds.

        Raises:
            MalformedError: there is none.
            UnavailableError: NATS does not answer.
        """
        claim = await self._runs.cancel(source)
        if claim is None:
            raise MalformedError(f"{source} is not being resynced", field="source")
        return SyncAccepted(run=claim.run, source=source)

    async def run(self) -> None:
        """Take over what other workers have lost, until cancelled; then stop our own, to be taken over."""
        standing: dict[str, tuple[int, float]] = {}
        under_old_rules = set(self._sources)
        try:
            while True:
                for source in self._sources:
                    try:
                        if source in under_old_rules and await self._is_under_these_rules(source):
                            under_old_rules.remove(source)
                        await self._look_after(source, standing)
                    except UnavailableError:
                        _log.warning("the record of resyncs does not answer; trying again", source=source)
                    except Exception:  # noqa: BLE001 — a bug that ended this would leave lost runs lying
                        _log.exception("lost resyncs can't be looked for; trying again", source=source)
                await asyncio.sleep(self._runs.lease_s / RENEWALS_PER_LEASE)
        finally:
            await stopped(*self._tasks)

    async def _look_after(self, source: str, standing: dict[str, tuple[int, float]]) -> None:
        claim, revision = await self._runs.standing(source)
        known = standing.get(source)
        if claim is None or known is None or known[0] != revision:
            standing[source] = (revision, time.monotonic())
        if claim is None:
            return
        silent_s = time.monotonic() - standing[source][1]
        if claim.handed_back or silent_s > self._runs.lease_s:
            held = await self._runs.take_over(claim, over=revision)
            if held is not None:
                _log.warning("going on with another worker's resync", source=source, run=claim.run)
                self._spawn(held)

    async def _is_under_these_rules(self, source: str) -> bool:
        """Begin a run where the settings say anew who reads its documents, or which are taken."""
        rules = (await self._runs.history(source)).rules
        if rules is None or rules == self._rules(source):
            return True
        if await self.start(SyncRequested(source=source)) is None:
            return False
        _log.info("comparing a source whose rules are new", source=source)
        return True

    def _settings_of(self, source: str) -> SourceSettings:
        if source in self._sources:
            return self._sources[source]
        names = ", ".join(sorted(self._sources)) or "none"
        raise MalformedError(
            f"no source is called {source!r}; configured in answerdesk.toml: {names}", field="source"
        )

    def _spawn(self, held: Held) -> None:
        task = asyncio.create_task(self._see_through(held), name="resync")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see_through(self, held: Held) -> None:
        claim = held.claim
        try:
            if not await held.take_slot():
                # Another scheduler's run had this slot, and is over.
                await held.release()
                return
            await held.record(_begun(claim))
            ended = await self._outcome(held)
            await held.record(ended, pipeline=self._pipeline, rules=self._rules(ended.source))
            await self._tell(ended)
            await held.release()
            _log.info("resync ended", source=ended.source, run=ended.run, state=ended.state)
        except SupersededError:
            _log.warning("another worker goes on with this resync", source=claim.asked.source, run=claim.run)
        except asyncio.CancelledError:
            with contextlib.suppress(UnavailableError):
                await held.hand_back()
            raise
        except UnavailableError as error:
            # Not released: whoever sees NATS again takes it over, be it this worker.
            _log.warning("a resync is interrupted", source=claim.asked.source, why=str(error))

    async def _outcome(self, held: Held) -> SyncRun:
        if held.claim.lost >= LOST_AT_MOST:
            return _broken_off(_begun(held.claim), "failed", "its worker died or was lost at every attempt")
        if held.claim.cancelled:
            return _broken_off(_begun(held.claim), "cancelled", "cancelled")
        progress: Callable[[], SyncRun] = lambda: _begun(held.claim)  # noqa: E731 — until there is more to tell
        try:
            settings = self._settings_of(held.claim.asked.source)
            indexed = await self._known(held.claim.asked)
            async with self._open_source(settings) as source:
                resync = Resync(
                    held,
                    settings=settings,
                    source=source,
                    indexed=indexed,
                    announce=self._announce,
                    is_open=self._window(held),
                )
                progress = resync.progress
                ended = await _first(resync.run(), self._beat(held, progress))
            await held.keep()
        except CancelledRunError:
            return _broken_off(progress(), "cancelled", "cancelled")
        except (SupersededError, UnavailableError):
            raise
        except AnswerdeskError as error:
            return _broken_off(progress(), "failed", str(error))
        except Exception:  # noqa: BLE001 — a bug in one source must not end the worker
            _log.exception("a resync failed", source=held.claim.asked.source, run=held.claim.run)
            return _broken_off(progress(), "failed", "a bug; the worker's log has the trace")
        return ended

    async def _known(self, asked: SyncRequested) -> Mapping[str, Indexed]:
        indexed = await self._indexed_of(asked.source)
        before = await self._runs.history(asked.source)
        changed = before.rules is not None and (before.pipeline, before.rules) != (
            self._pipeline,
            self._rules(asked.source),
        )
        # A full run tries again what could not be indexed, as it is; so does one with other readers or rules.
        if asked.full or changed:
            return indexed
        return with_given_up(indexed, await self._given_up_of(asked.source))

    def _rules(self, source: str) -> str:
        settings = self._sources.get(source)
        return rules_of(settings) if settings else ""

    def _window(self, held: Held) -> IsOpen:
        """A run that somebody asked for, at its start or since, goes on at any time."""
        schedule = self._schedules.get(held.claim.asked.source)
        if held.claim.slot is None or schedule is None:
            return lambda: True
        return lambda: held.claim.hurried or schedule.is_open(self._now())

    async def _beat(self, held: Held, progress: Callable[[], SyncRun]) -> None:
        """Tell how far the run is, and keep it ours."""
        recorded = time.monotonic()
        while True:
            await self._tell(progress())
            await held.keep()
            if time.monotonic() - recorded > self._runs.lease_s / RENEWALS_PER_LEASE:
                # Whether the run is still ours is for `keep` to say.
                with contextlib.suppress(UnavailableError):
                    await held.record(progress())
                recorded = time.monotonic()
            await asyncio.sleep(min(TELL_EVERY_S, self._runs.lease_s / RENEWALS_PER_LEASE))


def rules_of(settings: SourceSettings) -> str:
    """Recognises what the settings say of which documents are taken and who reads them."""
    said = settings.model_dump_json(include=_RULES)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


async def _first(work: Coroutine[None, None, SyncRun], beside: Coroutine[None, None, None]) -> SyncRun:
    """The work's result; what goes wrong beside it ends it."""
    working = asyncio.create_task(work, name="resync a source")
    beating = asyncio.create_task(beside, name="keep a resync")
    try:
        await asyncio.wait((working, beating), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            await beating
        return await working
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await stopped(beating)


def _begun(claim: Claim) -> SyncRun:
    asked = claim.asked
    return SyncRun(
        run=claim.run,
        source=asked.source,
        full=asked.full,
        dry_run=asked.dry_run,
        slot=claim.slot,
        started_at=claim.started_at,
    )


def _broken_off(progress: SyncRun, state: str, reason: str) -> SyncRun:
    return progress.model_copy(
        update={"state": state, "reason": reason, "ended_at": datetime.now(UTC), "seconds_left": None}
    )
