"""A second index beside the first, from the texts that are kept: nobody is asked for a document again.

The former index says which documents there are, who may read them and what they are called; heads say
which edition stands; the bucket ``texts`` has its words. What is announced meanwhile goes into both, so
one look that finds nothing missing means that the second index is whole. Any number of workers may do
this at once: each begins somewhere else, and leaves out what is there already.
"""

import time
import uuid
from collections.abc import AsyncIterator

import structlog

from ingest.leftovers import text_name
from ingest.objects import Objects
from ingest.parsing import TEXT_BYTES
from ingest.writing import Described, EditionWriting
from retrieval.heads import Heads
from retrieval.index import Index, StoredPassage
from wire.documents import document_key
from wire.errors import MalformedError

PAGE = 100
"""Passages read at a time, with their vectors: a few milliseconds, during which nothing else runs."""
KEPT_BYTES = 2 * TEXT_BYTES
"""A kept text has what describes its document before what was read of it."""
TELL_EVERY_S = 5.0

_log = structlog.get_logger("rebuilding")


class Rebuilding:
    """Fills an index from a former one's documents."""

    def __init__(self, *, former: Index, writing: EditionWriting, heads: Heads, texts: Objects) -> None:
        self._former = former
        self._writing = writing
        self._heads = heads
        self._texts = texts
        self._whole: set[str] = set()
        """Editions that are known to be there."""
        self._lacking: set[str] = set()
        """Editions whose text is gone."""

    async def run(self) -> int:
        """Look through the former index until nothing that readers see is missing but what has lost its text.

        Returns:
            How many documents have.

        Raises:
            UnavailableError: an index, the encoder or NATS is away.
        """
        while await self._look_through():
            pass
        if self._lacking:
            _log.error("documents without a kept text are not in the new index", documents=len(self._lacking))
        return len(self._lacking)

    async def _look_through(self) -> int:
        """Write what is missing, and say how many documents that were."""
        passages, seen, written = await self._former.count(), 0, 0
        told_at = time.monotonic()
        async for page in self._pages():
            for passage in page:
                written += await self._take_over(passage)
            seen += len(page)
            if time.monotonic() - told_at > TELL_EVERY_S:
                told_at = time.monotonic()
                _log.info("building the new index", percent=min(100, 100 * seen // max(1, passages)))
        return written

    async def _pages(self) -> AsyncIterator[list[StoredPassage]]:
        """Every passage of the former index, from somewhere in the middle on and round to there."""
        start = str(uuid.uuid4())
        for turn, first in enumerate((start, None)):
            page = first
            while True:
                copies, page = await self._former.copies(after=page, limit=PAGE)
                passages = [copy.passage for copy in copies]
                yield passages
                if page is None or (turn and page > start):
                    break

    async def _take_over(self, passage: StoredPassage) -> bool:
        """Whether this passage's edition is one that readers see, and had to be written."""
        key = document_key(passage.source, passage.document)
        name = text_name(key, passage.edition)
        if name in self._whole or name in self._lacking:
            return False
        if self._heads.shown(key).edition != passage.edition:
            return False
        of = _described(passage)
        written = False
        if not await self._writing.has(of):
            try:
                text = await self._texts.get(name, max_bytes=KEPT_BYTES)
            except MalformedError:
                head = (await self._heads.look_up(key)).head
                if head is not None and head.edition == passage.edition:
                    self._lacking.add(name)
                return False
            await self._writing.write(text.decode(), of=of)
            written = True
        self._whole.add(name)
        return written


def _described(passage: StoredPassage) -> Described:
    return Described(
        source=passage.source,
        document=passage.document,
        version=passage.version,
        edition=passage.edition,
        title=passage.title,
        url=passage.url,
        allow=passage.allow,
        updated_at=passage.updated_at,
    )
