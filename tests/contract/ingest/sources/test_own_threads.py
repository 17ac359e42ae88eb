"""Calls that never come back."""

import asyncio
import threading

import pytest

from ingest.sources.own_threads import LEFT_AT_MOST, NAME, OwnThreads
from tests.until import until


def hanging() -> int:
    return sum(thread.name == NAME for thread in threading.enumerate())


async def test_calls_that_hang_are_never_more_than_a_process_bears() -> None:
    over = threading.Event()
    try:
        for _ in range(LEFT_AT_MOST + 10):
            with pytest.raises(TimeoutError):
                await OwnThreads(at_once=1, within_s=0.01).call(over.wait, 60)
        assert hanging() <= LEFT_AT_MOST
        with pytest.raises(TimeoutError):
            await OwnThreads(at_once=1, within_s=60).call(lambda: "work")
    finally:
        over.set()
    await until(lambda: not hanging(), within_s=30)
    assert await OwnThreads(at_once=1, within_s=60).call(lambda: "work") == "work"


async def test_what_is_raised_is_the_callers_and_a_cancelled_call_leaves_its_slot_to_others() -> None:
    threads, over = OwnThreads(at_once=1, within_s=60), threading.Event()
    with pytest.raises(KeyError):
        await threads.call({}.__getitem__, "a")
    waiting = asyncio.create_task(threads.call(over.wait, 60))
    await until(hanging, within_s=10)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    over.set()
    assert await threads.call(lambda: "work") == "work"
