"""An index copied between real stores, and what a worker then makes of it."""

import asyncio
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from nats.aio.client import Client
from rich.console import Console

from desk.migrating import PAGE, Migrated, migrate_index
from desk.serving import opened, to_serve_first
from desk.terminal import Terminal
from retrieval.index import EncodedPassage
from retrieval.nats_served import Served, open_served
from retrieval.stores import open_store
from tests.another_model import make_another_model
from tests.contract.retrieval.stored_passages import found, passage
from tests.contract.retrieval.stores_under_test import any_prefix, running_postgres
from tests.until import until
from wire.errors import AnswerdeskError, SettingsError, UnavailableError
from wire.settings import Settings, StoreKind

MODEL = {"fingerprint": "a model", "dimensions": 3}


@pytest.fixture(scope="module")
def postgres_url() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture
def settings(postgres_url: str, tmp_path: Path) -> Settings:
    return Settings(_env_file=None, data_dir=tmp_path, postgres_url=postgres_url, index_prefix=any_prefix())


async def migrated(settings: Settings, source: StoreKind, target: StoreKind) -> Migrated:
    terminal = Terminal(Console(file=StringIO()))
    return await migrate_index(settings, source=source, target=target, terminal=terminal)


async def put(settings: Settings, kind: StoreKind, *passages: EncodedPassage) -> str:
    async with open_store(settings, kind=kind) as store, store.open(**MODEL) as index:  # type: ignore[arg-type]
        await index.upsert(passages)
        return index.name


async def held(settings: Settings, kind: StoreKind) -> set[str]:
    async with open_store(settings, kind=kind) as store, store.open(**MODEL) as index:  # type: ignore[arg-type]
        names, _ = await index.all_names(after=None, limit=10_000)
        return {name.id for name in names}


async def test_everything_is_in_the_copy_and_is_found_there(settings: Settings) -> None:
    many = [passage("long", ordinal=n, words=(2,), dense=(0.0, 1.0, 0.0)) for n in range(PAGE + 100)]
    await put(settings, "edge", *many, passage("leave"), passage("board", allow=("user:U1",)))
    report = await migrated(settings, "edge", "pgvector")
    assert (report.indexes, report.passages, report.copied) == (1, PAGE + 102, PAGE + 102)
    assert await held(settings, "pgvector") == await held(settings, "edge")
    async with open_store(settings, kind="pgvector") as store, store.open(**MODEL) as index:  # type: ignore[arg-type]
        assert (await found(index))[0] == "leave"
        assert (await found(index, principals=("user:U1",))) == ["board"]


async def test_a_copy_that_was_broken_off_goes_on_and_follows_what_has_changed(settings: Settings) -> None:
    """As after a kill: half is there, and the note says that it is no more than half."""
    many = [passage(f"document {n}") for n in range(PAGE + 200)]
    await put(settings, "edge", *many)
    copying = asyncio.create_task(migrated(settings, "edge", "pgvector"))

    async def some() -> int:
        async with open_store(settings, kind="pgvector") as store:
            if not await store.notes():
                return 0
            async with store.open(**MODEL) as index:  # type: ignore[arg-type]
                return await index.count()

    async def begun() -> bool:
        return copying.done() or bool(await some())

    await until(begun, within_s=60)
    copying.cancel()
    await asyncio.gather(copying, return_exceptions=True)
    there = await some()
    async with open_store(settings, kind="edge") as store, store.open(**MODEL) as index:  # type: ignore[arg-type]
        await index.delete([one.passage.id for one in many[:50]])
        await index.upsert([passage("new")])
    report = await migrated(settings, "edge", "pgvector")
    assert report.passages == PAGE + 151
    assert report.copied == report.passages + report.removed - there
    assert await held(settings, "pgvector") == await held(settings, "edge")
    again = await migrated(settings, "edge", "pgvector")
    assert (again.copied, again.removed) == (0, 0)


async def test_an_index_of_its_own_is_not_written_over_but_the_way_back_is_open(settings: Settings) -> None:
    await put(settings, "edge", passage("leave"))
    await put(settings, "pgvector", passage("travel"))
    with pytest.raises(AnswerdeskError, match="pgvector holds another index of 1 passages"):
        await migrated(settings, "edge", "pgvector")
    elsewhere = settings.model_copy(update={"index_prefix": any_prefix()})
    await migrated(elsewhere, "edge", "pgvector")
    await put(elsewhere, "pgvector", passage("travel"))
    report = await migrated(elsewhere, "pgvector", "edge")
    assert (report.passages, report.copied) == (2, 1)


