"""A document that kills its process takes nobody with it, and is not lost itself."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from nats.aio.client import Client
from nats.aio.msg import Msg

from ingest.client import IngestClient
from ingest.nats_attempts import NatsAttempts
from ingest.nats_consumer import NatsConsumer, Patience
from ingest.nats_failures import NatsFailures
from tests.contract.ingest.test_nats_consumer import HASTY, consuming, failures, set_ack_wait, waiting
from tests.contract.ingest.workshop import upsert
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged
from wire.errors import UnavailableError
from wire.failures import ListFailuresRequest

PROGRAM = """
import asyncio, os, pathlib, signal, sys
from ingest.nats_attempts import NatsAttempts
from ingest.nats_consumer import NatsConsumer, Patience
from wire.nats_connection import connected

async def apply(changed):
    with pathlib.Path(sys.argv[2]).open("a") as tried:
        tried.write(changed.id + "\\n")
    await asyncio.sleep(0.1)
    if changed.id == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    with pathlib.Path(sys.argv[3]).open("a") as done:
        done.write(changed.id + "\\n")

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with connected(sys.argv[1], name="worker") as client:
        patience = Patience(heartbeat_every_s=0.2, again_after_s=(0.05,), drain_within_s=0.5)
        await NatsConsumer(client, apply=apply, patience=patience).run(stop)

