"""The whole system under steady load, with a fault every so often: nothing lost, doubled, leaked or told.

In Slack as fast as it lets one workspace's answers grow (50 edits a minute, some for each of them), and from
programs besides.
"""

import asyncio
import itertools
import random
import statistics
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil
import pytest
import redis.asyncio
from nats.aio.client import Client

from bot.client import AnswersClient
from desk.engines import EngineCommand, valkey_command
from ingest.client import IngestClient
from sandbox.conversations import Message
from sandbox.faults import RateLimited
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from sandbox.socket_mode import Redelivery
from tests.claude_stand_in import ClaudeStandIn, Script, claude_stand_in
from tests.conftest import free_port, wait_for_port
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, Fleet
from tests.e2e.test_questions import answer
from tests.e2e.worker_process import OwnNats, Worker, found
from tests.until import until
from wire.answers import Done, Failed
from wire.documents import DocumentUpsert
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

CANARY = "zanzibar-heliotrope"
"""Stands in a document that nobody in the channel may read."""
TOPICS = ("parental leave", "travel by train", "home office", "sick days", "expenses", "training", "moving")
ANSWERED_WITHIN_S = 120.0
MIB = 1024 * 1024
SLOPE_MIB_PER_MINUTE = 1.0
FDS_MORE = 10


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, how much, how often."""

    last_s: float
    every_s: float
    """Between two questions in Slack."""
    program_every_s: float
    """Between two of programs."""
    fault_every_s: float
    whole: bool
    """Long enough to tell a leak from warming up."""


SHORT = Plan(last_s=40, every_s=4.0, program_every_s=1.0, fault_every_s=5, whole=False)
LONG = Plan(last_s=20 * 60, every_s=4.0, program_every_s=0.2, fault_every_s=20, whole=True)


@dataclass
class Asked:
    """A question, and how long its answer took; None: not yet."""

    message: Message
    at: float
    faulty: bool
    took_s: float | None = None


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
        await asyncio.sleep(3)
        self.nats.go_on()

    async def kill_nats(self) -> None:
        self.nats.kill()
        await asyncio.to_thread(self.nats.start)

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


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    nats = OwnNats(tmp_path / "nats")
    command = valkey_command(folder=tmp_path / "valkey", port=free_port(), password="test")
    nats.start()
    worker = Worker(nats.url, tmp_path / "data")
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
            fleet = Fleet(slack=slack, env=env, folder=tmp_path)
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
            fleet.start(2)
            running = System(
                slack, claude, nats, fleet, worker, command, valkey, psutil.Process(fleet.running[0].pid)
            )
            await until(lambda: slack.open_sockets >= 2, within_s=60)
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


@pytest.mark.parametrize("plan", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)], ids=["short", "long"])
async def test_steady_load_with_faults_loses_doubles_leaks_and_tells_nothing(
    system: System, plan: Plan
) -> None:
    """Promise 40: invariants 1, 4, 21 and 28 hold; the long run watches memory, files and patience too."""
    programs = Programs(system, every_s=plan.program_every_s)
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    asked: list[Asked] = []
    memory: list[tuple[float, float, int]] = []
    tasks = [
        asyncio.create_task(ask(system, asked, plan)),
        asyncio.create_task(watch(system, asked)),
        asyncio.create_task(sample(system, memory)),
        asyncio.create_task(programs.run()),
    ]
    try:
        await disturb(system, plan, chance)
        tasks[0].cancel()
        tasks[-1].cancel()
        await until(lambda: all(each.took_s is not None for each in asked), within_s=ANSWERED_WITHIN_S)
        for each in asked:
            assert await until(partial(answer, system.slack, each.message), within_s=ANSWERED_WITHIN_S)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error for error in ended if not isinstance(error, asyncio.CancelledError)] == []
    print(len(asked), "questions in Slack;", ", ".join(system.told))
    print("programs:", dict(programs.ends))
    assert programs.ends["done"] > 0
    assert programs.doubled == 0
    check_nothing_told(system)
    if plan.whole:
        check_nothing_leaked(memory)
        check_patience(asked)


class Programs:
    """Programs that ask over NATS; while a part is away they are told so, and never twice how it ended."""

    AT_ONCE = 50

    def __init__(self, system: System, *, every_s: float) -> None:
        self._system = system
        self._every_s = every_s
        self._slots = asyncio.Semaphore(self.AT_ONCE)
        self.ends: Counter[str] = Counter()
        self.doubled = 0

    async def run(self) -> None:
        async with connected(self._system.nats.url, name="programs") as client, asyncio.TaskGroup() as group:
            for number in itertools.count():
                async with self._slots:
                    group.create_task(self._ask(client, number))
                await asyncio.sleep(self._every_s)

    async def _ask(self, client: Client, number: int) -> None:
        text = f"How many days do I get for {TOPICS[number % len(TOPICS)]} in Germany? (program {number})"
        ends = 0
        try:
            async with self._slots, asyncio.timeout(ANSWERED_WITHIN_S):
                async for event in AnswersClient(client, asker="soak").answer(text, principals=("public",)):
                    assert CANARY not in event.to_json().decode()
                    if isinstance(event, Done | Failed):
                        ends += 1
                        self.ends["done" if isinstance(event, Done) else event.code] += 1
        except (UnavailableError, TimeoutError):
            self.ends["away"] += 1
        self.doubled += ends > 1


async def ask(system: System, asked: list[Asked], plan: Plan) -> None:
    while True:
        number = len(asked)
        text = f"@answerdesk How many days do I get for {TOPICS[number % len(TOPICS)]} in Germany? ({number})"
        now = time.monotonic()
        message = system.slack.say("jonas", "general", text)
        asked.append(Asked(message, now, faulty=now < system.faulty_until))
        await asyncio.sleep(plan.every_s)


async def watch(system: System, asked: list[Asked]) -> None:
    """Note when each answer is there."""
    while True:
        for each in [each for each in asked if each.took_s is None]:
            replies = system.slack.thread("general", each.message.ts, person="jonas")
            if any(reply.by_app and "hourglass" not in str(reply.blocks) for reply in replies):
                each.took_s = time.monotonic() - each.at
        await asyncio.sleep(0.25)


async def disturb(system: System, plan: Plan, chance: random.Random) -> None:
    """One fault after the other, every kind before any comes again."""
    end = time.monotonic() + plan.last_s
    left: list[Callable[[], Awaitable[None]]] = []
    await asyncio.sleep(plan.fault_every_s)
    while time.monotonic() < end:
        left = left or chance.sample(system.faults, len(system.faults))
        fault = left.pop()
        system.told.append(getattr(fault, "__name__", ""))
        # Whoever asks shortly before or after is met by it.
        system.faulty_until = time.monotonic() + plan.fault_every_s * 0.7
        await fault()
        await asyncio.sleep(plan.fault_every_s)


async def sample(system: System, memory: list[tuple[float, float, int]]) -> None:
    """The spared bot's memory and open files; and no quota is ever overspent (promise 21)."""
    while True:
        memory.append((time.monotonic(), system.spared.memory_info().rss / MIB, system.spared.num_fds()))
        with suppress(redis.asyncio.RedisError, OSError):
            async with redis.asyncio.from_url(system.valkey_command.url, decode_responses=True) as valkey:
                async for key in valkey.scan_iter(match="*pot:*"):
                    pot = await valkey.hgetall(key)
                    spent = float(pot.get("used", 0)) + float(pot.get("reserved", 0))
                    assert spent <= float(pot.get("limit", "inf")), pot
        await asyncio.sleep(5)


