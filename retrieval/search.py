"""The use case: a question and a reader in, the best passages for that reader out."""

import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from retrieval.editions import passage_id
from retrieval.encoding import Encoder
from retrieval.finding import Finding
from retrieval.heads import Heads
from retrieval.highlighting import Highlighting
from retrieval.index import Index, StoredPassage
from retrieval.querying import Querying
from retrieval.ranking import Ranked, chosen
from retrieval.relevance import Relevance
from retrieval.stop_words import StopWords
from retrieval.tuning import USUAL, Tuning
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

RERANKED = 16
"""Candidates that a reranker reads: it takes tens of milliseconds for each."""


class Backlog(Protocol):
    """Knows how far the index is behind."""

    def freshness(self) -> IndexFreshness:
        """Announcements not yet indexed, and how long the oldest has waited."""


class Search:
    """Answers `retrieval.search` and `retrieval.passages`."""

    def __init__(
        self, *, index: Index, encoder: Encoder, heads: Heads, backlog: Backlog, tuning: Tuning = USUAL
    ) -> None:
        stop_words = StopWords.load()
        self._backlog = backlog
        self._reranker = tuning.reranker
        self._finding = Finding(index=index, heads=heads)
        self._querying = Querying(
            encoder=encoder, finding=self._finding, tuning=tuning, stop_words=stop_words
        )
        self._highlighting = Highlighting(encoder)
        self._relevance = Relevance(stop_words)

    async def search(self, request: SearchRequest) -> SearchReply:
        """The best passages that these principals may read, best first.

        Raises:
            UnavailableError: the index, the encoder or NATS is away.
        """
        started = time.perf_counter()
        asked = await self._querying.ask(request)
        searched = time.perf_counter()
        found = await self._reranked(asked.text, asked.found)
        reranked = time.perf_counter()
        best = chosen(found, limit=request.limit, per_document=request.per_document)
        highlights: Sequence[tuple[Highlight, ...] | None] = [None] * len(best)
        if request.with_highlights:
            highlights = await self._highlighting.highlights(
                query=asked.text,
                near=(asked.query.dense, *asked.parts),
                texts=[one.hit.passage.text for one in best],
            )
        return SearchReply(
            passages=tuple(
                _on_wire(one.hit.passage, score=one.score, highlights=sentences)
                for one, sentences in zip(best, highlights, strict=True)
            ),
            relevance=self._relevance.of(asked.text, found),
            index=self._backlog.freshness(),
            timings_ms=SearchTimings(
                embed=_ms(asked.encoding_s),
                search=_ms(searched - started - asked.encoding_s),
                rerank=_ms(reranked - searched),
                total=_ms(time.perf_counter() - started),
            ),
            query_vector=tuple(asked.query.dense) if request.with_vector else None,
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

    async def _reranked(self, question: str, found: list[Ranked]) -> list[Ranked]:
        """The first candidates in the reranker's order, where there is one and it answers in time."""
        if self._reranker is None or not found:
            return found
        first, rest = found[:RERANKED], found[RERANKED:]
        scores = await self._reranker.scores(question, [_read(one.hit.passage) for one in first])
        if scores is None:
            return found
        again = [Ranked(one.hit, score) for one, score in zip(first, scores, strict=True)]
        least = min(scores)
        return [
            *sorted(again, key=lambda one: -one.score),
            *(Ranked(one.hit, min(one.score, least)) for one in rest),
        ]


def _read(passage: StoredPassage) -> str:
    """What a reranker reads: a text under its title and headings."""
    path = " > ".join(dict.fromkeys((passage.title, *passage.heading)))
    return f"{path}\n\n{passage.text}"


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
