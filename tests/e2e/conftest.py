"""A question's way, on real parts: engines, worker and bots as processes; Slack and Claude stood in for."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import redis.asyncio

from desk.engines import nats_command, valkey_command
from ingest.client import IngestClient
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from sandbox.socket_mode import Redelivery
from tests.claude_stand_in import ClaudeStandIn, claude_stand_in
from tests.conftest import free_port, run_engine
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, Fleet, program
from wire import subjects
from wire.documents import DocumentUpsert
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

WORDS = "In Germany every parent gets 90 working days of fully paid parental leave for each child."
QUESTION = "@answerdesk How many days of parental leave do I get in Germany?"

Process = subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], Process]]:
    """NATS, Valkey and a worker: what a bot must know of them, and the worker's process."""
    folder = tmp_path_factory.mktemp("engines")
    nats = run_engine(nats_command(folder=folder / "nats", port=free_port(), password="test"))
    valkey = run_engine(valkey_command(folder=folder / "valkey", port=free_port(), password="test"))
    env = {
        "NATS_URL": next(nats),
        "REDIS_URL": next(valkey),
        "DATA_DIR": str(folder),
        "QUOTA_TOKENS_PER_DAY": "0",
    }
    with program("worker", env=env, log=folder / "worker.log") as worker:
        asyncio.run(_publish(env["NATS_URL"]))
        yield env, worker
    for engine in (valkey, nats):
        next(engine, None)


@pytest.fixture
def engines(running: tuple[dict[str, str], Process]) -> dict[str, str]:
    return running[0]


@pytest.fixture
def worker(running: tuple[dict[str, str], Process]) -> Process:
    return running[1]


async def _publish(nats_url: str) -> None:
    document = DocumentUpsert(
        source="handbook",
        id="leave",
        version=1,
        title="Parental leave",
        url="https://docs.example.com/leave",
        body=f"# Parental leave\n\n{WORDS} It may be taken in up to three parts.\n",
        allow=("public",),
    )
    async with connected(nats_url, name="test") as client:
        await ensure_topology(client)
        ingest = IngestClient(client)
        await ingest.announce(document)
        await ingest.wait_until_indexed(document, within_s=30)


@pytest.fixture
async def claude() -> AsyncIterator[ClaudeStandIn]:
    async with claude_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    redelivery = Redelivery(ack_within_s=3.0, delays_s=(0.2, 1.0, 5.0))
    async with serving(
        bot_token=BOT_TOKEN, app_token=APP_TOKEN, redelivery=redelivery, limits=NO_LIMITS
    ) as sandbox:
        yield sandbox


@pytest.fixture
async def fleet(
    engines: dict[str, str], slack: Sandbox, claude: ClaudeStandIn, tmp_path: Path
) -> AsyncIterator[Fleet]:
    """No bot yet: a test starts as many as it wants. Answers and questions of earlier tests are gone."""
    async with redis.asyncio.from_url(engines["REDIS_URL"]) as valkey:
        await valkey.flushall()
    async with connected(engines["NATS_URL"], name="test") as client:
        await client.jetstream().purge_stream(subjects.QUESTIONS_STREAM)
    bots = Fleet(slack=slack, env=engines | {"ANTHROPIC_BASE_URL": claude.base_url}, folder=tmp_path)
    yield bots
    for bot in bots.running:
        bot.kill()
        bot.wait(20)
