"""One resync: a source's list is compared with the index as it comes, and what differs is announced.

Deletions come last, once the list has come to its end and is believed. A run that was interrupted starts
anew: what it has announced differs no longer.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from datetime import UTC, datetime

import structlog
from pydantic import ValidationError

from ingest.reconcile import (
    Indexed,
    differs,
    gone,
    is_suspicious,
    mark_of,
    must_read,
    next_version,
)
from ingest.runs import Held
from ingest.sources.allow_rules import is_taken, readers
from ingest.sources.source import Content, Entry, Source
from wire.documents import DocumentChanged, DocumentDelete, DocumentUpsert
from wire.errors import MalformedError, OverloadedError, UnavailableError
from wire.source_settings import SourceSettings
from wire.stopping import stopped
from wire.sync import PLANNED_AT_MOST, PlannedChange, SyncRun

AT_ONCE = 4
"""Documents read at a time."""
LIST_WITHIN_S = 300.0
"""For the next document of a list."""
READ_WITHIN_S = 300.0
QUEUE_FULL_AGAIN_S = 2.0

Announce = Callable[[DocumentChanged], Awaitable[None]]

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
    ) -> None:
        self._held = held
        self._asked = held.claim.asked
        self._settings = settings
        self._source = source
        self._indexed = indexed
        self._announce = announce
        self._listed = asyncio.Lock()
        self._pace = _Pace(settings.announce_per_s)
        self._started = time.monotonic()
        self._seen: set[str] = set()
        self._changed = self._deleted = self._failed = self._withheld = 0
        self._planned: list[PlannedChange] = []
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
            seconds_left=round(left / per_second, 1) if per_second else None,
            planned=tuple(self._planned),
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
                f"the source lists {len(self._seen)} documents where the index has {self._live}; nothing was "
                "deleted. If that is right, sync it again with --accept-shrinking"
            )
            return self._ended("done", reason=reason)
        for document, version in gone(self._indexed, self._seen):
            await self._say(DocumentDelete(source=self._asked.source, id=document, if_version=version))
            self._deleted += 1
        return self._ended("done")

    def _ended(self, state: str, *, reason: str | None = None) -> SyncRun:
        ended = {"state": state, "reason": reason, "ended_at": datetime.now(UTC), "seconds_left": None}
        return self.progress().model_copy(update=ended)

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
            upsert = self._upsert(entry, content, allow=allow)
        except (MalformedError, UnavailableError, TimeoutError) as error:
            self._leave(entry, str(error) or f"it could not be read within {READ_WITHIN_S:g} s")
            return
        if not differs(indexed, upsert.revision or ""):
            return
        try:
            await self._say(upsert)
            self._changed += 1
        except MalformedError as error:
            self._leave(entry, str(error))

    def _leave(self, entry: Entry, why: str) -> None:
        self._failed += 1
        _log.warning("a document is left as it is", source=self._asked.source, document=entry.id, why=why)

    def _upsert(self, entry: Entry, content: Content, *, allow: tuple[str, ...]) -> DocumentUpsert:
        claim = self._held.claim
        try:
            return DocumentUpsert(
                source=self._asked.source,
                id=entry.id,
                version=next_version(
                    entry, self._indexed.get(entry.id), epoch=claim.epoch, unknown=claim.version
                ),
                title=entry.title,
                url=entry.url,
                media_type=content.media_type or entry.media_type or "text/plain",
                body_base64=content.data,
                allow=allow,
                updated_at=entry.updated_at,
                revision=mark_of(entry, allow=allow, data=content.data),
            )
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            raise MalformedError(f"field {'.'.join(map(str, first['loc']))!r}: {first['msg']}") from None

    async def _say(self, changed: DocumentChanged) -> None:
        """Announce it, within the rate, and only while the run is ours."""
        if self._asked.dry_run:
            if len(self._planned) < PLANNED_AT_MOST:
                self._planned.append(PlannedChange(id=changed.id, action=changed.action))
            return
        while True:
            await self._pace.wait()
            await self._held.keep()
            try:
                await self._announce(changed)
            except OverloadedError:
                # The worker is behind: wait for it, for as long as the run is ours.
                await asyncio.sleep(QUEUE_FULL_AGAIN_S)
            else:
                return


class _Pace:
    """So many a second, evenly."""

    def __init__(self, per_s: float) -> None:
        self._every_s = 1 / per_s
        self._next = 0.0

    async def wait(self) -> None:
        now = time.monotonic()
        self._next = max(self._next + self._every_s, now)
        await asyncio.sleep(self._next - now)
