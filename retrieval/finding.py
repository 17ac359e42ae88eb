"""Hits and passages of the editions that readers see.

The index holds every edition that was written, seen or not; the heads tell which one of each document stands.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from retrieval.editions import written_over
from retrieval.encoding import Sparse
from retrieval.heads import Heads
from retrieval.index import Edition, Hit, Index, StoredPassage
from wire.documents import document_key

CANDIDATES = 40
"""Hits fetched at the least, so that neither the order nor the relevance depends on how many are wanted."""
FETCHED_PER_PASSAGE = 5
"""Hits fetched for each passage wanted: some are of editions that nobody sees, some of one document."""
WIDEST = 400
"""Hits fetched at the most, where too many are of editions that nobody sees."""
LEFT_OUT_AT_ONCE = 16
LOOKS = 5
"""Times to look again where a document was replaced meanwhile: on a busy machine it may be once more."""
MOST_LEFT_OUT = 64
"""Editions left out of a search at the most: each is a condition that the engine checks for each hit."""


class Finding:
    """Searches the index and drops what is of no document's present edition."""

    def __init__(self, *, index: Index, heads: Heads) -> None:
        self._index = index
        self._heads = heads

    async def hits(
        self,
        *,
        dense: Sequence[float] | None,
        sparse: Sparse,
        principals: Sequence[str],
        sources: Sequence[str] | None,
        wanted: int,
    ) -> list[Hit]:
        """Candidates for a list of ``wanted`` passages, in the index's order.

        Where too few are of editions that readers see, those that nobody sees (a long document that is
        being written, say) are left out, and the search goes wider.
        """
        limit = max(CANDIDATES, wanted * FETCHED_PER_PASSAGE)
        unseen: set[Edition] = set()
        looks_left = LOOKS
        while True:
            # An edition that nobody saw may have become the one that all see.
            unseen = {(key, edition) for key, edition in unseen if self._heads.shown(key).edition != edition}
            newest = self._heads.newest
            hits = await self._index.search(
                dense=dense,
                sparse=sparse,
                principals=principals,
                sources=sources,
                limit=limit,
                without=unseen,
            )
            standing = await self._of_shown_editions([hit.passage for hit in hits])
            ids = {passage.id for passage in standing}
            shown = [hit for hit in hits if hit.passage.id in ids]
            if len(shown) == len(hits):
                return shown
            if len(shown) < 2 * wanted and len(hits) == limit and len(unseen) < MOST_LEFT_OUT:
                dropped = [hit.passage for hit in hits if hit.passage.id not in ids]
                editions = Counter((_key(passage), passage.edition) for passage in dropped)
                unseen |= {edition for edition, _ in editions.most_common(LEFT_OUT_AT_ONCE)}
                limit = max(limit, min(WIDEST, 2 * limit))
            elif looks_left and self._was_replaced(hits, shown, since=newest):
                looks_left -= 1
            else:
                return shown

    async def standing(self, ids: Sequence[str], *, principals: Sequence[str]) -> dict[str, StoredPassage]:
        """Those of these passages that stand and that these principals may read, by id."""
        found = await self._index.readable(ids=ids, principals=principals)
        return {passage.id: passage for passage in await self._of_shown_editions(found)}

    def _was_replaced(self, hits: Sequence[Hit], shown: Sequence[Hit], *, since: int) -> bool:
        """Whether a document has dropped out whose new edition may not have been there to be found yet."""
        found = {_key(hit.passage) for hit in shown}
        dropped = {_key(hit.passage) for hit in hits} - found
        heads = [self._heads.shown(key) for key in dropped]
        return any(head.edition and head.revision > since for head in heads)

    async def _of_shown_editions(self, passages: Sequence[StoredPassage]) -> list[StoredPassage]:
        others = [passage for passage in passages if not self._is_shown(passage)]
        if not others:
            return list(passages)
        # An edition that memory does not know may be newer than memory: then the bucket is asked.
        newer = {
            _key(passage)
            for passage in others
            if written_over(passage.edition) >= self._heads.shown(_key(passage)).revision
        }
        await asyncio.gather(*(self._heads.look_up(key) for key in newer))
        return [passage for passage in passages if self._is_shown(passage)]

    def _is_shown(self, passage: StoredPassage) -> bool:
        return self._heads.shown(_key(passage)).edition == passage.edition


def _key(passage: StoredPassage) -> str:
    return _known_key(passage.source, passage.document)


_known_key = lru_cache(maxsize=4096)(document_key)
"""A search makes a hundred keys, mostly of the same documents, and each is a digest."""
