"""Ending a task for certain, and tasks that go on beside a block."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

ASK_AGAIN_AFTER_S = 0.5
ASK_TIMES = 20


async def stopped(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel these tasks until each has ended, for ten seconds at the most.

    Once is not enough: before Python 3.12 `asyncio.wait_for`, which nats-py is built on, loses a
    cancellation that meets its result.
    """
    left = set(tasks)
    for _ in range(ASK_TIMES):
        if not left:
            return
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=ASK_AGAIN_AFTER_S)


@asynccontextmanager
async def tasks_beside() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group that ends the block with a task that fails, and is not seen in what is raised.

    By itself it wraps the block's own error, too, which nobody could then tell by its kind.
    """
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
