"""What only PostgreSQL has to keep: filters within HNSW, statements that end, a database that comes back."""

import asyncio
import dataclasses
import traceback
from hashlib import sha256

import psycopg
import pytest

from retrieval.encoding import Sparse
from retrieval.index import Index
from retrieval.pgvector_index import ANALYZE_AFTER, PgvectorIndex
from retrieval.pgvector_store import PgvectorStore, open_pgvector_store
from tests.contract.retrieval.stored_passages import found, passage
from tests.contract.retrieval.stores_under_test import any_prefix
from wire.errors import SettingsError, UnavailableError

WITHIN_S = 60.0


async def by_meaning(index: Index) -> int:
    hits = await index.search(
        dense=(1.0, 0.0, 0.0), sparse=Sparse([], []), principals=("user:U1",), sources=None, limit=10
    )
    return len(hits)


async def tell_the_planner(store: PgvectorStore, *settings: str) -> None:
    """In the store's one connection."""
    async with store._pool.connection() as connection:
        for setting in settings:
            await connection.execute(f"set {setting}".encode())


async def test_a_strict_filter_fills_the_list_from_hnsw(postgres_url: str) -> None:
    """With the iterative scan switched off, it does not."""
    theirs = [passage(f"theirs {n}", dense=(1.0, n / 10_000, 0.0)) for n in range(2_000)]
    mine = [passage(f"mine {n}", dense=(0.0, 1.0, n / 100), allow=("user:U1",)) for n in range(20)]
    async with (
        open_pgvector_store(postgres_url, prefix=any_prefix(), connections=1) as store,
        store.open(fingerprint="a model", dimensions=3) as index,
    ):
        await index.upsert([*theirs, *mine])
        await tell_the_planner(store, "enable_seqscan = off", "enable_bitmapscan = off", "enable_sort = off")
        assert await by_meaning(index) == 10
        await tell_the_planner(store, "hnsw.iterative_scan = off")
        assert await by_meaning(index) < 10


async def asked_of(store: PgvectorStore, index: PgvectorIndex, question: str) -> tuple[object, ...]:
    """One row; ``TABLE`` stands for the index's."""
    table = index._table.as_string()
    async with store._pool.connection() as connection:
        answer = await connection.execute(question.replace("TABLE", table).encode())
        return (await answer.fetchone() if answer.description else None) or ()


@pytest.mark.parametrize("words", [100, 200])
async def test_a_search_reads_readers_and_words_in_the_row_and_what_is_long_is_out_of_its_way(
    postgres_url: str, words: int
) -> None:
    """Of a passage as long as real ones: else it is a look-up for each of them, or an unpacking."""
    short = passage(
        "leave",
        words=tuple(range(words)),
        source="the handbook of our people",
        edition="12345678-0123456789abcdef",
    )
    long = dataclasses.replace(
        short,
        passage=dataclasses.replace(short.passage, text=" ".join(f"{n:x}" for n in range(500))),
        dense=[1.0, *(n / 1000 for n in range(383))],
        digest=sha256(b"leave").hexdigest(),
    )
    columns = ("allow", "source", "key", "edition", "digest", "terms", "words", "dense", "payload")
    asked = [f"pg_column_toast_chunk_id({column}) is not null" for column in columns]
    asked.append("pg_column_compression(words) is not null")
    async with (
        open_pgvector_store(postgres_url, prefix=any_prefix(), connections=1) as store,
        store.open(fingerprint="a model", dimensions=384) as index,
    ):
        await index.upsert([long])
        *behind, is_packed = await asked_of(store, index, f"select {', '.join(asked)} from TABLE")  # noqa: S608 — our names
        assert [column for column, away in zip(columns, behind, strict=True) if away] == ["dense", "payload"]
        assert is_packed == (words > 100), "where there is no room otherwise"


async def test_settling_sorts_in_what_was_written_and_tells_the_planner_of_a_table_just_filled(
    postgres_url: str,
) -> None:
    left = """
        select sum(gin_clean_pending_list(indexrelid)) from pg_index
        where indrelid = 'TABLE'::regclass and pg_get_indexdef(indexrelid) like '%USING gin%'
    """
    known = "select count(*) > 0 from pg_stats where tablename = trim('TABLE', '\"')"
    async with (
        open_pgvector_store(postgres_url, prefix=any_prefix(), connections=1) as store,
        store.open(fingerprint="a model", dimensions=3) as index,
    ):
        await asked_of(store, index, "alter table TABLE set (autovacuum_enabled = off)")
        await index.upsert([passage(f"leave {n}") for n in range(ANALYZE_AFTER - 1)])
        await index.settle()
        assert await asked_of(store, index, left) == (0,)
        await index.settle()
        assert await asked_of(store, index, known) == (False,), "not for so few"
        await index.upsert([passage("one more")])
        await index.settle()
        assert await asked_of(store, index, known) == (False,), "not while more is written"
        await index.settle()
        assert await asked_of(store, index, known) == (True,)


async def test_a_search_that_is_cancelled_ends_in_the_database_too(postgres_url: str) -> None:
    prefix = any_prefix()
    async with (
        asyncio.timeout(WITHIN_S),
        open_pgvector_store(postgres_url, prefix=prefix, connections=1) as store,
        store.open(fingerprint="a model", dimensions=3) as index,
        await psycopg.AsyncConnection.connect(postgres_url) as other,
    ):
        await index.upsert([passage("leave")])
        await other.execute(f'lock table "{index._table.as_string()[1:-1]}"'.encode())
        searching = asyncio.create_task(found(index))
        await asyncio.sleep(0.3)
        assert not searching.done(), "it waits for the lock"
        searching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await searching
        await other.rollback()
        assert await found(index) == ["leave"], "the one connection serves the next"


async def test_a_database_that_cuts_every_connection_is_used_again(postgres_url: str) -> None:
    async with (
        open_pgvector_store(postgres_url, prefix=any_prefix(), connections=2) as store,
        store.open(fingerprint="a model", dimensions=3) as index,
        await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin,
    ):
        await index.upsert([passage("leave")])
        for _ in range(3):
            await admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'answerdesk' and pid <> pg_backend_pid()"
            )
            assert await found(index) == ["leave"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@127.0.0.1:1/d",
        "postgresql://nobody:hunter2@/postgres?",
        "postgresql://postgres@/no?",
    ],
    ids=["server", "user", "database"],
)
async def test_a_database_that_is_not_there_is_unavailable_and_its_url_stays_secret(
    postgres_url: str, url: str
) -> None:
    where = postgres_url.partition("?")[2] if url.endswith("?") else ""
    with pytest.raises(UnavailableError, match="POSTGRES_URL") as caught:
        async with open_pgvector_store(url + where, prefix="t", connections=1):
            pass
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


async def test_a_user_who_may_not_make_tables_is_a_setting_to_mend(postgres_url: str) -> None:
    name = any_prefix()
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as admin:
        await admin.execute(f"create role {name} login".encode())
    url = postgres_url.replace("postgres:@", f"{name}:@")
    with pytest.raises(SettingsError, match="POSTGRES_URL"):
        async with open_pgvector_store(url, prefix="t", connections=1):
            pass
