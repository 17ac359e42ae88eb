"""Quotas on a real Valkey: never overspent, never stranded, charged once."""

import asyncio
import random
from datetime import UTC, datetime

import pytest
import redis.asyncio

from bot.answering.charging import Charging
from bot.answering.quota import Asker, QuotaLimits, Reservation
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.claude_stand_in import Script
from tests.contract.answering.telling import Desk, question, standing, tell
from tests.until import until
from wire.answers import Delta
from wire.errors import RefusedError

LIMIT = 10_000
ASKER = Asker(person="T1:U1")


@pytest.fixture
def quota(connection: Valkey) -> ValkeyQuota:
    return ValkeyQuota(connection, limits=QuotaLimits(person_per_day=LIMIT))


async def reserve(quota: ValkeyQuota, key: str, tokens: int = 100) -> Reservation | None:
    try:
        return await quota.reserve(ASKER, key=key, tokens=tokens)
    except RefusedError:
        return None


async def test_two_hundred_at_once_are_granted_exactly_the_limit(quota: ValkeyQuota) -> None:
    """Promise 21: reading and then incrementing granted 3.55 times the limit."""
    granted = await asyncio.gather(*(reserve(quota, f"q{n}") for n in range(200)))
    assert sum(reservation is not None for reservation in granted) == LIMIT / 100
    assert await standing(quota) == (0, LIMIT)


async def test_reading_and_then_incrementing_would_overspend(valkey_url: str) -> None:
    """Promise 21, the negative control: the same askers without the script."""
    async with redis.asyncio.from_url(valkey_url, max_connections=200) as client:

        async def ask() -> bool:
            used = int(await client.get("used") or 0)
            if used + 100 > LIMIT:
                return False
            await client.incrby("used", 100)
            return True

        granted = await asyncio.gather(*(ask() for _ in range(200)))
    assert sum(granted) > LIMIT / 100


