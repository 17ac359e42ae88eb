"""Quotas while the processes that draw on them are killed: never overspent, nothing stranded."""

import asyncio
import contextlib
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import redis.asyncio

from bot.answering.valkey_connection import valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.contract.answering.asking_process import LEASE_S, PER_DAY, quota_limits
from tests.contract.answering.telling import PATIENT_SLICES, standing
from tests.until import until
from wire.stopping import stopped


@dataclass
class Asking:
    """One asking process and what it has said.

    Attributes:
        said: what each granted answer will have used.
    """

    process: asyncio.subprocess.Process
    said: dict[str, int] = field(default_factory=dict)
    done: bool = False

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            key, _, used = line.decode().strip().partition(" ")
            if key == "done":
                self.done = True
            elif line.endswith(b"\n"):
                self.said[key] = int(used)


@asynccontextmanager
async def asking(url: str, person: str, name: str, *, answers: int, seed: int) -> AsyncIterator[Asking]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.contract.answering.asking_process",
        url, person, name, str(answers), str(seed),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    running = Asking(process)
    listening = asyncio.create_task(running.listen())
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listening


@pytest.mark.parametrize(
    ("answers", "rounds"), [(60, 1), pytest.param(500, 8, marks=pytest.mark.soak)], ids=["small", "whole"]
)
async def test_three_replicas_that_are_killed_overspend_nothing_and_strand_nothing(
    valkey_url: str, answers: int, rounds: int
) -> None:
    """Promises 21 and 22: 500 at once on each of 3 replicas, killed at random, sampled all the while."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    async with valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection:
        quota = ValkeyQuota(connection, limits=quota_limits(), lease_s=LEASE_S)
        for number in range(rounds):
            person = f"T1:U{number}"
            samples: list[int] = []
            sampling = asyncio.create_task(sample(quota, person, samples))
            said = await killed(valkey_url, person, answers=answers, rng=rng)
            used = await until(lapsed(quota, person), within_s=60)
            await stopped(sampling)
            assert max(samples) <= PER_DAY
            assert max(samples) > PER_DAY / 2, "a limit that nobody came near"
            assert used == await charged_one_by_one(valkey_url, said, person=person)


async def killed(url: str, person: str, *, answers: int, rng: random.Random) -> dict[str, int]:
    """Three processes ask at once, and two of them are killed; gives what each granted answer used."""
    async with contextlib.AsyncExitStack() as stack:
        replicas = [
            await stack.enter_async_context(
                asking(url, person, f"{person}-{name}", answers=answers, seed=rng.randrange(2**32))
            )
            for name in "abc"
        ]
        await until(lambda: all(replica.said or replica.done for replica in replicas), within_s=60)
        for replica in rng.sample(replicas, 2):
            await asyncio.sleep(rng.random() * 0.3)
            replica.process.kill()
        await until(lambda: any(replica.done for replica in replicas), within_s=60)
    return {key: used for replica in replicas for key, used in replica.said.items()}


async def sample(quota: ValkeyQuota, person: str, samples: list[int]) -> None:
    while True:
        samples.append(sum(await standing(quota, person)))
        await asyncio.sleep(0.005)


def lapsed(quota: ValkeyQuota, person: str) -> Callable[[], Awaitable[int]]:
    async def used() -> int:
        """What was used, once nothing is set aside any more."""
        used, reserved = await standing(quota, person)
        return 0 if reserved else used

    return used


async def charged_one_by_one(valkey_url: str, said: dict[str, int], *, person: str) -> int:
    """The sum of all charges: what each answer used, or nothing where it was killed before it said so."""
    total = 0
    async with redis.asyncio.from_url(valkey_url, decode_responses=True) as client:
        async for key in client.scan_iter(f"answerdesk:{{quota}}:r:{person}-*"):
            kept = await client.hgetall(key)
            assert kept["state"] in ("settled", "lapsed")
            assert int(kept["charged"]) in (0, said.get(key.rpartition(":r:")[2], 0))
            total += int(kept["charged"])
    return total
