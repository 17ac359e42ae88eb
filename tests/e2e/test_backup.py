"""A backup taken from a running system, everything lost, and the backup put back into a new one."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from io import StringIO
from pathlib import Path

import pytest
from nats.aio.client import Client
from rich.console import Console

from desk.backing_up import back_up
from desk.backup_files import BackupFolder, BackupNote
from desk.restoring import Restored, restore
from desk.terminal import Terminal
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from retrieval.copies_client import CopiesClient
from tests.another_model import make_another_model
from tests.contract.retrieval.stores_under_test import any_prefix, running_postgres
from tests.e2e.worker_process import OwnNats, Worker, found
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged, DocumentDelete, DocumentUpsert
from wire.errors import AnswerdeskError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import SearchRequest

INDEXED_WITHIN_S = 120.0
QUESTIONS = ("how much leave", "who pays for the train", "rule number 7", "parental leave")


def upsert(
    name: str, words: str, *, version: int = 1, allow: tuple[str, ...] = ("public",)
) -> DocumentUpsert:
    body = f"# {name}\n\n{words}\n\n## More\n\nWhat else there is to know about it: {words}"
    return DocumentUpsert(source="handbook", id=name, version=version, body=body, allow=allow)


def delete(name: str, *, version: int) -> DocumentDelete:
    return DocumentDelete(source="handbook", id=name, version=version)


@contextmanager
def own_nats(folder: Path) -> Iterator[OwnNats]:
    nats = OwnNats(folder)
    nats.start()
    try:
        yield nats
    finally:
        nats.kill()


@asynccontextmanager
async def system(folder: Path, **settings: str) -> AsyncIterator[tuple[str, Client]]:
    """A NATS server and a worker, both of their own."""
    folder.mkdir()
    with own_nats(folder / "nats") as nats:
        worker = Worker(nats.url, folder / "data", **settings)
        try:
            async with connected(nats.url, name="test") as client:
                await ensure_topology(client)
                worker.start()
                await found(client, "anything")
                yield nats.url, client
                worker.stop()
        finally:
            worker.kill()


async def index(client: Client, *documents: DocumentChanged) -> None:
    ingest = IngestClient(client)
    for document in documents:
        await ingest.announce(document)
    for document in documents:
        await ingest.wait_until_indexed(document, within_s=INDEXED_WITHIN_S)


async def all_found(client: Client) -> list[list[tuple[str, int, str, float]]]:
    """What each question finds, with its scores."""
    answers = []
    for question in QUESTIONS:
        request = SearchRequest(query=question, principals=("public", "user:U1"), limit=100)
        reply = await RetrievalClient(client, within_s=10).search(request)
        answers.append(
            [(each.document, each.version, each.text, round(each.score, 4)) for each in reply.passages]
        )
    return answers


async def until_passages(client: Client, number: int) -> None:
    async def counted() -> bool:
        return (await CopiesClient(client).page(after=None)).total == number

    await until(counted, within_s=60, every_s=0.2)


async def backed_up(folder: Path, nats_url: str) -> BackupNote:
    return await back_up(folder, nats_url=nats_url, terminal=Terminal(Console(file=StringIO())))


async def restored(folder: Path, nats_url: str) -> Restored:
    return await restore(folder, nats_url=nats_url, terminal=Terminal(Console(file=StringIO())))


HISTORY: tuple[DocumentChanged, ...] = (
    *(upsert(f"rule-{n}", f"Rule number {n} says that {n} people decide.") for n in range(20)),
    upsert("leave", "Everyone has 30 days of leave a year.", version=3),
    upsert("board", "The board has its own parental leave.", allow=("user:U1",)),
    upsert("travel", "The company pays for the train.", version=1),
    delete("travel", version=2),
)


async def test_a_backup_restores_what_was_found_and_what_was_deleted_stays_so(tmp_path: Path) -> None:
    """Promise 27: snapshot, wipe, restore, replay: what is found and the counts are equal."""
    async with system(tmp_path / "first") as (nats_url, client):
        await index(client, *HISTORY)
        await (await client.jetstream().key_value(subjects.SETTINGS_BUCKET)).put("person.T1.U1", b"{}")
        note = await backed_up(tmp_path / "backup", nats_url)
        # What is deleted counts towards the rarity of words until it is swept away.
        await until_passages(client, note.passages)
        before = await all_found(client)
    assert (note.documents, note.deleted, note.unsettled, note.settings) == (22, 1, 0, 1)
    assert note.texts == note.documents

    async with system(tmp_path / "second") as (nats_url, client):
        report = await restored(tmp_path / "backup", nats_url)
        assert (report.documents, report.deleted, report.newer) == (22, 1, 0)
        assert await all_found(client) == before
        copies = (await CopiesClient(client).page(after=None)).copies
        assert len(copies) == note.passages
        again = await restored(tmp_path / "backup", nats_url)
        assert (again.documents, again.settings) == (22, 0), "it may be run again"
        # The replay: old announcements change nothing, and what was deleted after the backup goes again.
        await index(client, *HISTORY[:-1], delete("leave", version=4))
        after = [[hit for hit in hits if hit[0] != "leave"] for hits in before]
        now = [[(*hit[:3],) for hit in hits] for hits in await all_found(client)]
        assert [sorted(hits) for hits in now] == [sorted((*hit[:3],) for hit in hits) for hits in after]

        leave = sum(copy.document == "leave" for copy in copies)
        assert leave
        await until_passages(client, note.passages - leave)


async def test_a_backup_is_of_one_moment_of_each_document_while_all_of_them_change(tmp_path: Path) -> None:
    async with system(tmp_path / "first") as (nats_url, client):
        await index(client, *HISTORY)
        ingest = IngestClient(client)

        async def change() -> None:
            for version in range(2, 1_000):
                for n in range(0, 20, 4):
                    await ingest.announce(
                        upsert(f"rule-{n}", f"Edition {version} of rule {n}.", version=version)
                    )
                await asyncio.sleep(0.05)

        changing = asyncio.create_task(change())
        try:
            note = await backed_up(tmp_path / "backup", nats_url)
        finally:
            changing.cancel()
            await asyncio.gather(changing, return_exceptions=True)
    assert note.documents + note.unsettled >= 22

    async with system(tmp_path / "second") as (nats_url, client):
        report = await restored(tmp_path / "backup", nats_url)
        assert report.passages == note.passages
        for n in range(20):
            hits = [hit for hits in await all_found(client) for hit in hits if hit[0] == f"rule-{n}"]
            assert len({version for _, version, _, _ in hits}) <= 1


async def test_what_is_newer_where_a_backup_is_restored_stays(tmp_path: Path) -> None:
    async with system(tmp_path / "first") as (nats_url, client):
        await index(client, *HISTORY)
        await backed_up(tmp_path / "backup", nats_url)
        await index(client, upsert("rule-1", "Nobody decides.", version=2), delete("rule-2", version=2))
        report = await restored(tmp_path / "backup", nats_url)
        assert report.newer == 2
        assert ("rule-1", 2) in await found(client, "nobody decides")
        assert "rule-2" not in {document for document, _ in await found(client, "rule number 2")}


async def test_a_backup_goes_into_another_store(tmp_path: Path) -> None:
    with running_postgres() as url:
        postgres = {"VECTOR_STORE": "pgvector", "POSTGRES_URL": url, "INDEX_PREFIX": any_prefix()}
        async with system(tmp_path / "first", **postgres) as (nats_url, client):
            await index(client, *HISTORY)
            await backed_up(tmp_path / "backup", nats_url)
            before = await all_found(client)
    async with system(tmp_path / "second") as (nats_url, client):
        await restored(tmp_path / "backup", nats_url)
        now = await all_found(client)
        assert [hits[0][:3] for hits in now] == [hits[0][:3] for hits in before]


async def test_a_backup_of_another_model_or_that_was_broken_off_is_not_restored(tmp_path: Path) -> None:
    another = str(make_another_model(tmp_path / "model"))
    async with system(tmp_path / "first") as (nats_url, client):
        await index(client, *HISTORY[:2])
        await backed_up(tmp_path / "backup", nats_url)
        with pytest.raises(AnswerdeskError, match="holds something already"):
            await backed_up(tmp_path / "backup", nats_url)
    async with system(tmp_path / "second", EMBEDDING_MODEL=another) as (nats_url, client):
        with pytest.raises(AnswerdeskError, match="EMBEDDING_MODEL"):
            await restored(tmp_path / "backup", nats_url)
        BackupFolder(tmp_path / "backup").note.unlink()
        with pytest.raises(AnswerdeskError, match="no whole backup"):
            await restored(tmp_path / "backup", nats_url)
