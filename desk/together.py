"""Several things at once, of which none outlives the call."""

import asyncio
from collections.abc import Coroutine


async def together(*coroutines: Coroutine[object, object, None]) -> None:
    """Run them at the same time; the first that fails cancels the rest, and its error is raised as it is."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def until_set(event: asyncio.Event, coroutine: Coroutine[object, object, None]) -> None:
    """Run it until it ends or the event is set, which cancels it; what it raises is raised here."""
    work = asyncio.create_task(coroutine)
    waiting = asyncio.create_task(event.wait())
    try:
        await asyncio.wait((work, waiting), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (work, waiting):
            task.cancel()
        await asyncio.wait((work, waiting))
    if not work.cancelled():
        await work
