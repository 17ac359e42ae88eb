"""Calls that Slack must be sent one after another."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class InOrder:
    """Sees each call to its end before the next, even if whoever made it is cancelled.

    Slack would else be sent two at once, and might show the older one last.
    """

    def __init__(self) -> None:
        self._under_way: asyncio.Task[Any] | None = None

    async def run(self, call: Coroutine[Any, Any, T]) -> T:
        """Make a call once the one before it is answered; what it raises is raised."""
        try:
            await self.settled()
        except asyncio.CancelledError:
            call.close()
            raise
        task = self._under_way = asyncio.create_task(call)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def settled(self) -> None:
        """Wait until the call under way, if any, has been answered; whoever makes it has set its bound."""
        while self._under_way is not None and not self._under_way.done():
            await asyncio.wait((self._under_way,))
