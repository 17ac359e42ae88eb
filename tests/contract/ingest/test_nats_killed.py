"""The queue of documents while its server is killed: what was acknowledged stands in it, once."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from tests.contract.ingest.workshop import upsert
from tests.e2e.worker_process import OwnNats, running_nats
from tests.until import until
from wire import subjects
from wire.documents import read_document_changed
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.stopping import stopped

PUBLISHERS = 64


@pytest.fixture(params=["always", "2m"])
def mortal_nats(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OwnNats]:
    """As ours flushes to disk, and as NATS does where nobody says otherwise."""
    with running_nats(tmp_path / "nats", sync_interval=request.param) as nats:
        yield nats


@pytest.mark.parametrize(
    ("kills", "between"), [(2, 200), pytest.param(5, 5_000, marks=pytest.mark.soak)], ids=["small", "whole"]
)
async def test_what_was_acknowledged_is_stored_once_however_often_the_server_is_killed(
    mortal_nats: OwnNats, kills: int, between: int
) -> None:
    """Promise 11: 5 kills under some thousand publishes a second; acknowledged = stored, twice = 0."""
    async with connected(mortal_nats.url, name="test") as client:
        await ensure_topology(client)
        acknowledged: list[str] = []
        numbers = itertools.count()
        publishing = [
            asyncio.create_task(publish(IngestClient(client), numbers, acknowledged))
            for _ in range(PUBLISHERS)
        ]
        started = time.monotonic()
        for kill in range(kills):
            await until(more_than(acknowledged, (kill + 1) * between), within_s=120, every_s=0.001)
            mortal_nats.kill()
            await asyncio.to_thread(mortal_nats.start)
        await until(more_than(acknowledged, (kills + 1) * between), within_s=120)
        print(f"{len(acknowledged)} acknowledged in {time.monotonic() - started:.1f} s")
        await stopped(*publishing)
        stands = await stored(client)
    assert [name for name in acknowledged if name not in stands] == []
    assert [name for name, times in stands.items() if times > 1] == []


def more_than(acknowledged: list[str], enough: int) -> Callable[[], bool]:
    return lambda: len(acknowledged) > enough


async def publish(ingest: IngestClient, numbers: Iterator[int], acknowledged: list[str]) -> None:
    """One document after another, each as often as it takes."""
    for number in numbers:
        document = upsert(f"document {number}")
        while True:
            try:
                await ingest.announce(document)
                break
            except UnavailableError:
                await asyncio.sleep(0.05)
        acknowledged.append(document.id)


async def stored(client: Client) -> Counter[str]:
    """How often each document stands in the queue, from which nobody takes one here."""
    jetstream = client.jetstream()
    state = (await jetstream.stream_info(subjects.DOCUMENTS_STREAM)).state
    found: Counter[str] = Counter()
    for sequence in range(state.first_seq, state.last_seq + 1):
        message = await jetstream.get_msg(subjects.DOCUMENTS_STREAM, sequence)
        found[read_document_changed(message.data or b"", source="handbook").id] += 1
    return found
