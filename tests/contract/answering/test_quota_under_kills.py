"""Quotas while the processes that draw on them are killed: never overspent, nothing stranded."""

import asyncio
import contextlib
import itertools
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
import redis.asyncio

from bot.answering.quota import Asker, QuotaLimits
from bot.answering.valkey_connection import LEFT_ALONE_S, valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.contract.answering.asking_process import LEASE_S, PER_DAY, quota_limits
from tests.contract.answering.telling import PATIENT_SLICES, standing
from tests.until import until
from wire.errors import UnavailableError
from wire.stopping import stopped

SHORT_LEASE_S = 0.4
"""So that the 120 leases of an hour take less than a minute: some 20 silences."""
ANSWERS_AT_ONCE = 20


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
            await let_leases_end(valkey_url)
            used = await until(lapsed(quota, person), within_s=60)
            await stopped(sampling)
            assert max(samples) <= PER_DAY
            assert max(samples) > PER_DAY / 2, "a limit that nobody came near"
            assert used == await charged_one_by_one(valkey_url, said, person=person)


@pytest.mark.parametrize("silences", [3, pytest.param(20, marks=pytest.mark.soak)], ids=["small", "whole"])
async def test_an_hour_of_silences_and_deaths_strands_nothing(
    own_valkey: tuple[str, int], silences: int
) -> None:
    """Promise 22: an hour is 120 leases; here of 0.4 s, and the server is silent in the middle of any step.

    What could not be charged is charged later, or at the lease's end by what was reported; in the end nothing
    is set aside, and what is used is the ledger's sum.
    """
    url, process = own_valkey
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    async with valkey(url) as connection:
        quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=10**9), lease_s=SHORT_LEASE_S)
        silencing = asyncio.create_task(silent_at_times(process, silences, rng=rng))
        names = (f"T1:U1:{number}" for number in itertools.count())
        while not silencing.done():
            some = itertools.islice(names, ANSWERS_AT_ONCE)
            await asyncio.gather(*(answered(quota, name, rng) for name in some))
        await silencing
        used = await until(settled_and_lapsed(quota), within_s=60)
        assert used == await ledger(url)


async def answered(quota: ValkeyQuota, key: str, rng: random.Random) -> None:
    """An answer that ends well, or whose process dies after it has reported something, or before."""
    tokens = rng.randrange(100, 900)
    used = rng.randrange(1, tokens)
    with contextlib.suppress(UnavailableError):
        reservation = await quota.reserve(Asker(person="T1:U1"), key=key, tokens=tokens)
        await asyncio.sleep(rng.random() * SHORT_LEASE_S)
        if rng.random() < 0.8:
            await quota.renew(reservation, used=used)
        if rng.random() < 0.7:
            await quota.settle(reservation, used=used)


async def silent_at_times(process: int, times: int, *, rng: random.Random) -> None:
    """Longer than a call waits, and then well for longer than the server is left alone."""
    for _ in range(times):
        await asyncio.sleep(rng.random() * 0.5)
        os.kill(process, signal.SIGSTOP)
        await asyncio.sleep(0.3)
        os.kill(process, signal.SIGCONT)
        await asyncio.sleep(LEFT_ALONE_S)


def settled_and_lapsed(quota: ValkeyQuota) -> Callable[[], Awaitable[int]]:
    async def used() -> int:
        """What was used, once nobody is owed anything; whoever asks next pays debts first."""
        try:
            await quota.reserve(Asker(person="T1:U2"), key="who asks next", tokens=1)
            used, reserved = await standing(quota)
        except UnavailableError:
            return 0
        return 0 if reserved else used

    return used


async def ledger(url: str) -> int:
    """The sum of all that was charged, reservation by reservation; none is still held."""
    total = 0
    async with redis.asyncio.from_url(url, decode_responses=True) as client:
        async for key in client.scan_iter("answerdesk:{quota}:r:T1:U1:*"):
            kept = await client.hgetall(key)
            assert kept["state"] in ("settled", "lapsed")
            total += int(kept["charged"])
    return total


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


async def let_leases_end(url: str) -> None:
    """As if their time had passed; everybody who held one is dead."""
    async with redis.asyncio.from_url(url, decode_responses=True) as client:
        for held in await client.zrange("answerdesk:{quota}:held", 0, -1):
            await client.zadd("answerdesk:{quota}:held", {str(held): 0.0}, xx=True)


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
