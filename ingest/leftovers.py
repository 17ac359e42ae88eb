"""Removes what no reader will see again: passages and texts of editions that the head has left behind.

Later than a search lasts, so that a reader who was shown a passage can still look it up. Nothing
depends on it for truth: leftovers are invisible already, and a crash leaves them to the next start.
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from ingest.objects import Objects
from retrieval.editions import is_lost
from retrieval.heads import Heads
from retrieval.index import Index
from wire.errors import UnavailableError

GRACE_S = 10.0
"""Twice what a search may take."""
LOOK_EVERY_S = 1.0
PAGE = 1000
"""Names read at a time: 4 ms, during which nothing else runs."""

_log = structlog.get_logger("leftovers")


def text_name(key: str, edition: str) -> str:
    """The name of an edition's parsed text in the object store."""
    return f"{key}.{edition}"


@dataclass(frozen=True, slots=True)
class _Due:
    at: float
    key: str
    editions: tuple[str, ...]


class Leftovers:
    """Documents to look after, each when its time has come."""

    def __init__(self, *, index: Index, heads: Heads, texts: Objects, grace_s: float = GRACE_S) -> None:
        self._index = index
        self._heads = heads
        self._texts = texts
        self._grace_s = grace_s
        self._due: deque[_Due] = deque()

    def later(self, key: str, *editions: str) -> None:
        """After the grace, remove what this document has lost by then.

        ``editions`` are those whose text may lie there though no passage names them.
        """
        self._due.append(_Due(time.monotonic() + self._grace_s, key, editions))

    async def run(self) -> None:
        """Sweep once, for what an earlier process left, then remove what falls due, for ever."""
        swept = False
        while True:
            try:
                if not swept:
                    await self.sweep()
                    swept = True
                await self._remove_due()
                await self._index.settle()
            except UnavailableError as error:
                _log.warning("leftovers stay for now", why=str(error))
            except Exception:  # noqa: BLE001 — leftovers are invisible: a bug here must not end the worker
                _log.exception("leftovers stay for now")
            await asyncio.sleep(LOOK_EVERY_S)

    async def sweep(self) -> None:
        """Look at every passage and text there is.

        Raises:
            UnavailableError: the index or NATS is away.
        """
        page: str | None = None
        while True:
            names, page = await self._index.all_names(after=page, limit=PAGE)
            editions: dict[str, set[str]] = {}
            for name in names:
                editions.setdefault(name.key, set()).add(name.edition)
            for key, some in editions.items():
                if some != {self._heads.shown(key).edition}:
                    await self._clean(key, ())
            if page is None:
                break
        for text in await self._texts.names():
            key, _, edition = text.rpartition(".")
            if edition != self._heads.shown(key).edition and await self._lost(key, {edition}):
                await self._texts.remove(text)

    async def _remove_due(self) -> None:
        now = time.monotonic()
        while self._due and self._due[0].at <= now:
            due = self._due.popleft()
            try:
                await self._clean(due.key, due.editions)
            except Exception:
                self.later(due.key, *due.editions)
                raise

    async def _clean(self, key: str, editions: Iterable[str]) -> None:
        # The names are read before the head: what is lost by a later head was lost, or will be.
        names = await self._index.names(key=key)
        lost = await self._lost(key, {name.edition for name in names} | set(editions))
        await self._index.delete([name.id for name in names if name.edition in lost])
        for edition in lost:
            await self._texts.remove(text_name(key, edition))

    async def _lost(self, key: str, editions: Iterable[str]) -> set[str]:
        entry = await self._heads.look_up(key)
        head = entry.head
        shown = head.edition if head is not None and head.state == "live" else None
        return {edition for edition in editions if is_lost(edition, shown=shown, revision=entry.revision)}
