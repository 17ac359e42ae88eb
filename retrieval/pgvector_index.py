"""PostgreSQL with pgvector: an index is a table, and a search one statement.

Meaning goes through HNSW, words through GIN and a sparse vector, each under the reader's filter; both
are fused by rank. HNSW scans on (``iterative_scan``) until a reader's list is full, however little of
what is near that reader may read.
"""

import asyncio
import math
import re
import time
import uuid
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import psycopg
from pgvector import SparseVector, Vector
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection, sql
from psycopg.types.json import Json
from psycopg_pool import AsyncConnectionPool

from retrieval import pgvector_sql
from retrieval.encoding import Sparse
from retrieval.index import Edition, EncodedPassage, Hit, IndexNote, PassageName, StoredPassage, best_first
from retrieval.payload import is_uuid, payload_of, slug, stored_passage
from retrieval.pgvector_sql import HNSW_DIMENSIONS, WORD_PLACES, WORD_SHIFT
from retrieval.ranks import RRF_K, branch_limit, rank_score
from wire.errors import SettingsError, UnavailableError
from wire.settings import StoreKind

PASSAGES_PER_WRITE = 100
CALL_WITHIN_S = 30.0
MAKE_WITHIN_S = 300.0
"""For a table and its indexes, which another worker may be making: they wait for each other."""
CONNECT_WITHIN_S = 10
NOT_OVER_TLS = re.compile("certificate verify failed|root certificate|server certificate|not support SSL")
"""The client library's own words, which it has no codes for."""
COUNTED_FOR_S = 10.0
READERS_COUNTED = 1000
WAITING = 200
"""Calls that may wait for a connection, before the next is refused."""

# A strict filter makes HNSW look further, up to these bounds, rather than come back with too little; a
# plan is made for each filter, since what is right for "public" is wrong for a reader of three documents.
SESSION = {
    "statement_timeout": f"{CALL_WITHIN_S:.0f}s",
    "plan_cache_mode": "force_custom_plan",
    # There is an index for everything we ask. How many passages hold a word the planner can only guess, and
    # it guesses so high that it would rather read them all.
    "enable_seqscan": "off",
    "hnsw.iterative_scan": "strict_order",
    "hnsw.ef_search": "200",
    "hnsw.max_scan_tuples": "200000",
    "hnsw.scan_mem_multiplier": "8",
}

Pool = AsyncConnectionPool[AsyncConnection[tuple[Any, ...]]]


class PgvectorIndex:
    """The index port on a table; `PgvectorStore.open` makes one."""

    def __init__(self, pool: Pool, table: str, *, name: str) -> None:
        self._pool = pool
        self._table = sql.Identifier(table)
        self._name = name
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
            async with _connection(self._pool) as connection, connection.transaction():
                cursor = connection.cursor()
                some = rows[start : start + PASSAGES_PER_WRITE]
                await cursor.executemany(self._sql(pgvector_sql.UPSERT), some)

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
        """Nothing: PostgreSQL's own vacuum reclaims what is deleted."""

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
        async with _connection(self._pool) as connection:
            cursor = await connection.execute(self._sql(statement, may_read), asked, binary=True)
            return await cursor.fetchall() if cursor.description else []

    def _sql(self, statement: str, may_read: str = pgvector_sql.MAY_READ) -> sql.Composed:
        return sql.SQL(statement).format(
            table=self._table,
            may_read=sql.SQL(may_read),
            word_places=sql.Literal(WORD_PLACES),
        )


class PgvectorStore:
    """The store port on a database; `open_pgvector_store` makes one."""

    kind: StoreKind = "pgvector"

    def __init__(self, pool: Pool, *, prefix: str) -> None:
        self._pool = pool
        self._prefix = prefix

    async def notes(self) -> list[IndexNote]:
        """Read from the table of notes."""
        async with _connection(self._pool) as connection:
            cursor = await connection.execute(self._sql(pgvector_sql.NOTES))
            return [IndexNote(**note) for (note,) in await cursor.fetchall()]

    async def write_note(self, note: IndexNote) -> None:
        """Into the table of notes."""
        async with _connection(self._pool) as connection:
            await connection.execute(self._sql(pgvector_sql.PUT_NOTE), _noted(note))

    @asynccontextmanager
    async def open(self, *, fingerprint: str, dimensions: int) -> AsyncIterator[PgvectorIndex]:
        """Make the table where there is none; workers that come at once wait for the one that does."""
        made_now = IndexNote(name=uuid.uuid4().hex, fingerprint=fingerprint, dimensions=dimensions)
        async with _connection(self._pool, within_s=MAKE_WITHIN_S) as connection, connection.transaction():
            await connection.execute(f"set local statement_timeout = '{MAKE_WITHIN_S:.0f}s'")
            await _lock(connection, self._prefix)
            await connection.execute(self._sql(pgvector_sql.FIRST_NOTE), _noted(made_now))
            cursor = await connection.execute(self._sql(pgvector_sql.NOTE_OF), {"fingerprint": fingerprint})
            row = await cursor.fetchone()
            note = IndexNote(**row[0]) if row else made_now
            await self._make(connection, note)
        yield PgvectorIndex(self._pool, self._table(fingerprint), name=note.name)

    async def remove(self, fingerprint: str) -> None:
        """Drop its table, and its note with it."""
        async with _connection(self._pool) as connection, connection.transaction():
            await connection.execute(self._sql(pgvector_sql.FORGET_NOTE), {"fingerprint": fingerprint})
            await connection.execute(self._sql(pgvector_sql.DROP, table=self._table(fingerprint)))

    async def _make(self, connection: AsyncConnection[Any], note: IndexNote) -> None:
        table = self._table(note.fingerprint)
        cursor = await connection.execute(pgvector_sql.IS_MADE, {"name": table})
        if (await cursor.fetchone() or (False,))[0]:
            # Whole: it was made in one transaction. To look at it again would lock others out.
            return
        names = {f"{what}_index": f"{table}_{what}" for what in ("allow", "terms", "key", "digest", "dense")}
        make = sql.SQL(pgvector_sql.MAKE_TABLE).format(
            table=sql.Identifier(table), dimensions=sql.Literal(note.dimensions)
        )
        await connection.execute(make)
        await connection.execute(self._sql(pgvector_sql.KEEP_NEAR, table=table))
        hnsw = (pgvector_sql.MAKE_HNSW,) if note.dimensions <= HNSW_DIMENSIONS else ()
        for statement in (*pgvector_sql.MAKE_INDEXES, *hnsw):
            await connection.execute(self._sql(statement, table=table, **names))

    def _table(self, fingerprint: str) -> str:
        return f"{self._prefix}_{slug(fingerprint)}"

    def _sql(self, statement: str, **names: str) -> sql.Composed:
        identifiers = {name: sql.Identifier(value) for name, value in names.items()}
        return sql.SQL(statement).format(notes=sql.Identifier(f"{self._prefix}_indexes"), **identifiers)


