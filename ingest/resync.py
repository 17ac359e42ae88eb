"""One resync: a source's list is compared with the index as it comes, and what differs is announced.

Deletions come last, once the list has come to its end and is believed. A run that was interrupted starts
anew: what it has announced differs no longer. One whose window closes waits where it is.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

import structlog

from ingest.reconcile import Indexed, differs, gone, is_suspicious, must_read, next_version, upsert_of
from ingest.runs import Held
from ingest.sources.allow_rules import is_taken, readers
from ingest.sources.source import Entry, Source
from wire.documents import DocumentChanged, DocumentDelete
from wire.errors import MalformedError, UnavailableError
from wire.source_settings import SourceSettings
from wire.stopping import stopped
from wire.sync import (
    PLANNED_AT_MOST,
    PLANNED_BYTES,
    UNREAD_AT_MOST,
    PlannedChange,
    SyncRun,
    UnreadDocument,
)

AT_ONCE = 4
"""Documents read at a time."""
LIST_WITHIN_S = 300.0
"""For the next document of a list."""
READ_WITHIN_S = 300.0
AGAIN_AFTER_S = 2.0
"""While the queue is full, or away."""
LOOK_AT_WINDOW_EVERY_S = 1.0

Announce = Callable[[DocumentChanged], Awaitable[object]]
IsOpen = Callable[[], bool]
"""Whether a run may go on at this moment."""

_log = structlog.get_logger("resync")


class ListFailedError(Exception):
    """The source's list did not come to its end; the text says why."""


