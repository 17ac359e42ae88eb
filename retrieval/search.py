"""The use case: a question and a reader in, the best passages for that reader out."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from retrieval.editions import passage_id
from retrieval.encoding import Encoded, Encoder, Sparse
from retrieval.finding import Finding
from retrieval.heads import Heads
from retrieval.highlighting import Highlighting
from retrieval.index import Index, StoredPassage
from retrieval.ranking import Ranked, Ranking, chosen, ranked
from retrieval.relevance import Relevance
from retrieval.stop_words import StopWords
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

NO_WORDS = Sparse([], [])
USUAL = Ranking()


class Backlog(Protocol):
    """Knows how far the index is behind."""

    def freshness(self) -> IndexFreshness:
        """Announcements not yet indexed, and how long the oldest has waited."""


class Search:
    """Answers `retrieval.search` and `retrieval.passages`."""

    def __init__(
        self, *, index: Index, encoder: Encoder, heads: Heads, backlog: Backlog, ranking: Ranking = USUAL
    ) -> None:
        self._encoder = encoder
        self._backlog = backlog
        self._ranking = ranking
        self._finding = Finding(index=index, heads=heads)
        self._highlighting = Highlighting(encoder)
        self._relevance = Relevance(StopWords.load())

    async def search(self, request: SearchRequest) -> SearchReply:
        """The best passages that these principals may read, best first.

        Raises:
            UnavailableError: the index, the encoder or NATS is away.
        """
        started = time.perf_counter()
        query = await self._encoder.encode_query(request.query)
        encoded = time.perf_counter()
        found = await self._found(request, query)
        best = chosen(found, limit=request.limit, per_document=request.per_document)
        searched = time.perf_counter()
        highlights: Sequence[tuple[Highlight, ...] | None] = [None] * len(best)
        if request.with_highlights:
            highlights = await self._highlighting.highlights(
                query=request.query,
                query_vector=query.dense,
                texts=[one.hit.passage.text for one in best],
            )
        return SearchReply(
            passages=tuple(
                _on_wire(one.hit.passage, score=one.score, highlights=sentences)
                for one, sentences in zip(best, highlights, strict=True)
            ),
            relevance=self._relevance.of(request.query, found),
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
        shown = await self._finding.standing(request.ids, principals=request.principals)
        wanted: Iterable[str] = request.ids
        if request.neighbours:
            around = {known: _around(passage, request.neighbours) for known, passage in shown.items()}
            wanted = [neighbour for known in request.ids for neighbour in around.get(known, ())]
            more = list(set(wanted) - set(shown))
            if more:
                shown |= await self._finding.standing(more, principals=request.principals)
        return PassagesReply(
            passages=tuple(
                _on_wire(shown[known], score=1.0, highlights=None)
                for known in dict.fromkeys(wanted)
                if known in shown
            )
        )

    async def _found(self, request: SearchRequest, query: Encoded) -> list[Ranked]:
        by_words, by_meaning = self._ranking.meaning_share < 1, self._ranking.meaning_share > 0
        hits = await self._finding.hits(
            dense=query.dense if by_meaning else None,
            sparse=query.sparse if by_words else NO_WORDS,
            principals=request.principals,
            sources=request.sources,
            wanted=request.limit,
        )
        return ranked(hits, self._ranking, now=datetime.now(UTC))


def _around(passage: StoredPassage, reach: int) -> list[str]:
    """The ids of a passage and its neighbours, which follow from its edition and where it stands in it."""
    ordinals = range(max(0, passage.ordinal - reach), passage.ordinal + reach + 1)
    return [
        passage_id(source=passage.source, document=passage.document, edition=passage.edition, ordinal=ordinal)
        for ordinal in ordinals
    ]


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
        score=round(min(1.0, score), 4),
        updated_at=passage.updated_at,
        highlights=highlights,
    )
