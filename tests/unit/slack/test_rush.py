"""When many ask at once, answers begin once all of them were told that we are at it."""

import asyncio

import pytest

from bot.slack.rush import Rush

LONG_S = 3600.0


async def test_a_question_by_itself_is_held_back_for_a_moment_only() -> None:
    rush = Rush(quiet_s=0.01, held_s=LONG_S)
    rush.another()
    async with asyncio.timeout(30):
        await rush.over()


async def test_an_answer_waits_for_the_questions_that_follow_its_own() -> None:
    rush = Rush(quiet_s=LONG_S, held_s=LONG_S)
    rush.another()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await rush.over()


async def test_questions_without_an_end_do_not_hold_answers_back_for_ever() -> None:
    rush = Rush(quiet_s=LONG_S, held_s=0.05)
    rush.another()
    async with asyncio.timeout(30):
        await rush.over()
