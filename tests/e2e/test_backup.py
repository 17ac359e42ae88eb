"""A backup taken from a running system, everything lost, and the backup put back into a new one."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest
from nats.aio.client import Client
from rich.console import Console

from desk.backing_up import back_up
from desk.backup_files import BackupNote
from desk.restoring import Restored, restore
from desk.terminal import Terminal
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from retrieval.copies_client import CopiesClient
from tests.another_model import make_another_model
from tests.contract.retrieval.stores_under_test import any_prefix, running_postgres
from tests.e2e.worker_process import Worker, found, running_nats
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


@asynccontextmanager
async def system(folder: Path, **settings: str) -> AsyncIterator[tuple[str, Client]]:
    """A NATS server and a worker, both of their own."""
    folder.mkdir()
    with running_nats(folder / "nats") as nats:
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


async def command(nats_url: str, *arguments: str) -> bytes:
    """What the command prints as JSON, as an operator runs it."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "desk", *arguments, "--json"),
        env=os.environ | {"NATS_URL": nats_url},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(INDEXED_WITHIN_S):
        printed, _ = await program.communicate()
    assert program.returncode == 0
    return printed


async def backed_up(folder: Path, nats_url: str) -> BackupNote:
    return await back_up(folder, nats_url=nats_url, terminal=Terminal(Console(file=StringIO())))


async def restored(folder: Path, nats_url: str) -> Restored:
    return await restore(folder, nats_url=nats_url, terminal=Terminal(Console(file=StringIO())))


STANDING: tuple[DocumentChanged, ...] = (
    *(upsert(f"rule-{n}", f"Rule number {n} says that {n} people decide.") for n in range(20)),
    upsert("leave", "Everyone has 30 days of leave a year.", version=3),
    upsert("board", "The board has its own parental leave.", allow=("user:U1",)),
    delete("travel", version=2),
)
LONG_GONE = upsert("travel", "The company pays for the train.", version=1)


@dataclass(frozen=True)
class Made:
    """A backup, and what was found in the system that it is of."""

    folder: Path
    note: BackupNote
    before: list[list[tuple[str, int, str, float]]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return asyncio.run(make(tmp_path_factory.mktemp("made")))


async def make(folder: Path) -> Made:
    """Made by the command; then everything is lost but that."""
    async with system(folder / "first") as (nats_url, client):
        await index(client, *STANDING)
        await (await client.jetstream().key_value(subjects.SETTINGS_BUCKET)).put("person.T1.U1", b"{}")
        note = BackupNote.model_validate_json(await command(nats_url, "backup", str(folder / "backup")))
        with pytest.raises(AnswerdeskError, match="holds something already"):
            await backed_up(folder / "backup", nats_url)
        return Made(folder / "backup", note, await all_found(client))


async def test_a_backup_restores_what_was_found_and_what_was_deleted_stays_so(
    made: Made, tmp_path: Path
) -> None:
    """Promise 27: snapshot, wipe, restore, replay: what is found and the counts are equal."""
    note = made.note
    assert (note.documents, note.deleted, note.unsettled, note.settings) == (22, 1, 0, 1)
    assert note.texts == note.documents
    async with system(tmp_path / "second") as (nats_url, client):
        report = Restored.model_validate_json(await command(nats_url, "restore", str(made.folder)))
        assert (report.documents, report.deleted, report.newer, report.settings) == (22, 1, 0, 1)
        assert await all_found(client) == made.before
        assert len((await CopiesClient(client).page(after=None)).copies) == note.passages
        again = await restored(made.folder, nats_url)
        assert (again.documents, again.settings) == (22, 0), "it may be run again"
        # The replay: old announcements change nothing, and what was deleted after the backup goes again.
        await IngestClient(client).announce(LONG_GONE)
        await index(client, *STANDING, delete("leave", version=4))
        now = [{hit[:3] for hit in hits} for hits in await all_found(client)]
        assert now == [{hit[:3] for hit in hits if hit[0] != "leave"} for hits in made.before]


async def test_a_backup_is_of_one_moment_of_each_document_while_all_of_them_change(tmp_path: Path) -> None:
    async with system(tmp_path / "first") as (nats_url, client):
        await index(client, *STANDING)
        ingest = IngestClient(client)

        async def change() -> None:
            for version in range(2, 1_000):
                for n in range(0, 20, 4):
                    changed = upsert(f"rule-{n}", f"Edition {version} of rule {n}.", version=version)
                    await ingest.announce(changed)
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
        for hits in await all_found(client):
            for n in range(20):
                assert len({version for name, version, _, _ in hits if name == f"rule-{n}"}) <= 1


async def test_a_backup_goes_into_another_store_and_what_is_newer_there_stays(
    made: Made, tmp_path: Path
) -> None:
    with running_postgres() as url:
        postgres = {"VECTOR_STORE": "pgvector", "POSTGRES_URL": url, "INDEX_PREFIX": any_prefix()}
        async with system(tmp_path / "second", **postgres) as (nats_url, client):
            await index(client, upsert("rule-1", "Nobody decides.", version=2), delete("rule-2", version=2))
            report = await restored(made.folder, nats_url)
            assert report.newer == 2
            assert ("rule-1", 2) in await found(client, "nobody decides")
            assert "rule-2" not in {document for document, _ in await found(client, "rule number 2")}
            now = await all_found(client)
            assert [hits[0][:3] for hits in now] == [hits[0][:3] for hits in made.before]


async def test_a_backup_of_another_model_or_that_was_broken_off_is_not_restored(
    made: Made, tmp_path: Path
) -> None:
    another = str(make_another_model(tmp_path / "model"))
    async with system(tmp_path / "second", EMBEDDING_MODEL=another) as (nats_url, _):
        with pytest.raises(AnswerdeskError, match="EMBEDDING_MODEL"):
            await restored(made.folder, nats_url)
    with pytest.raises(AnswerdeskError, match="no whole backup"):
        await restored(tmp_path, "nats://127.0.0.1:1")