async def test_what_cannot_be_copied_is_said(settings: Settings) -> None:
    with pytest.raises(AnswerdeskError, match="no index in edge"):
        await migrated(settings, "edge", "pgvector")
    with pytest.raises(AnswerdeskError, match="two different stores"):
        await migrated(settings, "edge", "edge")
    with pytest.raises(SettingsError, match="QDRANT_URL"):
        await migrated(settings, "edge", "qdrant")
    nowhere = settings.model_copy(update={"qdrant_url": "http://127.0.0.1:1"})
    with pytest.raises(UnavailableError):
        await migrated(nowhere, "edge", "qdrant")
    async with open_store(settings, kind="edge"):
        with pytest.raises(SettingsError, match="open in another process"):
            await migrated(settings, "edge", "pgvector")


async def test_a_worker_turns_to_a_whole_copy_and_to_nothing_that_has_missed_something(
    client: Client, settings: Settings
) -> None:
    record = await open_served(client)

    async def start(kind: StoreKind) -> tuple[Served | None, Served | None]:
        """What a worker with that store would serve first, and what the record says afterwards."""
        async with (
            open_store(settings, kind=kind) as store,
            opened(store, settings=settings, kind=kind) as pair,
        ):
            first = await to_serve_first(record, store=store, pair=pair, settings=settings)
            return first, (await record.look_up())[0]

    first, original = await start("edge")
    assert (first, original and original.store) == (None, "edge")
    with pytest.raises(SettingsError, match="migrate-index edge pgvector"):
        await start("pgvector")
    await migrated(settings, "edge", "pgvector")
    with pytest.raises(SettingsError, match="copied to another store"):
        await start("edge")
    first, copy = await start("pgvector")
    assert (first, copy and copy.store) == (None, "pgvector")
    with pytest.raises(SettingsError, match="copied to another store"):
        await start("edge")
    await migrated(settings, "pgvector", "edge")
    first, back = await start("edge")
    assert (first, back and back.store) == (None, "edge")
    with pytest.raises(SettingsError, match="copied to another store"):
        await start("pgvector")
    await migrated(settings, "edge", "pgvector")
    first, there = await start("pgvector")
    assert (first, there and there.store) == (None, "pgvector"), "there and back as often as wanted"


async def test_a_copy_is_not_made_anew_over_what_it_was_told_since(settings: Settings) -> None:
    await put(settings, "edge", passage("leave"))
    await migrated(settings, "edge", "pgvector")
    await put(settings, "pgvector", passage("travel"))
    report = await migrated(settings, "edge", "pgvector")
    assert (report.passages, report.copied, report.removed) == (2, 0, 0)


async def test_a_former_index_that_was_copied_away_answers_no_longer(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    record = await open_served(client)
    another = settings.model_copy(update={"embedding_model": str(make_another_model(tmp_path / "model"))})

    async def start(given: Settings) -> Served | None:
        async with (
            open_store(given, kind="edge") as store,
            opened(store, settings=given, kind="edge") as pair,
        ):
            return await to_serve_first(record, store=store, pair=pair, settings=given)

    assert await start(settings) is None
    await migrated(settings, "edge", "pgvector")
    with pytest.raises(SettingsError, match="copied to another store"):
        await start(another)


async def test_an_index_that_was_being_built_moves_along_with_the_one_that_answers(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    record = await open_served(client)
    another = settings.model_copy(update={"embedding_model": str(make_another_model(tmp_path / "model"))})

    async def start(given: Settings, kind: StoreKind) -> tuple[Served | None, str]:
        """What a worker would serve first, and its own index's name."""
        async with open_store(given, kind=kind) as store, opened(store, settings=given, kind=kind) as pair:
            first = await to_serve_first(record, store=store, pair=pair, settings=given)
            return first, pair.index.name

    await start(settings, "edge")
    former, _ = await start(another, "edge")
    assert former is not None
    report = await migrated(settings, "edge", "pgvector")
    assert report.indexes == 2
    first, name = await start(another, "pgvector")
    assert first is not None
    assert (first.store, first.model, first.fingerprint) == ("pgvector", former.model, former.fingerprint)
    assert name != first.name != former.name
