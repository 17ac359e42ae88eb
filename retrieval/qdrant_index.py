"""A Qdrant server, or a cluster of them: an index is a collection.

The same engine as Edge and asked the same, but over HTTP, with replicas, and built into HNSW by the server.
"""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from typing import Any, TypeVar, cast

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from retrieval.encoding import Sparse
from retrieval.index import Edition, EncodedPassage, Hit, PassageName, StoredPassage
from retrieval.payload import is_uuid, payload_of, stored_passage
from retrieval.points import (
    NAMES_PER_PAGE,
    POINTS_PER_WRITE,
    every_name,
    hits_of,
    vectors_by_digest,
)
from retrieval.ranks import RRF_K, branch_limit
from wire.errors import UnavailableError

CALL_WITHIN_S = 30.0

T = TypeVar("T")


class QdrantIndex:
    """The index port on a collection; `QdrantStore.open` makes one."""

    def __init__(
        self,
        client: AsyncQdrantClient,
        collection: str,
        *,
        name: str,
        read_from: int | None,
        quantized: bool,
    ) -> None:
        self._client = client
        self._collection = collection
        self._name = name
        self._read_from = read_from
        self._quantized = quantized

    @property
    def name(self) -> str:
        """Of this collection's content."""
        return self._name

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        """Write these passages, a hundred at a time."""
        for start in range(0, len(passages), POINTS_PER_WRITE):
            points = [_point(passage) for passage in passages[start : start + POINTS_PER_WRITE]]
            await called(
                self._client.upsert(self._collection, points, wait=True, ordering=models.WriteOrdering.MEDIUM)
            )

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these passages."""
        for start in range(0, len(ids), POINTS_PER_WRITE):
            some: list[Any] = list(ids[start : start + POINTS_PER_WRITE])
            await called(
                self._client.delete(
                    self._collection,
                    models.PointIdsList(points=some),
                    wait=True,
                    ordering=models.WriteOrdering.MEDIUM,
                )
            )

    async def search(
        self,
        *,
        dense: Sequence[float] | None,
        sparse: Sparse,
        principals: Sequence[str],
        sources: Sequence[str] | None,
        limit: int,
        without: Collection[Edition] = (),
    ) -> list[Hit]:
        """Fuse meaning and words on the server, then ask for each hit's own scores."""
        readable = _readable_by(principals, sources=sources, without=without)
        branches = self._branches(dense, sparse, readable=readable, limit=branch_limit(limit))
        if not branches:
            return []
        (found,) = await self._query(
            models.QueryRequest(
                prefetch=list(branches.values()),
                query=models.RrfQuery(rrf=models.Rrf(k=RRF_K)),
                filter=readable,
                limit=limit,
                with_payload=True,
            )
        )
        if not found:
            return []
        among = _readable_by(principals, sources=sources, ids=[str(point.id) for point in found])
        scored = await self._query(*(_once_more(branch, among=among) for branch in branches.values()))
        scores = {
            name: {point.id: point.score for point in points}
            for name, points in zip(branches, scored, strict=True)
        }
        return hits_of(
            {point.id: point.score for point in found},
            passages={point.id: stored_passage(str(point.id), point.payload or {}) for point in found},
            scores=scores,
        )

    async def readable(self, *, ids: Sequence[str], principals: Sequence[str]) -> list[StoredPassage]:
        """Look the ids up under the readers' filter."""
        wanted = _readable_by(principals, sources=None, ids=[known for known in ids if is_uuid(known)])
        records, _ = await self._scroll(wanted, limit=max(1, len(ids)), with_payload=True)
        return [stored_passage(str(record.id), record.payload or {}) for record in records]

    async def vectors(self, digests: Sequence[str]) -> dict[str, list[float]]:
        """Look them up by an index of digests."""

        async def look_up(some: Sequence[str], limit: int) -> Sequence[models.Record]:
            records, _ = await self._scroll(
                models.Filter(must=[_any_of("digest", some)]),
                limit=limit,
                with_payload=["digest"],
                with_vectors=["dense"],
            )
            return records

        return await vectors_by_digest(digests, look_up)

    async def names(self, *, key: str) -> list[PassageName]:
        """Every passage of one document."""
        wanted = models.Filter(must=[_any_of("key", [key])])
        return await every_name(lambda page: self._names(wanted, after=page, limit=NAMES_PER_PAGE))

    async def all_names(self, *, after: str | None, limit: int) -> tuple[list[PassageName], str | None]:
        """A page of every passage there is."""
        return await self._names(None, after=after, limit=limit)

    async def copies(self, *, after: str | None, limit: int) -> tuple[list[EncodedPassage], str | None]:
        """A page of everything there is."""
        records, page = await self._scroll(
            None, after=after, limit=limit, with_payload=True, with_vectors=True
        )
        return [_encoded(record) for record in records], page

    async def count(self) -> int:
        """How many passages there are."""
        return (await called(self._client.count(self._collection, exact=True))).count

    async def settle(self) -> None:
        """Nothing: the server optimizes by itself."""

    def _branches(
        self, dense: Sequence[float] | None, sparse: Sparse, *, readable: models.Filter, limit: int
    ) -> dict[str, models.Prefetch]:
        branches: dict[str, models.Prefetch] = {}
        if dense is not None:
            # With quantized vectors: the best of them once more, by the vectors themselves.
            again = models.SearchParams(quantization=models.QuantizationSearchParams(rescore=True))
            branches["dense"] = models.Prefetch(
                query=list(dense),
                using="dense",
                filter=readable,
                params=again if self._quantized else None,
                limit=limit,
            )
        if sparse.indices:
            branches["words"] = models.Prefetch(
                query=models.SparseVector(indices=sparse.indices, values=sparse.values),
                using="words",
                filter=readable,
                # Words' rarity is counted among the documents of this reader: others' must not show through.
                params=models.SearchParams(idf=models.IdfCorpusParams(corpus=readable)),
                limit=limit,
            )
        return branches

    async def _query(self, *asked: models.QueryRequest) -> list[list[models.ScoredPoint]]:
        """In one request."""
        answers = await called(
            self._client.query_batch_points(self._collection, asked, consistency=self._read_from)
        )
        return [answer.points for answer in answers]

    async def _scroll(
        self, wanted: models.Filter | None, *, limit: int, after: str | None = None, **what: Any
    ) -> tuple[list[models.Record], str | None]:
        records, page = await called(
            self._client.scroll(
                self._collection,
                scroll_filter=wanted,
                offset=after,
                limit=limit,
                consistency=self._read_from,
                **what,
            )
        )
        return records, None if page is None else str(page)

    async def _names(
        self, wanted: models.Filter | None, *, after: str | None, limit: int
    ) -> tuple[list[PassageName], str | None]:
        records, page = await self._scroll(wanted, after=after, limit=limit, with_payload=["key", "edition"])
        named = [
            PassageName(id=str(record.id), key=payload["key"], edition=payload["edition"])
            for record in records
            if (payload := record.payload)
        ]
        return named, page


async def called(call: Awaitable[T]) -> T:
    """What the server answers, in time.

    Raises:
        UnavailableError: it does not, or says no.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            return await call
    except Exception as error:  # noqa: BLE001 — the client raises its own, httpx's and pydantic's
        # Not from it: the server's answers may quote what was sent.
        raise away(error) from None


def away(error: Exception) -> UnavailableError:
    """For any of the client's many errors."""
    if isinstance(error, ResponseHandlingException):
        return UnavailableError("Qdrant does not answer", service="index")
    status = f"HTTP {error.status_code}" if isinstance(error, UnexpectedResponse) else type(error).__name__
    return UnavailableError(f"the index failed (Qdrant's {status})", service="index")


def _readable_by(
    principals: Sequence[str],
    *,
    sources: Sequence[str] | None,
    ids: Sequence[str] | None = None,
    without: Collection[Edition] = (),
) -> models.Filter:
    if not principals:
        # An empty list of alternatives would depend on how the engine reads it.
        raise ValueError("a search without principals")
    conditions: list[Any] = [_any_of("allow", principals)]
    if sources is not None:
        conditions.append(_any_of("source", sources))
    if ids is not None:
        conditions.append(models.HasIdCondition(has_id=list(ids)))
    left_out: list[Any] = [
        models.Filter(must=[_any_of("key", [key]), _any_of("edition", [edition])]) for key, edition in without
    ]
    return models.Filter(must=conditions, must_not=left_out or None)


def _once_more(branch: models.Prefetch, *, among: models.Filter) -> models.QueryRequest:
    """The same question of a few passages alone."""
    return models.QueryRequest(
        query=branch.query, using=branch.using, params=branch.params, filter=among, limit=branch.limit
    )


def _any_of(field: str, values: Sequence[str]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))


def _point(encoded: EncodedPassage) -> models.PointStruct:
    words = models.SparseVector(indices=encoded.sparse.indices, values=encoded.sparse.values)
    return models.PointStruct(
        id=encoded.passage.id,
        vector={"dense": list(encoded.dense), "words": words},
        payload=payload_of(encoded),
    )


def _encoded(record: models.Record) -> EncodedPassage:
    payload, vector = record.payload or {}, cast("dict[str, Any]", record.vector)
    # A passage without a word that counts has no such vector.
    words = vector.get("words") or models.SparseVector(indices=[], values=[])
    return EncodedPassage(
        passage=stored_passage(str(record.id), payload),
        dense=vector["dense"],
        sparse=Sparse(words.indices, words.values),
        digest=payload["digest"] or "",
    )
