"""The whole system under steady load, with a fault every so often: nothing lost, doubled, leaked or told.

In Slack as fast as it lets one workspace's answers grow (50 edits a minute, some for each of them), and from
programs besides.
"""

import asyncio
import itertools
import random
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis.asyncio
from nats.aio.client import Client

from bot.answering.quota import Asker, QuotaLimits
from bot.answering.valkey_connection import valkey
from bot.answering.valkey_quota import LEASE_S, ValkeyQuota
from bot.client import AnswersClient
from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.claude_stand_in import Script
from tests.contract.answering.telling import PATIENT_SLICES
from tests.e2e.whole_system import CANARY, TOPICS, System, whole_system
from tests.until import until
from wire.answers import Done, Failed
from wire.errors import UnavailableError
from wire.nats_connection import connected

ANSWERED_WITHIN_S = 120.0
MIB = 1024 * 1024
SLOPE_MIB_PER_MINUTE = 1.0
FDS_MORE = 10
SLOW_S = 1.5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long, how much, how often."""

    last_s: float
    every_s: float
    """Between two questions in Slack."""
    program_every_s: float
    """Between two of programs."""
    fault_every_s: float
    pace_s: float = 0.005
    """Between two words of the model."""
    whole: bool = False
    """Long enough to tell a leak from warming up."""


SHORT = Plan(last_s=40, every_s=4.0, program_every_s=1.0, fault_every_s=5)
LONG = Plan(last_s=20 * 60, every_s=0.7, program_every_s=0.2, fault_every_s=20, whole=True)
CROWDED = Plan(last_s=5 * 60, every_s=0.7, program_every_s=1.0, fault_every_s=20, pace_s=0.1)
"""Twice as many last edits as Slack takes a minute: answers are posted anew, and the old ones withdrawn."""
CHANNELS = ("general", "ask-hr")
"""Slack takes a message a second in each."""


@dataclass
class Asked:
    """A question, and how long its answer took; None: not yet."""

    message: Message
    channel: str
    at: float
    faulty: bool
    during: str
    """The latest fault by then."""
    took_s: float | None = None

    def shown(self, slack: Sandbox) -> list[bool]:
        """For each message under it whether it is finished."""
        replies = slack.thread(self.channel, self.message.ts)
        return ["hourglass" not in str(reply.blocks) for reply in replies if reply.by_app]


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    async with whole_system(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(SHORT, id="short"),
        pytest.param(LONG, marks=pytest.mark.soak, id="long"),
        pytest.param(CROWDED, marks=pytest.mark.soak, id="crowded"),
    ],
)
async def test_steady_load_with_faults_loses_doubles_leaks_and_tells_nothing(
    system: System, plan: Plan
) -> None:
    """Promise 40: invariants 1, 4, 21, 22 and 28 hold; the long run watches memory, files and patience too.

    The long one asks 5 a second of programs, and 1.4 in Slack.
    """
    system.claude.default = Script(pace_s=plan.pace_s)
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
        await until(
            lambda: all(each.shown(system.slack) == [True] for each in asked), within_s=ANSWERED_WITHIN_S
        )
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [error for error in ended if not isinstance(error, asyncio.CancelledError)] == []
    print(len(asked), "questions in Slack;", ", ".join(system.told))
    print("programs:", dict(programs.ends))
    print("calls:", dict(Counter(call.method for call in system.slack.calls())))
    assert programs.ends["done"] > 0
    assert programs.doubled == 0
    check_nothing_told(system)
    await check_quotas(system)
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
        channel = CHANNELS[number % len(CHANNELS)]
        message = system.slack.say("jonas", channel, text)
        during = system.told[-1] if system.told else ""
        asked.append(Asked(message, channel, now, faulty=now < system.faulty_until, during=during))
        await asyncio.sleep(plan.every_s)


async def watch(system: System, asked: list[Asked]) -> None:
    """Note when each answer is there."""
    while True:
        for each in [each for each in asked if each.took_s is None]:
            if any(each.shown(system.slack)):
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
            async with redis.asyncio.from_url(system.valkey_command.url, decode_responses=True) as client:
                async for key in client.scan_iter(match="*pot:*"):
                    pot = await client.hgetall(key)
                    spent = float(pot.get("used", 0)) + float(pot.get("reserved", 0))
                    assert spent <= float(pot.get("limit", "inf")), pot
        await asyncio.sleep(5)


def check_nothing_told(system: System) -> None:
    """Promise 28: what nobody there may read is in no call to Slack and in no prompt."""
    for call in system.slack.calls():
        assert CANARY not in str(call.arguments)
    assert CANARY not in str(system.claude.requests)
    assert "Traceback" not in system.fleet.log()


async def check_quotas(system: System) -> None:
    """Promise 22: in the end nothing is set aside, and what is used is what the answers were charged."""
    url = system.valkey_command.url
    async with (
        valkey(url, silent_slices=PATIENT_SLICES) as connection,
        redis.asyncio.from_url(url, decode_responses=True) as client,
    ):
        quota = ValkeyQuota(connection, limits=QuotaLimits())

        async def nothing_set_aside() -> dict[str, int]:
            """What is used of each pot by then; whoever calls next ends the leases of the dead."""
            await quota.usage(Asker(person="nobody"))
            pots = {key: await client.hgetall(key) async for key in client.scan_iter(match="*pot:*")}
            if any(int(pot["reserved"]) for pot in pots.values()):
                return {}
            return {key.partition("pot:")[2]: int(pot.get("used", 0)) for key, pot in pots.items()}

        used = await until(nothing_set_aside, within_s=LEASE_S + ANSWERED_WITHIN_S, every_s=1.0)
        charged: Counter[str] = Counter()
        async for key in client.scan_iter(match="*}:r:*"):
            kept = await client.hgetall(key)
            assert kept["state"] in ("settled", "lapsed")
            charged.update(dict.fromkeys(str(kept["pots"]).split("\n"), int(kept["charged"])))
    assert charged.total() > 0
    assert charged == used


def check_nothing_leaked(memory: list[tuple[float, float, int]]) -> None:
    """From the middle on, when all is warm."""
    warm = memory[len(memory) // 2 :]
    slope, _ = statistics.linear_regression([at / 60 for at, _, _ in warm], [rss for _, rss, _ in warm])
    print(f"memory {slope:+.2f} MiB a minute, files {warm[0][2]} to {warm[-1][2]}")
    assert slope < SLOPE_MIB_PER_MINUTE
    assert warm[-1][2] <= warm[0][2] + FDS_MORE


def check_patience(asked: list[Asked]) -> None:
    slow = Counter(each.during for each in asked if each.took_s is not None and each.took_s > SLOW_S)
    print(f"slower than {SLOW_S} s after:", dict(slow))
    calm = sorted(each.took_s for each in asked if not each.faulty and each.took_s is not None)
    every = sorted(each.took_s for each in asked if each.took_s is not None)
    calm_p95, p95 = (statistics.quantiles(times, n=20)[-1] for times in (calm, every))
    print(f"p95 {p95:.1f} s, without faults {calm_p95:.1f} s")
    assert p95 < 2 * calm_p95
