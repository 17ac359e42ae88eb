"""Somebody's Home tab, published as of now whenever they open it or change something."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from bot.answering.quota import Level
from bot.home.admins import Admins, AskerOf
from bot.home.errands import Errands
from bot.home.home_view import RECENT_SHOWN, Page, home, preferred
from bot.home.looking_over import LookingOver, Usage, told
from bot.home.overview import Facts
from bot.home.ports import Board
from wire.errors import AnswerdeskError, OverloadedError
from wire.preferences import PersonalPreferences, RecentQuestion

WAIT_AT_MOST_S = 60.0
"""For Slack, should it want us to come back later."""
TRIES = 3

_log = structlog.get_logger("home")


class Kept(Protocol):
    """Where people's settings are kept; raises UnavailableError."""

    async def of_person(self, user: str, *, team: str) -> PersonalPreferences:
        """As they set it, or as it is by itself."""
        ...

    async def change_person(
        self, user: str, change: Callable[[PersonalPreferences], PersonalPreferences], *, team: str
    ) -> None:
        """From the next question on, whatever they change besides at the same time."""
        ...


class Recents(Protocol):
    """Knows people's last questions; raises UnavailableError."""

    async def of(self, user: str, *, team: str) -> tuple[RecentQuestion, ...]:
        """Their last ones, newest first."""
        ...


class ShowingHome:
    """Publishes people's Home tabs, and keeps what they choose there."""

    def __init__(
        self,
        *,
        team: str,
        board: Board,
        admins: Admins,
        asker_of: AskerOf,
        usage: Usage,
        recents: Recents,
        kept: Kept,
        looking_over: LookingOver,
        errands: Errands,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._team = team
        self._board = board
        self._admins = admins
        self._asker_of = asker_of
        self._usage = usage
        self._recents = recents
        self._kept = kept
        self._looking_over = looking_over
        self._errands = errands
        self._now = now
        self._asked_for: dict[str, bool] = {}
        """Whose is being published, and whether it is to be once more."""

    def show(self, user: str) -> None:
        """Publish somebody's as of now; once more if it is being published.

        Raises:
            OverloadedError: too much is under way.
        """
        under_way = user in self._asked_for
        self._asked_for[user] = True
        if under_way:
            return
        try:
            self._errands.start(self._publish_newest(user))
        except OverloadedError:
            del self._asked_for[user]
            raise

    async def choose(self, setting: str, value: str, *, user: str) -> None:
        """Keep what somebody has chosen.

        Raises:
            UnavailableError: it could not be kept.
        """
        change = partial(preferred, setting=setting, value=value)
        await self._kept.change_person(user, change, team=self._team)

    async def _publish_newest(self, user: str) -> None:
        try:
            while self._asked_for[user]:
                self._asked_for[user] = False
                await self._publish(user)
        finally:
            del self._asked_for[user]

    async def _publish(self, user: str) -> None:
        for _ in range(TRIES):
            page = await self._page(user)
            try:
                return await self._board.publish_home(user=user, view=home(page, now=self._now()))
            except OverloadedError as error:
                await asyncio.sleep(min(error.retry_after_s or 1.0, WAIT_AT_MOST_S))
        _log.warning("a Home tab could not be published: Slack wants us to come back later")
        return None

    async def _page(self, user: str) -> Page:
        levels, recent, preferences, admin = await asyncio.gather(
            told(self._levels(user)),
            told(self._recent(user)),
            told(self._kept.of_person(user, team=self._team)),
            self._admins_part(user),
        )
        return Page(levels=levels, recent=recent, preferences=preferences, admin=admin)

    async def _levels(self, user: str) -> Sequence[Level]:
        return await self._usage(await self._asker_of(user))

    async def _recent(self, user: str) -> Sequence[tuple[RecentQuestion, str | None]]:
        recent = (await self._recents.of(user, team=self._team))[:RECENT_SHOWN]
        links = await asyncio.gather(*(self._link(asked) for asked in recent))
        return list(zip(recent, links, strict=True))

    async def _link(self, asked: RecentQuestion) -> str | None:
        try:
            return await self._board.link(channel=asked.channel, ts=asked.answer)
        except AnswerdeskError:
            return None

    async def _admins_part(self, user: str) -> Facts | None:
        """What admins see besides; nothing, where it can't be told that this is one."""
        if not await told(self._admins.is_admin(user)):
            return None
        return await self._looking_over.facts()