asyncio.run(main())
"""


class Workers:
    """One worker after another, each in a process of its own, started anew whenever it dies."""

    def __init__(self, nats_url: str, folder: Path) -> None:
        self._arguments = [nats_url, str(folder / "tried"), str(folder / "done")]
        self._folder = folder
        self.deaths = 0
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *self._arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    async def watch(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            if self.process.poll() is not None:
                self.deaths += 1
                self.process = self._start()

    def wrote(self, name: str) -> list[str]:
        written = self._folder / name
        return written.read_text().split() if written.exists() else []


@asynccontextmanager
async def working(nats_url: str, folder: Path) -> AsyncIterator[Workers]:
    workers = Workers(nats_url, folder)
    watching = asyncio.create_task(workers.watch())
    try:
        yield workers
    finally:
        watching.cancel()
        workers.process.send_signal(signal.SIGTERM)
        workers.process.wait(20)


async def test_a_document_that_kills_its_process_ends_alone_among_the_failures(
    client: Client, nats_url: str, tmp_path: Path
) -> None:
    """Promise 13: of 20 documents one kills; the others are done, it is reported once, and replays."""
    await set_ack_wait(client, 1.0)
    announce = IngestClient(client)
    for n in range(20):
        await announce.announce(upsert("poison" if n == 3 else f"document-{n}"))
    async with working(nats_url, tmp_path) as workers:

        async def all_settled() -> bool:
            return await waiting(client) == 0

        await until(all_settled, within_s=60)
        assert set(workers.wrote("done")) == {f"document-{n}" for n in range(20) if n != 3}
        (failed,) = await failures(client)
        assert (failed.document, failed.attempts) == ("poison", 3)
        assert failed.reason == "its worker died each of the 3 times that it had nothing else in hand"
        assert failed.event_base64 == upsert("poison").to_json()
        assert workers.deaths == workers.wrote("tried").count("poison") == 4, "one in company, three alone"
    replayed = NatsFailures(client)
    (failure,) = (await replayed.page(ListFailuresRequest())).failures
    assert await replayed.replay(failure.id)
    seen: list[str] = []

    async def mended(changed: DocumentChanged) -> None:
        seen.append(changed.id)

    async with consuming(client, mended):
        await until(lambda: seen == ["poison"], within_s=30)


async def test_a_worker_killed_as_it_gives_up_reports_the_document_once(
    client: Client, nats_url: str, tmp_path: Path
) -> None:
    """Promise 13: killed at the last delivery, when the report is stored and the announcement not settled."""
    await set_ack_wait(client, 1.0)
    kills = 0
    await IngestClient(client).announce(upsert("poison"))
    async with working(nats_url, tmp_path) as workers:

        async def kill(_: Msg) -> None:
            nonlocal kills
            if not kills:
                kills += 1
                os.kill(workers.process.pid, signal.SIGKILL)

        # The report passes here on its way; the worker waits for the stream's acknowledgement.
        await client.subscribe("documents.failed.*", cb=kill)

        async def settled() -> bool:
            return await waiting(client) == 0

        await until(lambda: kills, within_s=60)
        await until(settled, within_s=60)
    (failed,) = await failures(client)
    assert failed.document == "poison"


async def test_a_stop_is_no_attempt(client: Client) -> None:
    """A worker that is restarted ten times for other reasons condemns nobody."""
    await IngestClient(client).announce(upsert())
    for _ in range(10):
        started = asyncio.Event()

        async def slow(_: DocumentChanged, started: asyncio.Event = started) -> None:
            started.set()
            await asyncio.sleep(3600)

        patience = Patience(heartbeat_every_s=0.2, drain_within_s=0.01)
        stop = asyncio.Event()
        running = asyncio.create_task(NatsConsumer(client, apply=slow, patience=patience).run(stop))
        async with asyncio.timeout(10):
            await started.wait()
            stop.set()
            await running
    seen: list[str] = []

    async def apply(changed: DocumentChanged) -> None:
        seen.append(changed.id)

    async with consuming(client, apply):
        await until(lambda: seen, within_s=30)
    assert await failures(client) == []


async def test_a_document_that_waits_for_what_is_away_waits_beside_others(client: Client) -> None:
    """Only what may have killed a worker is tried alone: what failed in order blocks nobody."""
    both = asyncio.Barrier(2)
    tries = 0

    async def apply(changed: DocumentChanged) -> None:
        nonlocal tries
        if changed.id == "away" and not tries:
            tries += 1
            raise UnavailableError("its host is away", service="fetch")
        async with asyncio.timeout(30):
            await both.wait()

    await IngestClient(client).announce(upsert("away"))
    async with consuming(client, apply, patience=HASTY):
        await until(lambda: tries, within_s=30)
        await IngestClient(client).announce(upsert("other"))

        async def settled() -> bool:
            return await waiting(client) == 0

        await until(settled, within_s=30)
    assert await failures(client) == []


async def test_a_document_with_a_death_on_record_stays_alone_whatever_came_between(client: Client) -> None:
    """A worker's stop, or a failure in order, does not put it back among others."""
    in_hand: set[str] = set()
    together: list[set[str]] = []
    tries = 0
    others_may_end = asyncio.Event()

    async def apply(changed: DocumentChanged) -> None:
        nonlocal tries
        in_hand.add(changed.id)
        try:
            if changed.id != "suspect":
                await others_may_end.wait()
                return
            tries += 1
            if tries == 1:
                raise UnavailableError("its host is away", service="fetch")
            together.append(set(in_hand))
        finally:
            in_hand.remove(changed.id)

    await IngestClient(client).announce(upsert("suspect"))
    async with consuming(client, apply, patience=dataclasses.replace(HASTY, again_after_s=(1.0,))):
        await until(lambda: tries, within_s=30)
        bucket = await client.jetstream().key_value(subjects.ATTEMPTS_BUCKET)

        async def on_record() -> list[str]:
            return await bucket.keys() if (await bucket.status()).values else []

        (name,) = await until(on_record, within_s=30)
        attempts = NatsAttempts(client)
        noted = await attempts.look_up(name)
        await attempts.keep(name, noted.model_copy(update={"deaths": 1}))
        await IngestClient(client).announce(upsert("other"))
        await until(lambda: in_hand == {"other"}, within_s=30)
        await asyncio.sleep(1.5)
        assert together == [], "it waits until it is alone"
        others_may_end.set()
        await until(lambda: together, within_s=30)
    assert together == [{"suspect"}]
