"""Promise 24: with Redis or Valkey away, answers go on within a bounded allowance, hardly later."""

import asyncio
import os
import signal
from collections.abc import MutableMapping
from typing import Any

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from bot.answering.allowance import Allowance
from bot.answering.quota import Asker, QuotaLimits
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import LEFT_ALONE_S, SILENT_SLICES, SLICE_S, Valkey, valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.contract.answering.telling import Desk, question, standing, tell
from tests.until import until
from wire.errors import RefusedError, SettingsError, UnavailableError

NOBODY = "redis://127.0.0.1:1/0"
ADDED_WITHIN_S = 0.5
WAIT_S = SLICE_S * SILENT_SLICES
"""For a server that says nothing, once."""


def parts(connection: Valkey) -> tuple[ValkeyCache, Allowance]:
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=100_000))
    return ValkeyCache(connection), Allowance(quota, tokens_per_day=5_000)


def waits(log: list[MutableMapping[str, Any]]) -> int:
    """How often a call was given up; those that come right after one are not made at all."""
    return [line["event"] for line in log].count("redis call failed")


async def test_a_server_that_is_not_there_costs_an_answer_little(desk: Desk) -> None:
    """Promise 24: at most 500 ms for one question, counted in waits, whatever else this machine does."""
    async with valkey(NOBODY) as connection:
        cache, quota = parts(connection)
        answering = desk.answering(cache=cache, quota=quota)
        for _ in range(2):
            with capture_logs() as log:
                assert (await tell(answering)).done.complete
            assert waits(log) * WAIT_S <= ADDED_WITHIN_S


async def test_a_server_that_hangs_costs_an_answer_little_and_is_used_again_when_it_is_back(
    desk: Desk, own_valkey: tuple[str, int]
) -> None:
    """Promise 24: SIGSTOP, where redis-py's defaults would wait for 59 s."""
    url, process = own_valkey
    async with valkey(url) as connection:
        cache, quota = parts(connection)
        answering = desk.answering(cache=cache, quota=quota)
        assert (await tell(answering)).done.complete
        os.kill(process, signal.SIGSTOP)
        with capture_logs() as log:
            told = await tell(answering)
        os.kill(process, signal.SIGCONT)
        assert told.done.complete
        assert not told.done.cached
        assert 1 <= waits(log) <= ADDED_WITHIN_S / WAIT_S

        async def cached() -> bool:
            return (await tell(answering)).done.cached

        await until(cached, within_s=5, every_s=0.2)


async def test_the_allowance_is_bounded_and_shared_by_all(desk: Desk) -> None:
    """Promise 24: the quota closes; it does not open."""
    async with valkey(NOBODY) as connection:
        quota = Allowance(
            ValkeyQuota(connection, limits=QuotaLimits(person_per_day=100_000)), tokens_per_day=1_000
        )
        first = await quota.reserve(Asker(person="a"), key="1", tokens=600)
        with pytest.raises(RefusedError) as caught:
            await quota.reserve(Asker(person="b"), key="2", tokens=600)
        assert caught.value.code == "quota_exceeded"
        await quota.settle(first, used=100)
        again = await quota.reserve(Asker(person="b"), key="3", tokens=600)
        await quota.settle(again, used=800)
        told = await tell(desk.answering(quota=quota), question())
        assert told.failed.code == "quota_exceeded"
        assert desk.claude.requests == []


async def test_what_could_not_be_charged_is_charged_with_the_next_call(own_valkey: tuple[str, int]) -> None:
    """Promise 23: the server hangs in the middle of a settling; it is charged once."""
    url, process = own_valkey
    async with valkey(url) as connection:
        quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=1_000))
        first = await quota.reserve(Asker(person="a"), key="1", tokens=600)
        os.kill(process, signal.SIGSTOP)
        with pytest.raises(UnavailableError):
            await quota.settle(first, used=100)
        os.kill(process, signal.SIGCONT)

        async def reserved() -> bool:
            try:
                await quota.reserve(Asker(person="a"), key="2", tokens=600)
            except UnavailableError:
                return False
            return True

        await until(reserved, within_s=5, every_s=0.2)
        assert await standing(quota, "a") == (100, 600)


async def test_a_debt_outlives_a_question_that_is_cancelled_while_paying_it(
    own_valkey: tuple[str, int],
) -> None:
    """Promise 23: whoever asks next pays for an answer that could not be charged, and may go away."""
    url, process = own_valkey
    async with valkey(url) as connection:
        quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=1_000))
        first = await quota.reserve(Asker(person="a"), key="1", tokens=600)
        os.kill(process, signal.SIGSTOP)
        with pytest.raises(UnavailableError):
            await quota.settle(first, used=100)
        await asyncio.sleep(LEFT_ALONE_S)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(quota.reserve(Asker(person="b"), key="2", tokens=1), timeout=0.05)
        os.kill(process, signal.SIGCONT)
        await quota.reserve(Asker(person="b"), key="3", tokens=1)
        assert await standing(quota, "a") == (100, 0)


async def test_a_server_that_may_forget_quotas_is_refused(own_valkey: tuple[str, int]) -> None:
    """Promise 24: ``allkeys-lru`` evicted the quota key, and so reset the quota."""
    url, _ = own_valkey
    async with redis.asyncio.from_url(url) as client:
        await client.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(SettingsError, match=r"REDIS_URL.*allkeys-lru.*noeviction"):
        async with valkey(url):
            pass


async def test_a_server_that_is_full_does_not_stop_answers(desk: Desk, own_valkey: tuple[str, int]) -> None:
    """Promise 24: out of memory, every write is refused."""
    url, _ = own_valkey
    async with redis.asyncio.from_url(url) as client:
        await client.config_set("maxmemory", "1mb")
    async with valkey(url) as connection:
        cache, quota = parts(connection)
        assert (await tell(desk.answering(cache=cache, quota=quota))).done.complete
