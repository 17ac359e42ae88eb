"""What a large backlog costs the worker in memory: `python tests/bench/bench_backlog.py [--documents 20000]`.

The documents are announced before the worker starts; its memory is watched while it indexes the first ones,
beside a worker that has only few before it.
"""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil
from nats.aio.client import Client

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingest.client import IngestClient
from tests.e2e.worker_process import Worker, queued, running_nats
from wire.documents import DocumentUpsert
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

FEW = 500
MANY = 20_000
WATCHED = 400
"""Documents that are indexed while memory is watched."""
AT_ONCE = 64
LOOK_EVERY_S = 0.1
WITHIN_S = 600.0
MIB = 1024 * 1024


def document(number: int) -> DocumentUpsert:
    """About a kilobyte: two passages."""
    body = "\n\n".join(f"# Part {n}\n\n" + f"Rule {number}.{n} is about {n} days. " * 15 for n in range(2))
    return DocumentUpsert(source="bench", id=f"rule-{number}", version=1, body=body, allow=("public",))


async def announce(client: Client, number: int) -> None:
    """So many documents, some at a time."""
    ingest, numbers = IngestClient(client), iter(range(number))

    async def work() -> None:
        for n in numbers:
            await ingest.announce(document(n))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def peak_mib(client: Client, worker: Worker, *, left: int) -> float:
    """The most memory that the worker has until so many announcements are left."""
    assert worker.process is not None
    process, most, deadline = psutil.Process(worker.process.pid), 0, time.monotonic() + WITHIN_S
    while await queued(client) > left:
        assert time.monotonic() < deadline, "the worker does not come on"
        most = max(most, process.memory_info().rss)
        await asyncio.sleep(LOOK_EVERY_S)
    return most / MIB


async def measured(folder: Path, *, backlog: int) -> float:
    """The peak with so many announced before the worker starts."""
    with running_nats(folder / "nats") as nats:
        async with connected(nats.url, name="bench") as client:
            await ensure_topology(client)
            await announce(client, backlog)
            worker = Worker(nats.url, folder / "data")
            worker.start()
            try:
                return await peak_mib(client, worker, left=backlog - WATCHED)
            finally:
                worker.kill()


async def main() -> None:
    """Print both, and what is between them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=MANY)
    many = parser.parse_args().documents
    peaks = {}
    for backlog in (FEW, many):
        with tempfile.TemporaryDirectory() as folder:
            peaks[backlog] = await measured(Path(folder), backlog=backlog)
        print(f"{backlog} documents queued: at most {peaks[backlog]:.0f} MiB while {WATCHED} are indexed")
    print(f"ratio {peaks[many] / peaks[FEW]:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
