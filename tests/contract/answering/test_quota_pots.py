"""Quotas of persons, groups and everybody, by day and month, and questions a minute, on a real Valkey."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from bot.answering.allowance import Allowance
from bot.answering.nats_quota_news import QuotaNews
from bot.answering.quota import Asker, QuotaLimits
from bot.answering.small_talk import HELLO
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.contract.answering.telling import Desk, question, tell
from tests.until import until
from wire import subjects
from wire.answer_settings import GroupQuota
from wire.errors import RefusedError
from wire.quotas import QuotaLow

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
ADA = Asker(person="T1:ada")
BEN = Asker(person="T1:ben", groups=("S1", "S2"))


def quota(connection: Valkey, *, now: datetime = NOON, **limits: int) -> ValkeyQuota:
    return ValkeyQuota(connection, limits=QuotaLimits(**limits), now=lambda: now)  # type: ignore[arg-type]  # numbers all


async def spend(quota: ValkeyQuota, asker: Asker, tokens: int, *, key: str = "q") -> None:
    reservation = await quota.reserve(asker, key=f"{asker.person}{key}", tokens=tokens)
    await quota.settle(reservation, used=tokens)


async def test_what_everybody_may_use_together_ends_for_each(connection: Valkey) -> None:
    shared = quota(connection, person_per_day=1000, workspace_per_day=1500)
    await spend(shared, ADA, 1000)
    with pytest.raises(RefusedError, match="Your company has used its share of answers for today"):
        await shared.reserve(BEN, key="q2", tokens=600)
    await spend(shared, BEN, 500)


async def test_what_one_pot_refuses_is_drawn_from_none(connection: Valkey) -> None:
    shared = quota(connection, person_per_day=1000, workspace_per_day=100)
    with pytest.raises(RefusedError):
        await shared.reserve(ADA, key="q", tokens=200)
    assert [(level.used, level.reserved) for level in await shared.usage(ADA)] == [(0, 0), (0, 0)]


async def test_a_group_shares_what_it_has_and_others_do_not_draw_from_it(connection: Valkey) -> None:
    limits = QuotaLimits(groups={"S1": GroupQuota(tokens_per_day=300, tokens_per_month=400)})
    shared = ValkeyQuota(connection, limits=limits, now=lambda: NOON)
    colleague = Asker(person="T1:cleo", groups=("S1",))
    await spend(shared, BEN, 200)
    with pytest.raises(RefusedError, match="Your group has used its share of answers for today"):
        await shared.reserve(colleague, key="q", tokens=200)
    await spend(shared, ADA, 10_000)
    tomorrow = ValkeyQuota(connection, limits=limits, now=lambda: datetime(2026, 11, 26, tzinfo=UTC))
    with pytest.raises(RefusedError, match=r"for this month\. It starts afresh on 1 December at 00:00 UTC"):
        await tomorrow.reserve(colleague, key="q", tokens=300)


async def test_a_person_day_begins_in_their_own_zone(connection: Valkey) -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)
    here = quota(connection, now=late, person_per_day=100)
    berlin = Asker(person="T1:ada", zone="Europe/Berlin")
    await spend(here, ADA, 100)
    with pytest.raises(RefusedError, match="26 November at 00:00 UTC"):
        await here.reserve(ADA, key="q2", tokens=1)
    await spend(here, berlin, 100, key="q3")
    with pytest.raises(RefusedError, match="27 November at 00:00 CET"):
        await here.reserve(berlin, key="q4", tokens=1)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-10-25T10:00:00+00:00", "2026-10-26T00:00:00+01:00"),
        ("2026-03-29T00:30:00+00:00", "2026-03-30T00:00:00+02:00"),
        ("2026-12-31T23:30:00+00:00", "2027-01-02T00:00:00+01:00"),
    ],
)
def test_a_day_ends_at_midnight_also_where_the_clocks_change(now: str, ends: str) -> None:
    limits = QuotaLimits(person_per_day=1, person_per_month=1)
    day, month = limits.pots(Asker(person="a", zone="Europe/Berlin"), now=datetime.fromisoformat(now))
    assert day.resets_at.isoformat() == ends
    assert month.resets_at.day == 1
    assert month.resets_at > day.resets_at.replace(day=1)


def test_a_zone_that_nobody_knows_counts_as_the_workspaces() -> None:
    limits = QuotaLimits(person_per_day=1, zone="Asia/Tokyo")
    for zone in ("Mars/Olympus", "../../etc/passwd", "", None):
        (pot,) = limits.pots(Asker(person="a", zone=zone), now=NOON)
        assert pot.resets_at.isoformat() == "2026-11-26T00:00:00+09:00"


async def test_usage_tells_how_much_of_what_and_until_when(connection: Valkey) -> None:
    own = quota(connection, person_per_day=100, person_per_month=1000, workspace_per_day=500)
    await spend(own, ADA, 40)
    await own.reserve(ADA, key="open", tokens=30)
    told = [
        (level.pot.scope, level.pot.period, level.used, level.reserved, level.pot.limit)
        for level in await own.usage(ADA)
    ]
    assert told == [
        ("person", "day", 40, 30, 100),
        ("person", "month", 40, 30, 1000),
        ("workspace", "day", 40, 30, 500),
    ]


async def test_the_same_reservation_is_not_made_twice(connection: Valkey) -> None:
    """A reply that was lost is asked for again."""
    own = quota(connection, person_per_day=100)
    for _ in range(2):
        reservation = await own.reserve(ADA, key="q", tokens=60)
    await own.settle(reservation, used=60)
    (level,) = await own.usage(ADA)
    assert (level.used, level.reserved) == (60, 0)


async def test_a_settlement_after_everything_was_forgotten_is_still_charged(
    connection: Valkey, valkey_url: str
) -> None:
    """Promise 24: a flushed server starts from nothing, and neither below nor stuck."""
    own = quota(connection, person_per_day=100)
    reservation = await own.reserve(ADA, key="q", tokens=60)
    await connection.run("return redis.call('FLUSHALL')", keys=[], args=[])
    await own.settle(reservation, used=50)
    (level,) = await own.usage(ADA)
    assert (level.used, level.reserved) == (50, 0)


async def test_administrators_are_told_once_at_four_fifths(connection: Valkey, client: Client) -> None:
    heard: list[QuotaLow] = []

    async def hear(message: Msg) -> None:
        heard.append(QuotaLow.model_validate(json.loads(message.data)))

    await client.subscribe(subjects.QUOTAS_LOW, cb=hear)
    limits = QuotaLimits(workspace_per_month=1000)
    own = ValkeyQuota(connection, limits=limits, told_low=QuotaNews(client).low, now=lambda: NOON)
    await spend(own, ADA, 790, key="1")
    await client.flush()
    assert heard == []
    await spend(own, BEN, 20, key="2")
    await spend(own, BEN, 20, key="3")
    await until(lambda: heard, within_s=5)
    assert heard == [
        QuotaLow(scope="workspace", name="all", period="month", begins="2026-11-01", used=810, limit=1000)
    ]


async def test_what_a_dead_process_used_may_run_a_quota_low(connection: Valkey) -> None:
    heard: list[QuotaLow] = []

    async def hear(low: QuotaLow) -> None:
        heard.append(low)

    own = ValkeyQuota(
        connection, limits=QuotaLimits(person_per_day=100), told_low=hear, lease_s=0.05, now=lambda: NOON
    )
    await own.renew(await own.reserve(ADA, key="q", tokens=90), used=85)

    async def told() -> bool:
        await own.usage(BEN)
        return bool(heard)

    await until(told, within_s=5)
    assert (heard[0].name, heard[0].used) == ("T1:ada", 85)


async def test_so_many_questions_a_minute_and_then_a_wait(connection: Valkey) -> None:
    own = quota(connection, requests_per_minute=3)
    admitted = await asyncio.gather(*(own.admit(ADA) for _ in range(10)), return_exceptions=True)
    assert sum(outcome is None for outcome in admitted) == 3
    with pytest.raises(RefusedError, match=r"3 questions within a minute.*again in (1 minute|\d+ seconds)"):
        await own.admit(ADA)
    await own.admit(BEN)


async def test_who_asks_too_fast_is_told_before_anything_is_searched(desk: Desk, connection: Valkey) -> None:
    limits = QuotaLimits(requests_per_minute=1)
    answering = desk.answering(quota=Allowance(ValkeyQuota(connection, limits=limits)))
    assert (await tell(answering)).done.complete
    told = await tell(answering, question(person="T1:U1"))
    assert told.failed.code == "quota_exceeded"
    assert len(desk.retrieval.searches) == 1


async def test_a_greeting_is_one_of_those_questions_a_minute(desk: Desk, connection: Valkey) -> None:
    """It costs no tokens, but its reply is a message like any other."""
    limits = QuotaLimits(requests_per_minute=2)
    answering = desk.answering(quota=Allowance(ValkeyQuota(connection, limits=limits)))
    for _ in range(2):
        assert (await tell(answering, question("Good morning!"))).done.text == HELLO
    assert (await tell(answering, question("Good morning!"))).failed.code == "quota_exceeded"


def test_without_limits_there_is_nothing_to_count() -> None:
    assert not QuotaLimits().any
    assert QuotaLimits(requests_per_minute=1).any
    assert QuotaLimits(groups={"S1": GroupQuota(tokens_per_day=1)}).any
