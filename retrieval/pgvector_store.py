"""A PostgreSQL database's tables with pgvector: one for each index, made, noted and dropped."""

import asyncio
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Any

import psycopg
from pgvector.psycopg import register_vector_async
from psycopg import AsyncConnection, sql
from psycopg.types.json import Json
from psycopg_pool import AsyncConnectionPool

from retrieval import pgvector_sql
from retrieval.index import IndexNote
from retrieval.payload import slug
from retrieval.pgvector_index import CALL_WITHIN_S, PgvectorIndex, Pool, away, connected
from retrieval.pgvector_sql import HNSW_DIMENSIONS
from wire.errors import SettingsError, UnavailableError
from wire.settings import StoreKind

MAKE_WITHIN_S = 300.0
"""For a table and its indexes, which another worker may be making: they wait for each other."""
CONNECT_WITHIN_S = 10
NOT_OVER_TLS = re.compile("certificate verify failed|root certificate|server certificate|not support SSL")
TLS_FILE = re.compile(r'(?:certificate|private key) file "([^"]+)"')
"""The client library's own words, which it has no codes for."""
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
    # A row by an index costs little more than the next one: in memory, or on what has no moving parts. Else
    # the planner may read all that is public and look for the words in each, which its index knows at once.
    "random_page_cost": "1.1",
    # To compile a search takes longer than to run it, however dear the planner thinks it.
    "jit": "off",
    "hnsw.iterative_scan": "strict_order",
    "hnsw.ef_search": "200",
    "hnsw.max_scan_tuples": "200000",
    "hnsw.scan_mem_multiplier": "8",
}


class PgvectorStore:
    """The store port on a database; `open_pgvector_store` makes one."""

    kind: StoreKind = "pgvector"

    def __init__(self, pool: Pool, *, prefix: str) -> None:
        self._pool = pool
        self._prefix = prefix

    async def notes(self) -> list[IndexNote]:
        """Read from the table of notes."""
        async with connected(self._pool) as connection:
            cursor = await connection.execute(self._sql(pgvector_sql.NOTES))
            return [IndexNote(**note) for (note,) in await cursor.fetchall()]

    async def write_note(self, note: IndexNote) -> None:
        """Into the table of notes."""
        async with connected(self._pool) as connection:
            await connection.execute(self._sql(pgvector_sql.PUT_NOTE), _noted(note))

    @asynccontextmanager
    async def open(self, *, fingerprint: str, dimensions: int) -> AsyncIterator[PgvectorIndex]:
        """Make the table where there is none; workers that come at once wait for the one that does."""
        made_now = IndexNote(name=uuid.uuid4().hex, fingerprint=fingerprint, dimensions=dimensions)
        async with connected(self._pool, within_s=MAKE_WITHIN_S) as connection, connection.transaction():
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
        async with connected(self._pool) as connection, connection.transaction():
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
        raise _not_let_in(str(error)) from None
    except (psycopg.Error, TimeoutError) as error:
        raise away(error) from None


def _not_let_in(said: str) -> SettingsError | UnavailableError:
    """While it connects, PostgreSQL tells one reason from another in words alone."""
    if file := TLS_FILE.search(said):
        return SettingsError(
            f"POSTGRES_URL: TLS as it asks for it needs the file {file[1]}, which is not there or can't be "
            "used; sslrootcert, sslcert and sslkey name such files"
        )
    if NOT_OVER_TLS.search(said):
        return SettingsError(
            "POSTGRES_URL: the server is there, but not over TLS as sslmode and sslrootcert ask: another "
            "authority vouches for it, it calls itself otherwise, or it speaks no TLS"
        )
    return UnavailableError(
        "PostgreSQL can't be reached, or knows no such user, password or database as POSTGRES_URL says",
        service="index",
    )


async def _configure(connection: AsyncConnection[Any]) -> None:
    await register_vector_async(connection)
    for name, value in SESSION.items():
        await connection.execute("select set_config(%s, %s, false)", (name, value))


async def _lock(connection: AsyncConnection[Any], prefix: str) -> None:
    """Until the transaction ends: "if not exists" alone fails where two do it at once."""
    await connection.execute("select pg_advisory_xact_lock(hashtext(%s))", (prefix,))


def _noted(note: IndexNote) -> dict[str, Any]:
    return {"fingerprint": note.fingerprint, "note": Json(asdict(note))}
