"""PostgreSQL with pgvector: an index is a table, and a search one statement.

Meaning goes through HNSW, words through GIN and a sparse vector, each under the reader's filter; both
are fused by rank. HNSW scans on (``iterative_scan``) until a reader's list is full, however little of
what is near that reader may read.
"""

import asyncio
import math
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from pgvector import SparseVector, Vector
from psycopg import AsyncConnection, sql
from psycopg.types.json import Json
from psycopg_pool import AsyncConnectionPool

from retrieval import pgvector_sql
from retrieval.encoding import Sparse
from retrieval.index import Edition, EncodedPassage, Hit, PassageName, StoredPassage, best_first
from retrieval.payload import is_uuid, payload_of, stored_passage
from retrieval.pgvector_sql import WORD_PLACES, WORD_SHIFT
from retrieval.ranks import RRF_K, branch_limit, rank_score
from wire.errors import UnavailableError

PASSAGES_PER_WRITE = 100
CALL_WITHIN_S = 30.0
COUNTED_FOR_S = 10.0
READERS_COUNTED = 1000
ANALYZE_AFTER = 1000
"""Passages written since the planner's statistics were made; to make them takes 0.4 s at 50,000 passages."""

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


class PgvectorIndex:
    """The index port on a table; `PgvectorStore.open` makes one."""

    def __init__(self, pool: Pool, table: str, *, name: str) -> None:
        self._pool = pool
        self._table = sql.Identifier(table)
        self._gin_indexes = [f"{table}_allow", f"{table}_terms"]
        self._name = name
        self._written = self._unanalyzed = 0
        self._counted: dict[tuple[Any, ...], tuple[float, int]] = {}

    @property
    def name(self) -> str:
        """Of this table's content."""
        return self._name

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        """Write these passages, a hundred in a transaction."""
        # Always in the same order, or two writers of the same passages could wait for each other.
        rows = sorted((_row(passage) for passage in passages), key=lambda row: str(row["id"]))
        for start in range(0, len(rows), PASSAGES_PER_WRITE):
            async with connected(self._pool) as connection, connection.transaction():
                cursor = connection.cursor()
                some = rows[start : start + PASSAGES_PER_WRITE]
                await cursor.executemany(self._sql(pgvector_sql.UPSERT), some)
            self._written += len(some)

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these passages."""
        if ids:
            await self._fetch(pgvector_sql.DELETE, {"ids": sorted(ids)})

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
        """Both branches, their fusion and each hit's own scores, in one statement."""
        _check(principals)
        branches = (dense is not None) + bool(sparse.indices)
        if not branches:
            return []
        may_read = pgvector_sql.MAY_READ
        if sources is not None:
            may_read += pgvector_sql.OF_SOURCES
        reader = {"principals": list(principals), "sources": None if sources is None else list(sources)}
        readable = await self._readable(may_read, reader) if sparse.indices else 0
        if without:
            may_read += pgvector_sql.NOT_OF_EDITIONS
        asked = {
            "dense": None if dense is None else Vector(list(dense)),
            "terms": [word - WORD_SHIFT for word in sparse.indices],
            # pgvector counts places from 1 where they are written as text.
            "places": [word % WORD_PLACES + 1 for word in sparse.indices],
            "weights": sparse.values,
            **reader,
            "readable": readable,
            "without_keys": [key for key, _ in without],
            "without_editions": [edition for _, edition in without],
            "branch": branch_limit(limit),
            "rrf_k": RRF_K,
            "limit": limit,
        }
        rows = await self._fetch(pgvector_sql.SEARCH, asked, may_read=may_read)
        return best_first(
            Hit(
                passage=stored_passage(str(known), payload),
                score=rank_score(score, branches=branches),
                cosine=cosine,
                words=words,
            )
            for known, payload, score, cosine, words in rows
        )

    async def readable(self, *, ids: Sequence[str], principals: Sequence[str]) -> list[StoredPassage]:
        """Look the ids up under the readers' filter."""
        _check(principals)
        wanted = [known for known in ids if is_uuid(known)]
        rows = await self._fetch(pgvector_sql.READABLE, {"ids": wanted, "principals": list(principals)})
        return [stored_passage(str(known), payload) for known, payload in rows]

    async def vectors(self, digests: Sequence[str]) -> dict[str, list[float]]:
        """Look them up together, one passage each."""
        if not digests:
            return {}
        rows = await self._fetch(pgvector_sql.VECTORS, {"digests": list(digests)})
        return {digest: dense.to_list() for digest, dense in rows}

    async def names(self, *, key: str) -> list[PassageName]:
        """Every passage of one document."""
        return [_name(row) for row in await self._fetch(pgvector_sql.NAMES, {"key": key})]

    async def all_names(self, *, after: str | None, limit: int) -> tuple[list[PassageName], str | None]:
        """A page of every passage there is, in the order of their ids."""
        named = [
            _name(row) for row in await self._fetch(pgvector_sql.ALL_NAMES, {"after": after, "limit": limit})
        ]
        return named, named[-1].id if len(named) == limit else None

    async def copies(self, *, after: str | None, limit: int) -> tuple[list[EncodedPassage], str | None]:
        """A page of everything there is."""
        rows = await self._fetch(pgvector_sql.COPIES, {"after": after, "limit": limit})
        copied = [_encoded(row) for row in rows]
        return copied, copied[-1].passage.id if len(copied) == limit else None

    async def count(self) -> int:
        """How many passages there are."""
        ((passages,),) = await self._fetch(pgvector_sql.COUNT, {})
        return int(passages)

    async def settle(self) -> None:
        """What else waits for PostgreSQL's own vacuum, a minute or more; that reclaims what is deleted.

        Until then every search goes through the words and readers that were written last one by one, and
        the planner knows nothing of a table that was just filled.
        """
        written, self._written = self._written, 0
        self._unanalyzed += written
        if written:
            await self._fetch(pgvector_sql.TIDY, {"indexes": self._gin_indexes})
        elif self._unanalyzed >= ANALYZE_AFTER:
            self._unanalyzed = 0
            await self._fetch(pgvector_sql.ANALYZE, {})

    async def _readable(self, may_read: str, reader: Mapping[str, Any]) -> int:
        """How many passages this reader may read, as of ten seconds ago: against it words' rarity is held.

        To count them anew takes longer than the rest of a search, and changes next to nothing.
        """
        now, known = time.monotonic(), (tuple(reader["principals"]), tuple(reader["sources"] or ()), may_read)
        counted_at, passages = self._counted.get(known, (-math.inf, 0))
        if now - counted_at > COUNTED_FOR_S:
            ((passages,),) = await self._fetch(pgvector_sql.COUNT_READABLE, reader, may_read=may_read)
            if len(self._counted) >= READERS_COUNTED:
                self._counted.clear()
            self._counted[known] = (now, passages)
        return passages

    async def _fetch(
        self, statement: str, asked: Mapping[str, Any], *, may_read: str = pgvector_sql.MAY_READ
    ) -> list[tuple[Any, ...]]:
        async with connected(self._pool) as connection:
            cursor = await connection.execute(self._sql(statement, may_read), asked, binary=True)
            return await cursor.fetchall() if cursor.description else []

    def _sql(self, statement: str, may_read: str = pgvector_sql.MAY_READ) -> sql.Composed:
        return sql.SQL(statement).format(
            table=self._table,
            may_read=sql.SQL(may_read),
            word_places=sql.Literal(WORD_PLACES),
        )


