"""Real engines for every test that wants them: started once per run, on free loopback ports."""

import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nats
import pytest
import redis.asyncio
from nats.aio.client import Client

from desk.engines import EngineCommand, nats_command, valkey_command
from tests.until import until
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

START_WITHIN_S = 15.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the server on port {port} ended with {process.returncode}"
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port} after {START_WITHIN_S} s")


def run_engine(command: EngineCommand) -> Iterator[str]:
    process = subprocess.Popen(command.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(command.port, process)
        yield command.url
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@pytest.fixture(scope="session")
def shared_nats_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nats")


@pytest.fixture(scope="session")
def _shared_nats_url(shared_nats_folder: Path) -> Iterator[str]:
    yield from run_engine(nats_command(folder=shared_nats_folder, port=free_port(), password="test"))


async def emptied(url: str, folder: Path) -> None:
    """Delete every stream of a server, so that one made anew is empty.

    A deleted stream's files get a name with a dot in front, and are removed after the reply. While those of a
    former deletion stand, the next one leaves its own where they are: who makes the stream anew finds its old
    messages in it, or is told "error creating store for stream".
    """
    await until(lambda: not [*folder.glob("jetstream/*/*/streams/.*")], within_s=30)
    client = await nats.connect(url)
    jetstream = client.jetstream()
    for stream in await jetstream.streams_info():
        await jetstream.delete_stream(stream.config.name or "")
    await client.close()


@pytest.fixture
async def nats_url(_shared_nats_url: str, shared_nats_folder: Path) -> str:
    """A NATS server with nothing in it (shared by the run, emptied before each test)."""
    await emptied(_shared_nats_url, shared_nats_folder)
    return _shared_nats_url


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[str]:
    """A NATS server of this test's own, to be killed at will."""
    yield from run_engine(nats_command(folder=tmp_path / "nats", port=free_port(), password="test"))


@pytest.fixture
async def client(nats_url: str) -> AsyncIterator[Client]:
    """A connection to a NATS server on which every stream and bucket stands."""
    async with connected(nats_url, name="test") as connection:
        await ensure_topology(connection)
        yield connection


@pytest.fixture(scope="session")
def _shared_valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("valkey")
    yield from run_engine(valkey_command(folder=folder, port=free_port(), password="test"))


@pytest.fixture
async def valkey_url(_shared_valkey_url: str) -> str:
    """A Valkey server with nothing in it (shared by the run, emptied before each test)."""
    async with redis.asyncio.from_url(_shared_valkey_url) as connection:
        await connection.flushall()
    return _shared_valkey_url
