"""A worker's side of ``retrieval.search`` and ``retrieval.passages``: the same wire shapes over real NATS.

It ranks by shared words, which is enough to say who may read what and what stands in which order.
"""

import math
import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from nats.aio.client import Client

from bot.answering.quoting import pieces
from wire import subjects
from wire.errors import UnavailableError
from wire.nats_service import serving
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
from wire.shapes import Shape, read_shape

VECTOR_SIZE = 256
TIMINGS = SearchTimings(embed=1.0, search=1.0, total=2.0)


def words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.lower()))


def vector(text: str) -> tuple[float, ...]:
    """As near to another text's as they have words in common; the same in every process."""
    places = [0.0] * VECTOR_SIZE
    for word in words(text):
        places[zlib.crc32(word.encode()) % VECTOR_SIZE] += 1.0
    length = math.hypot(*places) or 1.0
    return tuple(place / length for place in places)


def passage(
    text: str,
    *,
    document: str = "leave-policy",
    title: str = "Leave policy",
    version: int = 1,
    ordinal: int = 0,
    heading: tuple[str, ...] = (),
    highlights: tuple[Highlight, ...] | None = None,
) -> Passage:
    return Passage(
        id=f"handbook/{document}/{version}/{ordinal}",
        source="handbook",
        document=document,
        version=version,
        title=title,
        url=f"https://docs.example.com/{document}",
        heading=heading,
        ordinal=ordinal,
        text=text,
        score=0.0,
        updated_at=datetime(2026, 11, 1, tzinfo=UTC),
        highlights=highlights,
    )


@dataclass
class RetrievalStandIn:
    """Passages with those who may read them; to be changed at will while it serves."""

    shelf: list[tuple[Passage, frozenset[str]]] = field(default_factory=list)
    searches: list[SearchRequest] = field(default_factory=list)
    away: bool = False
    pending: int = 0
    lag_seconds: float = 0.0

    def put(self, *passages: Passage, allow: frozenset[str] = frozenset({"public"})) -> None:
        self.shelf.extend((passage, allow) for passage in passages)

    def remove(self, document: str) -> None:
        self.shelf = [(kept, allow) for kept, allow in self.shelf if kept.document != document]

    def readable(self, principals: tuple[str, ...]) -> list[Passage]:
        return [passage for passage, allow in self.shelf if not allow.isdisjoint(principals)]

    async def search(self, data: bytes) -> Shape:
        request = read_shape(SearchRequest, data)
        self.searches.append(request)
        if self.away:
            raise UnavailableError("the index is away", service="index")
        asked = words(request.query)
        scored = [
            passage.model_copy(
                update={
                    "score": len(asked & words(passage.text + passage.title)) / max(1, len(asked)),
                    "highlights": _highlights(passage, asked) if request.with_highlights else None,
                }
            )
            for passage in self.readable(request.principals)
            if request.sources is None or passage.source in request.sources
        ]
        best = sorted(scored, key=lambda passage: passage.score, reverse=True)[: request.limit]
        return SearchReply(
            passages=tuple(best),
            relevance=best[0].score if best else 0.0,
            index=IndexFreshness(pending=self.pending, lag_seconds=self.lag_seconds),
            timings_ms=TIMINGS,
            query_vector=vector(request.query) if request.with_vector else None,
        )

    async def passages(self, data: bytes) -> Shape:
        request = read_shape(PassagesRequest, data)
        readable = {passage.id: passage for passage in self.readable(request.principals)}
        asked = [readable[id_] for id_ in request.ids if id_ in readable]
        beside = [
            near
            for near in readable.values()
            for one in asked
            if near.document == one.document and 0 < abs(near.ordinal - one.ordinal) <= request.neighbours
        ]
        return PassagesReply(passages=tuple({found.id: found for found in (*asked, *beside)}.values()))


def _highlights(passage: Passage, asked: set[str]) -> tuple[Highlight, ...]:
    return tuple(
        Highlight(
            start=piece.start,
            end=piece.end,
            score=len(asked & words(passage.text[piece.start : piece.end])) / max(1, len(asked)),
        )
        for piece in pieces(passage.text)
    )


@asynccontextmanager
async def retrieval_stand_in(client: Client) -> AsyncIterator[RetrievalStandIn]:
    stand_in = RetrievalStandIn()
    endpoints = {
        subjects.RETRIEVAL_SEARCH: stand_in.search,
        subjects.RETRIEVAL_PASSAGES: stand_in.passages,
    }
    async with serving(client, name="retrieval", endpoints=endpoints, at_once=8, within_s=5):
        yield stand_in