@asynccontextmanager
async def connected(
    pool: Pool, *, within_s: float = CALL_WITHIN_S
) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
    """One of the pool's, in time, and what is done with it too.

    Raises:
        UnavailableError: there is none, or the database fails or says no.
    """
    try:
        async with asyncio.timeout(within_s), pool.connection() as connection:
            yield connection
    except (psycopg.Error, TimeoutError) as error:
        # Not from it: PostgreSQL's errors may quote the row that they are about.
        raise away(error) from None


def away(error: psycopg.Error | TimeoutError) -> UnavailableError:
    """For any of its errors, by PostgreSQL's code where it has one."""
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return UnavailableError(
        f"the index failed (PostgreSQL's {state or type(error).__name__})", service="index"
    )


def _check(principals: Sequence[str]) -> None:
    if not principals:
        raise ValueError("a search without principals")


def _row(encoded: EncodedPassage) -> dict[str, Any]:
    payload = payload_of(encoded)
    weights: dict[int, float] = {}
    for word, weight in zip(encoded.sparse.indices, encoded.sparse.values, strict=True):
        place = word % WORD_PLACES
        weights[place] = weights.get(place, 0.0) + weight
    return {
        "id": uuid.UUID(encoded.passage.id),
        "terms": [word - WORD_SHIFT for word in encoded.sparse.indices],
        "words": SparseVector(weights, WORD_PLACES),
        "dense": Vector(list(encoded.dense)),
        "payload": Json(payload),
        **{column: payload[column] for column in ("key", "edition", "source", "allow", "digest")},
    }


def _name(row: tuple[Any, ...]) -> PassageName:
    known, key, edition = row
    return PassageName(id=str(known), key=key, edition=edition)


def _encoded(row: tuple[Any, ...]) -> EncodedPassage:
    known, payload, dense, words, terms = row
    weights = dict(zip(words.indices(), words.values(), strict=True))
    indices = [term + WORD_SHIFT for term in terms]
    return EncodedPassage(
        passage=stored_passage(str(known), payload),
        dense=dense.to_list(),
        sparse=Sparse(indices, [weights.get(word % WORD_PLACES, 0.0) for word in indices]),
        digest=payload["digest"] or "",
    )
