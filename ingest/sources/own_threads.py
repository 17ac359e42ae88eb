"""Blocking calls in threads of their own: one that never comes back holds up nothing else.

The event loop's shared threads are few, read and cut documents too, and are waited for when the process ends.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

NAME = "a source's call"
LEFT_AT_MOST = 64
"""Of all sources together: a folder that hangs for days would leave some behind at each resync."""

ResultT = TypeVar("ResultT")


class OwnThreads:
    """So many at once; one that hangs is counted until it comes back, so that there are never more."""

    def __init__(self, *, at_once: int, within_s: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._within_s = within_s

    async def call(self, function: Callable[..., ResultT], *arguments: object) -> ResultT:
        """What the function returns or raises.

        Raises:
            TimeoutError: not within ``within_s``, waiting for a free thread included; or too many hang.
        """
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[ResultT] = loop.create_future()

        def settle(result: ResultT | None, error: Exception | None) -> None:
            self._free.release()
            if ended.cancelled():
                return
            if error is not None:
                ended.set_exception(error)
            else:
                ended.set_result(result)  # type: ignore[arg-type] # None only where it is the result

        def run() -> None:
            result, error = None, None
            try:
                result = function(*arguments)
            except Exception as raised:  # noqa: BLE001 — it is the caller's
                error = raised
            # Without the loop nobody waits any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, result, error)

        if sum(thread.name == NAME for thread in threading.enumerate()) >= LEFT_AT_MOST:
            raise TimeoutError
        async with asyncio.timeout(self._within_s):
            await self._free.acquire()
            threading.Thread(target=run, name=NAME, daemon=True).start()
            return await ended
