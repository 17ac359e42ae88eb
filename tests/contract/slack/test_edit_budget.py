"""A workspace's edits, alone and shared: one suite for both budgets."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.answering.valkey_connection import valkey
from bot.slack.edit_budget import EDITS_FOR_ENDINGS, EDITS_PER_WINDOW, OwnEditBudget
from bot.slack.ports import EditBudget
from bot.slack.valkey_edit_budget import ValkeyEditBudget

PREVIEWS = EDITS_PER_WINDOW - EDITS_FOR_ENDINGS


@pytest.fixture(params=["own", "valkey"])
async def budgets(request: pytest.FixtureRequest, valkey_url: str) -> AsyncIterator[list[EditBudget]]:
    """Three replicas' views of one budget (a process of its own has but one)."""
    if request.param == "own":
        yield [OwnEditBudget()] * 3
        return
    async with valkey(valkey_url) as connection:
        yield [ValkeyEditBudget(connection, team="T1") for _ in range(3)]


async def take(budgets: list[EditBudget], times: int, *, last: bool) -> int:
    waits = await asyncio.gather(*(budgets[n % 3].take(last=last) for n in range(times)))
    assert all(0 <= wait <= 60 for wait in waits)
    return waits.count(0)


async def test_previews_leave_room_for_last_edits(budgets: list[EditBudget]) -> None:
    assert await take(budgets, 60, last=False) == PREVIEWS
    assert await take(budgets, 30, last=True) == EDITS_FOR_ENDINGS
    assert await take(budgets, 5, last=True) == 0


async def test_a_retry_after_stops_everybody(budgets: list[EditBudget]) -> None:
    """Promise 8 (its budget): the workspace pauses, not one coroutine."""
    await budgets[0].pause(seconds=0.5)
    await budgets[1].pause(seconds=0.1)
    waits = [await budget.take(last=True) for budget in budgets]
    assert all(0.2 < wait <= 0.5 for wait in waits)
    await asyncio.sleep(max(waits) + 0.05)
    assert await budgets[2].take(last=True) == 0


async def test_with_redis_away_a_process_keeps_its_own_budget() -> None:
    async with valkey("redis://127.0.0.1:1/0") as connection:
        budget = ValkeyEditBudget(connection, team="T1")
        taken = [await budget.take(last=False) for _ in range(60)]
    assert taken.count(0) == PREVIEWS
