"""A document that somebody has just changed is read and announced at once; a resync mends what is missed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Protocol

import structlog

from ingest.reconcile import Indexed, differs, next_version, upsert_of
from ingest.resync import Announce
from ingest.sources.allow_rules import is_taken, readers
from ingest.sources.source import Content, Entry
from wire.documents import DocumentChanged, DocumentDelete
from wire.errors import AnswerdeskError
from wire.source_settings import SourceSettings

GATHER_FOR_S = 0.5
"""People write several messages in a row, and correct them at once."""
WAITING_AT_MOST = 1_000
ANNOUNCED_KEPT = 1_000
LOOK_WITHIN_S = 300.0

_log = structlog.get_logger("touched")


class LooksUp(Protocol):
    """A source that can give a single document."""

    async def look_up(self, document: str) -> tuple[Entry, Content] | None:
        """The document as it is now; None where it is gone. Raises as `Source.read` does."""


class Touching:
    """Follows one source's documents."""

    def __init__(
        self,
        name: str,
        *,
        settings: SourceSettings,
        source: LooksUp,
        indexed: Callable[[str], Awaitable[Indexed | None]],
        announce: Announce,
    ) -> None:
        self._name = name
        self._settings = settings
        self._source = source
        self._indexed = indexed
        self._announce = announce
        self._waiting: dict[str, datetime] = {}
        self._announced: dict[str, int] = {}
        """Versions of documents that may be on their way still."""
        self._some = asyncio.Event()

    def touch(self, document: str, *, at: datetime) -> None:
        """Have it looked at soon, once for all touches until then.

        Args:
            document: its id.
            at: by the source's clock, so that of two workers who look, the one who was told later is right.
        """
        if document not in self._waiting and len(self._waiting) >= WAITING_AT_MOST:
            _log.warning("too many touched documents; they wait for the next resync", source=self._name)
            return
        self._waiting[document] = max(at, self._waiting.get(document, at))
        self._some.set()

    async def run(self) -> None:
        """Look at what was touched, until cancelled."""
        while True:
            await self._some.wait()
            await asyncio.sleep(GATHER_FOR_S)
            self._some.clear()
            while self._waiting:
                document = next(iter(self._waiting))
                await self._see_to(document, at=self._waiting.pop(document))

    async def _see_to(self, document: str, *, at: datetime) -> None:
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                await self._look_at(document, now=int(at.timestamp() * 1000))
        except (AnswerdeskError, TimeoutError) as error:
            _log.warning("a touched document waits for the next resync", source=self._name, why=str(error))
        except Exception:  # noqa: BLE001 — a bug in one document must not end the following
            _log.exception("a touched document waits for the next resync", source=self._name)

    async def _look_at(self, document: str, *, now: int) -> None:
        if not is_taken(document, self._settings):
            return
        found = await self._source.look_up(document)
        indexed, ours = await self._indexed(document), self._announced.get(document, 0)
        there = indexed.version if indexed is not None else 0
        if found is None:
            # Known or not: another worker may just have announced it.
            version = max(now, there + 1, ours + 1)
            await self._say(DocumentDelete(source=self._name, id=document, version=version), version=version)
            return
        entry, content = found
        upsert = upsert_of(
            entry,
            content,
            source=self._name,
            allow=readers(entry, self._settings),
            version=max(next_version(entry, indexed, epoch=1, unknown=now), ours + 1),
        )
        # What is on its way would stand over what is indexed, though that be right again.
        if ours > there or differs(indexed, upsert.revision or ""):
            await self._say(upsert, version=upsert.version)

    async def _say(self, changed: DocumentChanged, *, version: int) -> None:
        while len(self._announced) >= ANNOUNCED_KEPT:
            del self._announced[next(iter(self._announced))]
        self._announced[changed.id] = version
        await self._announce(changed)