class Resync:
    """One run over one source."""

    def __init__(
        self,
        held: Held,
        *,
        settings: SourceSettings,
        source: Source,
        indexed: Mapping[str, Indexed],
        announce: Announce,
        is_open: IsOpen = lambda: True,
    ) -> None:
        self._held = held
        self._asked = held.claim.asked
        self._settings = settings
        self._source = source
        self._indexed = indexed
        self._announce = announce
        self._is_open = is_open
        self._paused = False
        self._listed = asyncio.Lock()
        self._pace = _Pace(settings.announce_per_s)
        self._started = time.monotonic()
        self._seen: set[str] = set()
        self._changed = self._deleted = self._failed = self._withheld = 0
        self._planned = _Planned()
        self._unread: list[UnreadDocument] = []
        self._live = sum(there.live for there in indexed.values())
        self._total = self._live

    def progress(self) -> SyncRun:
        """How far it is."""
        seen, claim = len(self._seen), self._held.claim
        per_second = seen / max(time.monotonic() - self._started, 0.001)
        left = max(self._total - seen, 0)
        return SyncRun(
            run=claim.run,
            source=self._asked.source,
            full=self._asked.full,
            dry_run=self._asked.dry_run,
            slot=claim.slot,
            started_at=claim.started_at,
            seen=seen,
            changed=self._changed,
            deleted=self._deleted,
            failed=self._failed,
            withheld=self._withheld,
            total=max(self._total, seen),
            per_second=round(per_second, 1),
            seconds_left=round(left / per_second, 1) if per_second and not self._paused else None,
            paused=self._paused,
            unread=tuple(self._unread),
        )

    async def run(self) -> SyncRun:
        """See it through, and say how it ended.

        Raises:
            UnavailableError: NATS is away; the run is not over.
            SupersededError: another worker goes on with it.
            CancelledRunError: somebody asked it to stop.
        """
        try:
            async with aclosing(self._source.entries()) as entries:
                await self._all(entries)
        except ListFailedError as failed:
            return self._ended("failed", reason=f"the source's list broke off: {failed}; nothing was deleted")
        self._total = len(self._seen)
        suspicious = is_suspicious(
            seen=len(self._seen), indexed=self._live, least_share=self._settings.least_share
        )
        if suspicious and not self._asked.accept_shrinking:
            self._withheld = sum(1 for _ in gone(self._indexed, self._seen))
            reason = (
                f"the source lists {len(self._seen)} where the index has {self._live}; nothing was deleted. "
                "If that is right, accept it (`answerdesk sync --accept-shrinking`)"
            )
            return self._ended("done", reason=reason)
        for document, version in gone(self._indexed, self._seen):
            await self._say(DocumentDelete(source=self._asked.source, id=document, if_version=version))
            self._deleted += 1
        return self._ended("done")

    def _ended(self, state: str, *, reason: str | None = None) -> SyncRun:
        ended = {"state": state, "reason": reason, "ended_at": datetime.now(UTC), "seconds_left": None}
        return self.progress().model_copy(update={**ended, "planned": tuple(self._planned.changes)})

    async def _all(self, entries: AsyncGenerator[Entry, None]) -> None:
        async def work() -> None:
            while (entry := await self._next(entries)) is not None:
                await self._look_at(entry)

        tasks = [asyncio.create_task(work(), name="resync documents") for _ in range(AT_ONCE)]
        try:
            await asyncio.gather(*tasks)
        finally:
            await stopped(*tasks)

    async def _next(self, entries: AsyncGenerator[Entry, None]) -> Entry | None:
        await self._until_open()
        async with self._listed:
            try:
                async with asyncio.timeout(LIST_WITHIN_S):
                    return await anext(entries)
            except StopAsyncIteration:
                return None
            except (UnavailableError, MalformedError) as error:
                raise ListFailedError(str(error)) from error
            except TimeoutError:
                raise ListFailedError(f"nothing came for {LIST_WITHIN_S:g} s") from None

    async def _look_at(self, entry: Entry) -> None:
        if entry.id in self._seen or not is_taken(entry.id, self._settings):
            return
        self._seen.add(entry.id)
        indexed, allow = self._indexed.get(entry.id), readers(entry, self._settings)
        if not must_read(entry, indexed, allow=allow, full=self._asked.full):
            return
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                content = await self._source.read(entry)
            if content is None:
                self._seen.discard(entry.id)
                return
            claim = self._held.claim
            version = next_version(entry, indexed, epoch=claim.epoch, unknown=claim.version)
            upsert = upsert_of(entry, content, source=self._asked.source, allow=allow, version=version)
        except (MalformedError, UnavailableError, TimeoutError) as error:
            self._leave(entry, str(error) or f"it could not be read within {READ_WITHIN_S:g} s")
            return
        again = not differs(indexed, upsert.revision or "")
        if again:
            if indexed is None or not self._asked.full or self._asked.dry_run:
                return
            # At the version that stands: a worker acts only where its index or its pipeline is another one.
            upsert = upsert.model_copy(update={"version": indexed.version})
        try:
            await self._say(upsert)
            self._changed += not again
        except MalformedError as error:
            self._leave(entry, str(error))

    def _leave(self, entry: Entry, why: str) -> None:
        self._failed += 1
        if len(self._unread) < UNREAD_AT_MOST:
            self._unread.append(UnreadDocument(id=entry.id, reason=why))
        _log.warning("a document is left as it is", source=self._asked.source, document=entry.id, why=why)

    async def _say(self, changed: DocumentChanged) -> None:
        """Announce it, within the rate, and only while the run is ours."""
        if self._asked.dry_run:
            self._planned.add(PlannedChange(id=changed.id, action=changed.action))
            return
        while True:
            await self._until_open()
            await self._pace.wait()
            await self._held.keep()
            try:
                await self._announce(changed)
            except UnavailableError:
                # The worker is behind, or NATS away: wait for it, for as long as the run is ours.
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                return

    async def _until_open(self) -> None:
        while not self._is_open():
            self._paused = True
            await asyncio.sleep(LOOK_AT_WINDOW_EVERY_S)
        self._paused = False


class _Planned:
    """What a dry run would announce, as far as a message holds it."""

    def __init__(self) -> None:
        self.changes: list[PlannedChange] = []
        self._bytes = 0

    def add(self, change: PlannedChange) -> None:
        self._bytes += len(change.to_json())
        if len(self.changes) < PLANNED_AT_MOST and self._bytes <= PLANNED_BYTES:
            self.changes.append(change)


class _Pace:
    """So many a second, evenly."""

    def __init__(self, per_s: float) -> None:
        self._every_s = 1 / per_s
        self._next = 0.0

    async def wait(self) -> None:
        now = time.monotonic()
        self._next = max(self._next + self._every_s, now)
        await asyncio.sleep(self._next - now)