async def test_used_and_reserved_never_exceed_the_limit_whatever_order_things_end_in(
    connection: Valkey,
) -> None:
    """Promise 21: two replicas, answers that end, fail, or die, sampled all the while."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    replicas = [
        ValkeyQuota(connection, limits=QuotaLimits(person_per_day=LIMIT), lease_s=0.2) for _ in range(2)
    ]
    charged: list[int] = []

    async def answer(number: int) -> None:
        quota = replicas[number % 2]
        tokens = rng.randrange(50, 500)
        reservation = await reserve(quota, f"q{number}", tokens)
        if reservation is None:
            return
        await asyncio.sleep(rng.random() * 0.05)
        used = rng.randrange(0, tokens + 1)
        await quota.renew(reservation, used=used)
        charged.append(used)
        if rng.random() < 0.7:
            await quota.settle(reservation, used=used)

    async def watch() -> None:
        while True:
            assert sum(await standing(replicas[0])) <= LIMIT
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(answer(number) for number in range(120)))
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching

    async def lapsed() -> bool:
        return (await standing(replicas[0])) == (sum(charged), 0)

    await until(lapsed, within_s=5)


async def test_settling_twice_charges_once(quota: ValkeyQuota) -> None:
    """Promise 23: a bare INCRBY gives 200 for 100."""
    reservation = await reserve(quota, "q1", 500)
    assert reservation is not None
    await quota.settle(reservation, used=100)
    await quota.settle(reservation, used=100)
    assert await standing(quota) == (100, 0)


async def test_a_process_that_died_is_charged_its_last_reported_use(connection: Valkey) -> None:
    """Promise 22: after its lease nothing stays reserved."""
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=LIMIT), lease_s=0.1)
    reservation = await reserve(quota, "q1", 500)
    assert reservation is not None
    await quota.renew(reservation, used=70)

    async def lapsed() -> bool:
        return (await standing(quota)) == (70, 0)

    assert await standing(quota) == (0, 500)
    await until(lapsed, within_s=5)
    await quota.settle(reservation, used=90)
    assert await standing(quota) == (90, 0), "it lived after all, and its settling is what counts"
    await quota.settle(reservation, used=90)
    assert await standing(quota) == (90, 0)


@pytest.mark.parametrize(("renew_every_s", "expected"), [(0.05, (0, 500)), (60.0, (0, 0))])
async def test_a_living_answer_keeps_what_it_reserved_for_as_long_as_it_takes(
    connection: Valkey, renew_every_s: float, expected: tuple[int, int]
) -> None:
    """Promise 22; the negative control is a lease that nobody renews."""
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=LIMIT), lease_s=0.3)
    charging = Charging(quota, renew_every_s=renew_every_s)
    async with charging.charged(ASKER, key="q1", tokens=500, used=lambda: 70):
        await asyncio.sleep(0.6)
        assert await standing(quota) == expected
    assert await standing(quota) == (70, 0)


async def test_a_refusal_says_when_the_day_begins_afresh(connection: Valkey) -> None:
    quota = ValkeyQuota(
        connection,
        limits=QuotaLimits(person_per_day=50),
        now=lambda: datetime(2026, 11, 25, 17, 30, tzinfo=UTC),
    )
    with pytest.raises(RefusedError, match="26 November at 00:00 UTC") as caught:
        await quota.reserve(ASKER, key="q", tokens=51)
    assert caught.value.code == "quota_exceeded"


async def test_each_person_and_each_day_has_its_own(connection: Valkey) -> None:
    days = [datetime(2026, 11, 25, 23, 59, tzinfo=UTC)]
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=100), now=lambda: days[-1])
    last = await quota.reserve(ASKER, key="q1", tokens=100)
    await quota.reserve(Asker(person="T1:U2"), key="q2", tokens=100)
    days.append(datetime(2026, 11, 26, 0, 1, tzinfo=UTC))
    await quota.reserve(ASKER, key="q3", tokens=100)
    await quota.settle(last, used=80)
    assert await standing(quota) == (0, 100), "yesterday's answer is charged to yesterday"


async def test_an_answer_reserves_its_estimate_and_is_charged_what_the_api_reports(
    desk: Desk, quota: ValkeyQuota
) -> None:
    told = await tell(desk.answering(quota=quota))
    usage = told.done.usage
    assert await standing(quota) == (usage.input_tokens + usage.output_tokens, 0)


async def test_a_cancelled_answer_is_charged_what_was_written(desk: Desk, quota: ValkeyQuota) -> None:
    """Cancellation reaches the model's stream, and the settling is shielded from it."""
    desk.claude.default = Script(sentences=200, pace_s=0.005)
    answering = desk.answering(quota=quota)
    words = asyncio.Event()

    async def consume() -> None:
        async for event in answering.answer(question()):
            if isinstance(event, Delta):
                words.set()

    consuming = asyncio.create_task(consume())
    await words.wait()
    used, reserved = await standing(quota)
    assert used == 0
    assert reserved > 500
    consuming.cancel()
    await asyncio.sleep(0)
    consuming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await consuming
    await answering.settled()
    used, reserved = await standing(quota)
    assert used > 0
    assert reserved == 0
    await until(lambda: desk.claude.streams_open == 0, within_s=5)


async def test_fifty_answers_that_begin_at_once_are_all_written_and_charged(
    desk: Desk, connection: Valkey
) -> None:
    """The loop is late then, and must not take that for a server that is away."""
    quota = ValkeyQuota(connection, limits=QuotaLimits(person_per_day=1_000_000))
    answering = desk.answering(quota=quota)
    told = await asyncio.gather(*(tell(answering) for _ in range(50)))
    used = sum(each.done.usage.input_tokens + each.done.usage.output_tokens for each in told)
    assert await standing(quota) == (used, 0)


async def test_a_failed_answer_gives_its_reservation_back(desk: Desk, quota: ValkeyQuota) -> None:
    desk.claude.default = Script(ending="rate_limited", retry_after_s=60)
    await tell(desk.answering(quota=quota))
    assert await standing(quota) == (0, 0)


async def test_a_refused_answer_is_charged(desk: Desk, quota: ValkeyQuota) -> None:
    """Promise 20: the API bills a refusal up to where it comes."""
    desk.claude.default = Script(sentences=20, ending="refusal", after_words=60)
    await tell(desk.answering(quota=quota))
    used, reserved = await standing(quota)
    assert used > 60
    assert reserved == 0


async def test_over_the_quota_no_model_is_called(desk: Desk, connection: Valkey) -> None:
    told = await tell(desk.answering(quota=ValkeyQuota(connection, limits=QuotaLimits(person_per_day=600))))
    assert told.failed.code == "quota_exceeded"
    assert "starts afresh on" in told.failed.message
    assert desk.claude.requests == []
