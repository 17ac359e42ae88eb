"""A document's way through a real worker process, with restarts and kills in between."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest
from nats.aio.client import Client

from desk.worker import run_worker
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from tests.e2e.worker_process import START_WITHIN_S, OwnNats, Worker, found, queued, set_ack_wait
from tests.until import until
from wire import subjects
from wire.documents import DocumentDelete, DocumentUpsert
from wire.errors import SettingsError, UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import SearchRequest
from wire.settings import Settings


def upsert(document: str = "leave", *, version: int, body: str, allow: str = "public") -> DocumentUpsert:
    return DocumentUpsert(source="handbook", id=document, version=version, body=body, allow=(allow,))


@pytest.fixture
async def worker(client: Client, nats_url: str, tmp_path: Path) -> AsyncIterator[Worker]:
    running = Worker(nats_url, tmp_path / "data")
    running.start()
    yield running
    running.stop()


async def test_a_document_is_found_replaced_hidden_and_deleted_through_restarts_and_kills(
    client: Client, worker: Worker
) -> None:
    """Promises 15 and 25, end to end."""
    ingest = IngestClient(client)
    first = upsert(version=1, body="# Leave\n\nAnnual leave is 28 days.")
    await ingest.announce(first)
    await ingest.wait_until_indexed(first, within_s=START_WITHIN_S)
    assert await found(client, "annual leave") == {("leave", 1)}

    assert worker.end(signal.SIGTERM) == 0
    worker.start()
    assert await found(client, "annual leave") == {("leave", 1)}

    second = upsert(version=2, body="# Leave\n\nAnnual leave is 30 days.")
    await ingest.announce(second)
    await ingest.wait_until_indexed(second, within_s=10)
    worker.end(signal.SIGKILL)
    worker.start()
    assert await found(client, "annual leave") == {("leave", 2)}

    hidden = upsert(version=3, body="# Leave\n\nAnnual leave is 30 days.", allow="user:U1")
    await ingest.announce(hidden)
    await ingest.wait_until_indexed(hidden, within_s=10)
    assert await found(client, "annual leave") == set()
    assert await found(client, "annual leave", "user:U1") == {("leave", 3)}

    gone = DocumentDelete(source="handbook", id="leave", version=4)
    await ingest.announce(gone)
    await ingest.wait_until_indexed(gone, within_s=10)
    assert await found(client, "annual leave", "user:U1") == set()
    worker.end(signal.SIGKILL)
    worker.start()
    assert await found(client, "annual leave", "user:U1") == set()


async def test_a_worker_killed_in_the_middle_of_a_load_loses_nothing(client: Client, worker: Worker) -> None:
    ingest = IngestClient(client)
    documents = [upsert(f"document {n}", version=1, body=f"Rule {n} is about {n} days.") for n in range(60)]
    for document in documents:
        await ingest.announce(document)

    async def some_but_not_all() -> bool:
        return 0 < await queued(client) < 55

    await until(some_but_not_all, within_s=START_WITHIN_S, every_s=0.005)
    worker.end(signal.SIGKILL)
    worker.start()
    assert await found(client, "rule")
    await set_ack_wait(client, 2)
    for document in documents:
        await ingest.wait_until_indexed(document, within_s=30)
    reply = await RetrievalClient(client).search(
        SearchRequest(query="which rule is about days", principals=("public",), limit=100)
    )
    assert len(reply.passages) == len({passage.document for passage in reply.passages}) == 60


@pytest.fixture
def mortal_nats(tmp_path: Path) -> Iterator[OwnNats]:
    nats = OwnNats(tmp_path / "nats")
    nats.start()
    yield nats
    nats.kill()


async def test_nats_killed_during_publishes_loses_nothing_that_was_acknowledged(
    mortal_nats: OwnNats, tmp_path: Path
) -> None:
    """Promise 11: acknowledged is stored exactly once, and ends up indexed."""
    async with connected(mortal_nats.url, name="test") as client:
        await ensure_topology(client)
        worker = Worker(mortal_nats.url, tmp_path / "data")
        worker.start()
        ingest = IngestClient(client)
        acknowledged: list[DocumentUpsert] = []

        async def publish() -> None:
            for n in range(150):
                document = upsert(f"document {n}", version=1, body=f"Rule {n} is about {n} days.")
                while True:
                    try:
                        await ingest.announce(document)
                        break
                    except UnavailableError:
                        await asyncio.sleep(0.1)
                acknowledged.append(document)

        def has(enough: int) -> bool:
            return len(acknowledged) >= enough

        publishing = asyncio.create_task(publish())
        for enough in (40, 90):
            await until(partial(has, enough), within_s=30, every_s=0.002)
            mortal_nats.kill()
            mortal_nats.start()
        async with asyncio.timeout(60):
            await publishing
        for document in acknowledged:
            await ingest.wait_until_indexed(document, within_s=60)

        async def all_found() -> bool:
            request = SearchRequest(query="which rule is about days", principals=("public",), limit=100)
            try:
                reply = await RetrievalClient(client).search(request)
            except UnavailableError:
                return False
            documents = [passage.document for passage in reply.passages]
            return len(documents) == len(set(documents)) == 100

        await until(all_found, within_s=20, every_s=0.2)
        jetstream = client.jetstream()
        assert (await jetstream.stream_info(f"KV_{subjects.HEADS_BUCKET}")).state.messages == 150
        failed = (await jetstream.stream_info(subjects.DOCUMENTS_FAILED_STREAM)).state.messages
        assert failed == 0
        published = (await jetstream.stream_info(subjects.DOCUMENTS_STREAM)).state.last_seq
        assert published == 150, "each is stored once, although the unacknowledged were sent again"
        assert worker.end(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"nats_url": "nats://127.0.0.1:1", "qdrant_url": "http://127.0.0.1:6333"}, "QDRANT_URL"),
        ({"nats_url": None}, "NATS_URL"),
    ],
)
async def test_a_setting_that_cannot_work_is_named(settings: dict[str, str | None], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        await run_worker(Settings(**settings), asyncio.Event())  # type: ignore[arg-type] # by name, from a table