def check_nothing_told(system: System) -> None:
    """Promise 28: what nobody there may read is in no call to Slack and in no prompt."""
    for call in system.slack.calls():
        assert CANARY not in str(call.arguments)
    assert CANARY not in str(system.claude.requests)
    assert "Traceback" not in system.fleet.log()


def check_nothing_leaked(memory: list[tuple[float, float, int]]) -> None:
    """From the middle on, when all is warm."""
    warm = memory[len(memory) // 2 :]
    slope, _ = statistics.linear_regression([at / 60 for at, _, _ in warm], [rss for _, rss, _ in warm])
    print(f"memory {slope:+.2f} MiB a minute, files {warm[0][2]} to {warm[-1][2]}")
    assert slope < SLOPE_MIB_PER_MINUTE
    assert warm[-1][2] <= warm[0][2] + FDS_MORE


def check_patience(asked: list[Asked]) -> None:
    calm = sorted(each.took_s for each in asked if not each.faulty and each.took_s is not None)
    every = sorted(each.took_s for each in asked if each.took_s is not None)
    calm_p95, p95 = (statistics.quantiles(times, n=20)[-1] for times in (calm, every))
    print(f"p95 {p95:.1f} s, without faults {calm_p95:.1f} s")
    assert p95 < 2 * calm_p95
