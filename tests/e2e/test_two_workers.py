"""Workers of both halves, as processes on one PostgreSQL: documents in through some, out of others."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from desk.worker import run_worker
from ingest.client import IngestClient
from tests.contract.retrieval.stores_under_test import any_prefix, running_postgres
from tests.e2e.worker_process import Worker, found, set_ack_wait
from tests.until import until
from wire.documents import DocumentUpsert
from wire.errors import SettingsError
from wire.settings import Settings

INDEXED_WITHIN_S = 120.0


@pytest.fixture
def postgres_url() -> Iterator[str]:
    with running_postgres() as url:
        yield url


def upsert(number: int, *, version: int = 1) -> DocumentUpsert:
    body = f"# Rule {number}\n\nRule number {number} is in edition {version}."
    return DocumentUpsert(
        source="handbook", id=f"rule-{number}", version=version, body=body, allow=("public",)
    )


async def test_any_number_of_workers_of_either_half_share_one_index(
    client: Client, nats_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """Promise 15, with two that write and two that read; one of each is killed on the way."""
    settings = {
        "VECTOR_STORE": "pgvector",
        "POSTGRES_URL": postgres_url,
        "POSTGRES_CONNECTIONS": "3",
        "INDEX_PREFIX": any_prefix(),
    }
    halves = ("ingest", "ingest", "retrieval", "retrieval")
    workers = [Worker(nats_url, tmp_path / str(n), only=half, **settings) for n, half in enumerate(halves)]
    await set_ack_wait(client, 1.0)
    ingest = IngestClient(client)
    try:
        for worker in workers:
            worker.start()
        assert await found(client, "rule") == set(), "both halves are there, and nothing yet"
        numbers = range(12)
        for number in numbers:
            await ingest.announce(upsert(number))
        workers[0].end(signal.SIGKILL)
        for number in numbers:
            changed = upsert(number, version=2)
            await ingest.announce(changed)
            await ingest.wait_until_indexed(changed, within_s=INDEXED_WITHIN_S)
        workers[2].end(signal.SIGKILL)

        async def all_new() -> bool:
            answers = await asyncio.gather(*(found(client, f"rule number {number}") for number in numbers))
            return all((f"rule-{n}", 2) in answer for n, answer in zip(numbers, answers, strict=True))

        await until(all_new, within_s=INDEXED_WITHIN_S, every_s=0.5)
        assert all(version == 2 for _, version in await found(client, "rule")), "and nothing old"
        workers[1].stop()
        workers[3].stop()
    finally:
        for worker in workers:
            worker.kill()


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"vector_store": "edge"}, "VECTOR_STORE"),
        ({"vector_store": "qdrant"}, "QDRANT_URL"),
        ({"vector_store": "pgvector"}, "POSTGRES_URL"),
    ],
)
async def test_a_store_that_cannot_be_shared_or_found_names_its_setting(
    settings: dict[str, str], named: str, nats_url: str, tmp_path: Path
) -> None:
    asked = Settings(_env_file=None, nats_url=nats_url, data_dir=tmp_path, **settings)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match=named):
        await run_worker(asked, asyncio.Event(), only="retrieval")
