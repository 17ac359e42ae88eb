"""Everything that runs, as processes of its own, and what may be done to it while it answers."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from desk.engines import EngineCommand, valkey_command
from ingest.client import IngestClient
from sandbox.faults import RateLimited
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from sandbox.socket_mode import Redelivery
from tests.claude_stand_in import ClaudeStandIn, Script, claude_stand_in
from tests.conftest import free_port, wait_for_port
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, Fleet
from tests.e2e.worker_process import OwnNats, Worker, found
from tests.until import until
from wire.documents import DocumentUpsert
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

CANARY = "zanzibar-heliotrope"
"""Stands in a document that nobody in the channel may read."""
HUNG_FOR_S = 2.0
"""Whoever asks meanwhile waits: in a soak they are to be fewer than one in twenty, which a p95 leaves out."""
TOPICS = ("parental leave", "travel by train", "home office", "sick days", "expenses", "training", "moving")


@dataclass
class System:
    """Everything that runs, and what may be done to it."""

    slack: Sandbox
    claude: ClaudeStandIn
    nats: OwnNats
    fleet: Fleet
    worker: Worker
    valkey_command: EngineCommand
    valkey: subprocess.Popen[bytes]
    spared: psutil.Process
    """A bot that is never killed: its memory is watched."""
    faulty_until: float = 0.0
    told: list[str] = field(default_factory=list)

    async def kill_bot(self) -> None:
        self.fleet.kill(len(self.fleet.running) - 1)
        self.fleet.start()

    async def kill_worker(self) -> None:
        self.worker.kill()
        self.worker.start()

    async def hang_nats(self) -> None:
        self.nats.hang()
        await asyncio.sleep(HUNG_FOR_S)
        self.nats.go_on()

    async def kill_nats(self) -> None:
        self.nats.kill()
        await asyncio.to_thread(self.nats.start)

    async def hang_worker(self) -> None:
        assert self.worker.process is not None
        await self._hung(self.worker.process)

    async def hang_valkey(self) -> None:
        await self._hung(self.valkey)

    async def _hung(self, process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(HUNG_FOR_S)
        process.send_signal(signal.SIGCONT)

    async def drop_sockets(self) -> None:
        self.slack.drop_sockets()

    async def kill_valkey(self) -> None:
        self.valkey.kill()
        self.valkey.wait(20)
        await asyncio.sleep(1)
        self.valkey = start_valkey(self.valkey_command)

    async def limit_slack(self) -> None:
        self.slack.faults.rate_limited["chat.update"] = RateLimited(calls=10, retry_after_s=2)

    async def repeat_events(self) -> None:
        self.slack.faults.repeat_events = 2
        await asyncio.sleep(2)
        self.slack.faults.repeat_events = 0

    async def lose_answers(self) -> None:
        self.slack.faults.lost_answers["chat.postMessage"] = 2

    async def overload_model(self) -> None:
        self.claude.scripts.extend(
            [Script(ending="overloaded", retry_after_s=0.2), Script(ending="cut", after_words=3)]
        )

    @property
    def faults(self) -> list[Callable[[], Awaitable[None]]]:
        return [
            self.kill_bot,
            self.kill_worker,
            self.hang_nats,
            self.kill_nats,
            self.kill_valkey,
            self.hang_worker,
            self.hang_valkey,
            self.drop_sockets,
            self.limit_slack,
            self.repeat_events,
            self.lose_answers,
            self.overload_model,
        ]


def start_valkey(command: EngineCommand) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for_port(command.port, process)
    return process


def documents() -> list[DocumentUpsert]:
    open_ones = [
        DocumentUpsert(
            source="handbook",
            id=topic,
            version=1,
            title=topic,
            url=f"https://docs.example.com/{number}",
            body=f"# About {topic}\n\nFor {topic} all in Germany get {number + 10} working days a year.",
            allow=("public",),
        )
        for number, topic in enumerate(TOPICS)
    ]
    body = f"# About {TOPICS[0]} of the board\n\nFor {TOPICS[0]} the board gets {CANARY} days in Germany."
    return [
        *open_ones,
        DocumentUpsert(source="board", id="secret", version=1, body=body, allow=("user:U0NOBODY",)),
    ]


@asynccontextmanager
async def whole_system(folder: Path, *, bots: int = 2) -> AsyncIterator[System]:
    """All of it, with documents in it, while the block lasts."""
    nats = OwnNats(folder / "nats")
    command = valkey_command(folder=folder / "valkey", port=free_port(), password="test")
    nats.start()
    worker = Worker(nats.url, folder / "data")
    redelivery = Redelivery(ack_within_s=3.0, delays_s=(0.2, 1.0, 5.0, 15.0))
    running: System | None = None
    try:
        async with (
            serving(
                bot_token=BOT_TOKEN, app_token=APP_TOKEN, redelivery=redelivery, limits=NO_LIMITS
            ) as slack,
            claude_stand_in(default=Script(pace_s=0.005)) as claude,
        ):
            env = {
                "NATS_URL": nats.url,
                "REDIS_URL": command.url,
                "ANTHROPIC_BASE_URL": claude.base_url,
                "QUOTA_REQUESTS_PER_MINUTE": "0",
                "QUOTA_TOKENS_PER_DAY": "100000000",
                "REWRITE_MODEL": "none",
            }
            fleet = Fleet(slack=slack, env=env, folder=folder)
            valkey = start_valkey(command)
            worker.start()
            async with connected(nats.url, name="test") as client:
                await ensure_topology(client)
                await found(client, "anything")
                ingest = IngestClient(client)
                for document in documents():
                    await ingest.announce(document)
                for document in documents():
                    await ingest.wait_until_indexed(document, within_s=60)
            fleet.start(bots)
            running = System(
                slack, claude, nats, fleet, worker, command, valkey, psutil.Process(fleet.running[0].pid)
            )
            await until(lambda: slack.open_sockets >= bots, within_s=60)
            yield running
            for bot in fleet.running:
                bot.kill()
                bot.wait(20)
    finally:
        worker.kill()
        if running is not None:
            running.valkey.kill()
            running.valkey.wait(20)
        nats.kill()
