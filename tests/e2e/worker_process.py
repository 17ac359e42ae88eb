"""A worker and a NATS server as processes that can be stopped, hung, killed and started again."""

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nats.aio.client import Client

from desk.engines import nats_command
from retrieval.client import RetrievalClient
from tests.conftest import free_port, wait_for_port
from tests.until import until
from wire import subjects
from wire.errors import UnavailableError
from wire.search import SearchRequest

PROGRAM = """
import asyncio, signal, sys
from desk.worker import run_worker
from wire.settings import load_settings

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await run_worker(load_settings(), stop, only=sys.argv[1] or None)

asyncio.run(main())
"""
START_WITHIN_S = 60.0
"""Alone, one takes 3; four at once on a busy machine of two cores take long."""


class Worker:
    """A worker process on its folder, or half of one, with these settings besides."""

    def __init__(self, nats_url: str, folder: Path, *, only: str = "", **settings: str) -> None:
        self._environment = {**os.environ, "NATS_URL": nats_url, "DATA_DIR": str(folder), **settings}
        self._only = only
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; `found` waits until it answers."""
        self.process = subprocess.Popen([sys.executable, "-c", PROGRAM, self._only], env=self._environment)

    def end(self, how: signal.Signals) -> int:
        """Send the signal and give the exit code."""
        assert self.process is not None
        self.process.send_signal(how)
        return self.process.wait(20)

    def kill(self) -> None:
        """kill -9 if it still runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(20)

    def stop(self) -> None:
        """Stop it if it still runs; a stop that is not clean fails the test."""
        if self.process is not None and self.process.poll() is None:
            assert self.end(signal.SIGTERM) == 0


class OwnNats:
    """A NATS server on its folder and port, which flushes to disk at once or after so long."""

    def __init__(self, folder: Path, *, sync_interval: str = "always") -> None:
        self._command = nats_command(folder=folder, port=free_port(), password="test")
        config = folder / "nats.conf"
        config.write_text(
            config.read_text().replace("sync_interval: always", f"sync_interval: {sync_interval}")
        )
        self.url = self._command.url
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it listens."""
        self.process = subprocess.Popen(
            self._command.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for_port(self._command.port, self.process)

    def hang(self) -> None:
        """SIGSTOP; returns once it stands still, for it goes on for a moment after the signal."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """kill -9, which ends a stopped process too."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)


@contextmanager
def running_nats(folder: Path, *, sync_interval: str = "always") -> Iterator[OwnNats]:
    """A NATS server with nothing in it, while the block lasts; how ever often it is killed meanwhile."""
    nats = OwnNats(folder, sync_interval=sync_interval)
    nats.start()
    try:
        yield nats
    finally:
        nats.kill()


async def found(client: Client, query: str, principal: str = "public") -> set[tuple[str, int]]:
    """What a reader finds, once a worker answers."""

    async def ask() -> list[set[tuple[str, int]]]:
        try:
            request = SearchRequest(query=query, principals=(principal,))
            reply = await RetrievalClient(client, within_s=2).search(request)
        except UnavailableError:
            return []
        return [{(passage.document, passage.version) for passage in reply.passages}]

    (documents,) = await until(ask, within_s=START_WITHIN_S, every_s=0.1)
    return documents


async def set_ack_wait(client: Client, seconds: float) -> None:
    """How soon a dead worker's documents come again: ten seconds, but not in a test."""
    jetstream = client.jetstream()
    config = (await jetstream.consumer_info(subjects.DOCUMENTS_STREAM, subjects.INGEST_CONSUMER)).config
    await jetstream.add_consumer(subjects.DOCUMENTS_STREAM, dataclasses.replace(config, ack_wait=seconds))


async def queued(client: Client) -> int:
    """Announcements that are not yet seen through."""
    return (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages
