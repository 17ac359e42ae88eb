"""The use case: a question and a reader in, the best passages for that reader out."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Protocol

from retrieval.editions import passage_id, written_over
from retrieval.encoding import Encoded, Encoder
from retrieval.heads import Heads
from retrieval.highlighting import Highlighting
from retrieval.index import Edition, Hit, Index, StoredPassage
from retrieval.relevance import relevance
from wire.documents import document_key
from wire.search import (
    Highlight,
    IndexFreshness,
    Passage,
    PassagesReply,
    PassagesRequest,
    SearchReply,
    SearchRequest,
    SearchTimings,
)

PER_DOCUMENT = 3
"""Passages of one document before other documents come."""
FETCHED_PER_PASSAGE = 5
"""Hits fetched for each passage wanted: some are of editions that nobody sees, some of one document."""
WIDEST = 400
"""Hits fetched at the most, where too many are of editions that nobody sees."""
LEFT_OUT_AT_ONCE = 16
MOST_LEFT_OUT = 64
"""Editions left out of a search at the most: each is a condition that the engine checks for each hit."""


class Backlog(Protocol):
    """Knows how far the index is behind."""

    def freshness(self) -> IndexFreshness:
        """Announcements not yet indexed, and how long the oldest has waited."""


class Search:
    """Answers `retrieval.search` and `retrieval.passages`."""

    def __init__(self, *, index: Index, encoder: Encoder, heads: Heads, backlog: Backlog) -> None:
        self._index = index
        self._encoder = encoder
        self._heads = heads
        self._backlog = backlog
        self._highlighting = Highlighting(encoder)

    async def search(self, request: SearchRequest) -> SearchReply:
        """The best passages that these principals may read, best first.

        Raises:
            UnavailableError: the index, the encoder or NATS is away.
        """
        started = time.perf_counter()
        query = await self._encoder.encode_query(request.query)
        encoded = time.perf_counter()
        shown = await self._shown_hits(request, query)
        chosen = choose(shown, limit=request.limit)
        searched = time.perf_counter()
        highlights: Sequence[tuple[Highlight, ...] | None] = [None] * len(chosen)
        if request.with_highlights:
            highlights = await self._highlighting.highlights(
                query=request.query, query_vector=query.dense, texts=[hit.passage.text for hit in chosen]
            )
        return SearchReply(
            passages=tuple(
                _on_wire(hit.passage, score=hit.score, highlights=sentences)
                for hit, sentences in zip(chosen, highlights, strict=True)
            ),
            relevance=relevance(cosine=max((hit.cosine for hit in chosen), default=0.0)) if chosen else 0.0,
            index=self._backlog.freshness(),
            timings_ms=SearchTimings(
                embed=_ms(encoded - started),
                search=_ms(searched - encoded),
                total=_ms(time.perf_counter() - started),
            ),
            query_vector=tuple(query.dense) if request.with_vector else None,
        )

    async def passages(self, request: PassagesRequest) -> PassagesReply:
        """Those of these passages that still stand and that these principals may read, in the order asked.

        Neighbours stand around theirs, in the document's order; each passage comes once.

        Raises:
            UnavailableError: the index or NATS is away.
        """
        shown = await self._standing(request.ids, principals=request.principals)
        wanted: Iterable[str] = request.ids
        if request.neighbours:
            around = {known: _around(passage, request.neighbours) for known, passage in shown.items()}
            wanted = [neighbour for known in request.ids for neighbour in around.get(known, ())]
            more = set(wanted) - set(shown)
            shown |= await self._standing(list(more), principals=request.principals) if more else {}
        return PassagesReply(
            passages=tuple(
                _on_wire(shown[known], score=1.0, highlights=None)
                for known in dict.fromkeys(wanted)
                if known in shown
            )
        )

    async def _standing(self, ids: Sequence[str], *, principals: Sequence[str]) -> dict[str, StoredPassage]:
        found = await self._index.readable(ids=ids, principals=principals)
        return {passage.id: passage for passage in await self._of_shown_editions(found)}

    async def _shown_hits(self, request: SearchRequest, query: Encoded) -> list[Hit]:
        """Hits of the editions that readers see.

        Where too few are, those that nobody sees (a long document that is being written, say) are left
        out, and the search goes wider.
        """
        limit = request.limit * FETCHED_PER_PASSAGE
        unseen: set[Edition] = set()
        looked_again = False
        while True:
            newest = self._heads.newest
            hits = await self._index.search(
                dense=query.dense,
                sparse=query.sparse,
                principals=request.principals,
                sources=request.sources,
                limit=limit,
                without=unseen,
            )
            standing = await self._of_shown_editions([hit.passage for hit in hits])
            ids = {passage.id for passage in standing}
            shown = [hit for hit in hits if hit.passage.id in ids]
            if len(shown) < 2 * request.limit and len(hits) == limit and len(unseen) < MOST_LEFT_OUT:
                dropped = [hit.passage for hit in hits if hit.passage.id not in ids]
                if not dropped:
                    return shown
                editions = Counter((_key(passage), passage.edition) for passage in dropped)
                unseen |= {edition for edition, _ in editions.most_common(LEFT_OUT_AT_ONCE)}
                limit = min(WIDEST, 2 * limit)
            elif not looked_again and self._was_replaced(hits, shown, since=newest):
                looked_again = True
            else:
                return shown

    def _was_replaced(self, hits: Sequence[Hit], shown: Sequence[Hit], *, since: int) -> bool:
        """Whether a document has dropped out whose new edition may not have been there to be found yet."""
        found = {_key(hit.passage) for hit in shown}
        dropped = {_key(hit.passage) for hit in hits} - found
        heads = [self._heads.shown(key) for key in dropped]
        return any(head.edition and head.revision > since for head in heads)

    async def _of_shown_editions(self, passages: Sequence[StoredPassage]) -> list[StoredPassage]:
        keys = {passage.id: _key(passage) for passage in passages}
        # An edition that memory does not know may be newer than memory: then the bucket is asked.
        newer = {
            keys[passage.id]
            for passage in passages
            if (head := self._heads.shown(keys[passage.id])).edition != passage.edition
            and written_over(passage.edition) >= head.revision
        }
        await asyncio.gather(*(self._heads.look_up(key) for key in newer))
        return [
            passage for passage in passages if self._heads.shown(keys[passage.id]).edition == passage.edition
        ]


def choose(hits: Sequence[Hit], *, limit: int) -> list[Hit]:
    """The best hits, at most three of a document unless the others have no more to give."""
    taken: Counter[tuple[str, str]] = Counter()
    first: list[Hit] = []
    more: list[Hit] = []
    for hit in hits:
        of = (hit.passage.source, hit.passage.document)
        (first if taken[of] < PER_DOCUMENT else more).append(hit)
        taken[of] += 1
    return sorted((first + more)[:limit], key=lambda hit: -hit.score)


def _around(passage: StoredPassage, reach: int) -> list[str]:
    """The ids of a passage and its neighbours, which follow from its edition and where it stands in it."""
    ordinals = range(max(0, passage.ordinal - reach), passage.ordinal + reach + 1)
    return [
        passage_id(source=passage.source, document=passage.document, edition=passage.edition, ordinal=ordinal)
        for ordinal in ordinals
    ]


def _key(passage: StoredPassage) -> str:
    return document_key(passage.source, passage.document)


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _on_wire(passage: StoredPassage, *, score: float, highlights: tuple[Highlight, ...] | None) -> Passage:
    return Passage(
        id=passage.id,
        source=passage.source,
        document=passage.document,
        version=passage.version,
        title=passage.title,
        url=passage.url,
        heading=passage.heading,
        ordinal=passage.ordinal,
        text=passage.text,
        score=round(score, 4),
        updated_at=passage.updated_at,
        highlights=highlights,
    )
