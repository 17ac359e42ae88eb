"""What goes on after Slack was told that we heard: a bounded number of tasks, each ended with us."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import structlog

from wire.errors import AnswerdeskError, OverloadedError
from wire.stopping import stopped

AT_ONCE = 100
"""Each is a press, a Home tab or a resync that begins, and over within a minute or two."""

ResultT = TypeVar("ResultT")
_log = structlog.get_logger("home")


class Errands:
    """Tasks under way; made by ``running_errands``."""

    def __init__(self) -> None:
        self.under_way: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it to its end; how it fails is logged.

        Raises:
            OverloadedError: too many are under way.
        """
        self._own(asyncio.create_task(work))

    async def see_through(self, work: Coroutine[Any, Any, ResultT]) -> ResultT:
        """Do it to its end, even if whoever waits for it may wait no longer. Raises as ``start``."""
        task = asyncio.create_task(work)
        self._own(task)
        return await asyncio.shield(task)

    def _own(self, task: "asyncio.Task[Any]") -> None:
        if len(self.under_way) >= AT_ONCE:
            task.cancel()
            raise OverloadedError("too much is under way", service="bot")
        self.under_way.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self.under_way.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, AnswerdeskError):
            _log.warning("not done", reason=str(error))
        else:
            _log.error("an errand failed", exc_info=error)


@asynccontextmanager
async def running_errands() -> AsyncIterator[Errands]:
    """Errands that end with the block at the latest."""
    errands = Errands()
    try:
        yield errands
    finally:
        await stopped(*errands.under_way)