@asynccontextmanager
async def open_pgvector_store(url: str, *, prefix: str, connections: int) -> AsyncIterator[PgvectorStore]:
    """Connect, and see that the extension and the table of notes are there, for as long as the block lasts.

    Args:
        url: with user, password and database.
        prefix: begins the tables' names.
        connections: at the most, at a time.

    Raises:
        SettingsError: the user may not make tables there, or the database can't have pgvector.
        UnavailableError: it does not answer, or not this user.
    """
    await _prepare(url, prefix=prefix)
    pool: Pool = AsyncConnectionPool(
        url,
        kwargs={"autocommit": True, "application_name": "answerdesk", "connect_timeout": CONNECT_WITHIN_S},
        min_size=1,
        max_size=connections,
        max_waiting=WAITING,
        timeout=CALL_WITHIN_S,
        configure=_configure,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    async with pool:
        yield PgvectorStore(pool, prefix=prefix)


async def _prepare(url: str, *, prefix: str) -> None:
    try:
        async with (
            asyncio.timeout(CALL_WITHIN_S),
            await AsyncConnection.connect(url, connect_timeout=CONNECT_WITHIN_S) as connection,
        ):
            await _lock(connection, prefix)
            await connection.execute("create extension if not exists vector")
            notes = sql.Identifier(f"{prefix}_indexes")
            await connection.execute(sql.SQL(pgvector_sql.MAKE_NOTES).format(notes=notes))
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.FeatureNotSupported) as error:
        raise SettingsError(
            "POSTGRES_URL: this user may not set up the database; let a superuser run "
            "CREATE EXTENSION vector there (pgvector 0.8 or newer), and give the user CREATE on a schema"
        ) from error
    except psycopg.OperationalError as error:
        if NOT_OVER_TLS.search(str(error)):
            raise SettingsError(
                "POSTGRES_URL: the server is there, but not over TLS as sslmode and sslrootcert ask: another "
                "authority vouches for it, it calls itself otherwise, or it speaks no TLS"
            ) from None
        # While it connects, PostgreSQL tells a wrong password from a server that is away in words alone.
        raise UnavailableError(
            "PostgreSQL can't be reached, or knows no such user, password or database as POSTGRES_URL says",
            service="index",
        ) from None
    except (psycopg.Error, TimeoutError) as error:
        raise _away(error) from None


async def _configure(connection: AsyncConnection[Any]) -> None:
    await register_vector_async(connection)
    for name, value in SESSION.items():
        await connection.execute("select set_config(%s, %s, false)", (name, value))


async def _lock(connection: AsyncConnection[Any], prefix: str) -> None:
    """Until the transaction ends: "if not exists" alone fails where two do it at once."""
    await connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (prefix,))


@asynccontextmanager
async def _connection(
    pool: Pool, *, within_s: float = CALL_WITHIN_S
) -> AsyncIterator[AsyncConnection[tuple[Any, ...]]]:
    try:
        async with asyncio.timeout(within_s), pool.connection() as connection:
            yield connection
    except (psycopg.Error, TimeoutError) as error:
        # Not from it: PostgreSQL's errors may quote the row that they are about.
        raise _away(error) from None


def _away(error: psycopg.Error | TimeoutError) -> UnavailableError:
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    return UnavailableError(
        f"the index failed (PostgreSQL's {state or type(error).__name__})", service="index"
    )


def _check(principals: Sequence[str]) -> None:
    if not principals:
        raise ValueError("a search without principals")


def _noted(note: IndexNote) -> dict[str, Any]:
    return {"fingerprint": note.fingerprint, "note": Json(asdict(note))}


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
