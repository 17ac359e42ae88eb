"""Home tabs that were opened lately are published anew once an answer of their reader's has ended."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import structlog

from bot.slack.edit_budget import PUBLISH
from bot.slack.ports import EditBudget
from wire.errors import OverloadedError
from wire.stopping import stopped, tasks_beside

LATELY_S = 1_800.0
"""Slack does not say when a Home tab is closed."""
MOST_OPEN = 1_000
GATHERED_S = 2.0
"""Answers that end together are one page anew; and so many seconds lie between two pages of one bot."""

_log = structlog.get_logger("home")


class Homes(Protocol):
    """Publishes Home tabs."""

    def show(self, user: str) -> None:
        """Publish somebody's as of now. Raises OverloadedError where too much is under way."""
        ...


class KeepingFresh:
    """Knows who opened theirs here, and when; made by ``keeping_fresh``."""

    def __init__(self, *, homes: Homes, budget: EditBudget) -> None:
        self._homes = homes
        self._budget = budget
        self._opened: dict[str, float] = {}
        self._outdated: dict[str, None] = {}
        self._any = asyncio.Event()

    def opened(self, user: str) -> None:
        """Publish theirs, and from now on again as things change. Raises OverloadedError."""
        self._opened.pop(user, None)
        self._opened[user] = time.monotonic()
        if len(self._opened) > MOST_OPEN:
            del self._opened[next(iter(self._opened))]
        self._homes.show(user)

    def answered(self, user: str) -> None:
        """An answer of theirs has ended, at whichever bot."""
        opened_at = self._opened.get(user)
        if opened_at is not None and time.monotonic() - opened_at < LATELY_S:
            self._outdated[user] = None
            self._any.set()

    async def keep(self) -> None:
        """Publish what is outdated, one after another, within what Slack lets the workspace publish."""
        wait_s = GATHERED_S
        while True:
            await self._any.wait()
            await asyncio.sleep(max(wait_s, GATHERED_S))
            wait_s = await self._budget.take(PUBLISH, edit="growing")
            if not wait_s:
                self._publish_next()

    def _publish_next(self) -> None:
        user = next(iter(self._outdated))
        del self._outdated[user]
        if not self._outdated:
            self._any.clear()
        try:
            self._homes.show(user)
        except OverloadedError as error:
            _log.warning("a Home tab is not published anew", reason=str(error))


@asynccontextmanager
async def keeping_fresh(*, homes: Homes, budget: EditBudget) -> AsyncIterator[KeepingFresh]:
    """Keep Home tabs fresh while the block lasts."""
    keeper = KeepingFresh(homes=homes, budget=budget)
    async with tasks_beside() as group:
        keeping = group.create_task(keeper.keep(), name="keep Home tabs fresh")
        try:
            yield keeper
        finally:
            await stopped(keeping)
