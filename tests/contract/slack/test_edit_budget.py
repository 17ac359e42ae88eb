"""A workspace's edits, alone and shared: one suite for both budgets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.answering.valkey_connection import valkey
from bot.slack.edit_budget import AHEAD, PER_MINUTE, Edit, OwnEditBudget, rate
from bot.slack.ports import EditBudget
from bot.slack.valkey_edit_budget import ValkeyEditBudget

UPDATE = "chat.update"


@pytest.fixture(params=["own", "valkey"])
async def budgets(request: pytest.FixtureRequest, valkey_url: str) -> AsyncIterator[list[EditBudget]]:
    """Three replicas' views of one budget (a process of its own has but one)."""
    if request.param == "own":
        yield [OwnEditBudget()] * 3
        return
    async with valkey(valkey_url) as connection:
        yield [ValkeyEditBudget(connection, team="T1") for _ in range(3)]


async def take(budgets: list[EditBudget], times: int, *, edit: Edit, method: str = UPDATE) -> int:
    waits = await asyncio.gather(*(budgets[n % 3].take(method, edit=edit) for n in range(times)))
    assert all(0 <= wait <= 60 for wait in waits)
    return waits.count(0)


async def test_first_words_leave_room_for_last_edits(budgets: list[EditBudget]) -> None:
    assert await take(budgets, 60, edit="first") == 36
    assert await take(budgets, 30, edit="last") == 9
    assert await take(budgets, 5, edit="last") == 0


async def test_growing_text_is_spread_rather_than_used_up_at_once(budgets: list[EditBudget]) -> None:
    """Promise 8 (its budget): ten answers at once each grow slowly, and none stands still for a minute."""
    assert AHEAD <= await take(budgets, 60, edit="growing") <= AHEAD + 2
    assert await budgets[0].take(UPDATE, edit="growing") <= rate(UPDATE, "growing").gap_s
    assert await take(budgets, 60, edit="first") > 20


async def test_each_method_has_a_budget_of_its_own(budgets: list[EditBudget]) -> None:
    assert await take(budgets, 60, edit="last") == 45
    assert await take(budgets, 200, edit="last", method="chat.appendStream") == 90
    await budgets[0].pause("chat.startStream", seconds=30)
    assert await take(budgets, 30, edit="last", method="chat.stopStream") == 18


def test_no_tier_is_ever_used_up() -> None:
    for method, most in PER_MINUTE.items():
        assert rate(method, "last").in_window <= most * 0.9
        assert rate(method, "growing").in_window < rate(method, "last").in_window


async def test_a_retry_after_stops_everybody(budgets: list[EditBudget]) -> None:
    """Promise 8 (its budget): the workspace pauses, not one coroutine."""
    await budgets[0].pause(UPDATE, seconds=0.5)
    await budgets[1].pause(UPDATE, seconds=0.1)
    waits = [await budget.take(UPDATE, edit="last") for budget in budgets]
    assert all(0.1 < wait <= 0.5 for wait in waits)
    await asyncio.sleep(max(waits) + 0.05)
    assert await budgets[2].take(UPDATE, edit="last") == 0


async def test_with_redis_away_a_process_keeps_its_own_budget() -> None:
    async with valkey("redis://127.0.0.1:1/0") as connection:
        budget = ValkeyEditBudget(connection, team="T1")
        taken = [await budget.take(UPDATE, edit="first") for _ in range(60)]
    assert taken.count(0) == 36
