"""Asks in somebody's name: posts their question, and keeps it, for its answer to stand under.

What was clicked twice is asked once: whoever asks names the click, and the first to do so asks.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from bot.slack.asking import Participation, Store
from bot.slack.mrkdwn import escaped
from bot.slack.ports import Messages
from wire.errors import AnswerdeskError, UnavailableError
from wire.questions import AskedFile, QuestionAsked


class Once(Protocol):
    """Remembers for a day what was done, for all replicas."""

    async def first(self, deed: str) -> bool:
        """Whether nobody has done this yet; from now on somebody has. Raises UnavailableError."""
        ...

    async def undone(self, deed: str) -> None:
        """It could not be done after all, and may be tried again. Raises UnavailableError."""
        ...


@dataclass(frozen=True, kw_only=True)
class PrivateQuestion:
    """A question that was asked in a direct message; ``link`` leads there, where Slack gave one."""

    link: str | None


class AskingFor:
    """Posts and keeps questions."""

    def __init__(self, *, messages: Messages, store: Store, participation: Participation, once: Once) -> None:
        self._messages = messages
        self._store = store
        self._participation = participation
        self._once = once
        self._under_way: set[asyncio.Task[str | None]] = set()

    async def privately(
        self, question: str, *, user: str, team: str, click: str, files: tuple[AskedFile, ...] = ()
    ) -> PrivateQuestion:
        """Ask in our direct messages with this person, where nobody else reads along.

        Args:
            question: as it was typed.
            user: who asks.
            team: their workspace.
            click: what they did to ask it, by a name that a second delivery of it has as well.
            files: of the message that is asked again here; they stay where they are.

        Raises:
            RefusedError: Slack lets us write them no direct message.
            UnavailableError: it could not be posted or kept, and may be tried again.
        """
        channel = await self._messages.open_direct(user=user)
        ts = await self.ask(question, user=user, team=team, channel=channel, click=click, files=files)
        if ts is None:
            return PrivateQuestion(link=None)
        try:
            return PrivateQuestion(link=await self._messages.link(channel=channel, ts=ts))
        except AnswerdeskError:
            return PrivateQuestion(link=None)

    async def ask(
        self,
        question: str,
        *,
        user: str,
        team: str,
        channel: str,
        click: str,
        files: tuple[AskedFile, ...] = (),
    ) -> str | None:
        """Ask in a channel; gives the question's ``ts``, or None where this click has asked already.

        It is seen to the end even if that takes longer than whoever waits for it may wait.
        Raises as ``privately``.
        """
        asked = partial(self._ask, question, user=user, team=team, channel=channel, files=files)
        deed = f"ask {team} {channel} {user} {click}"
        asking = asyncio.create_task(self._once_only(deed, asked))
        self._under_way.add(asking)
        asking.add_done_callback(self._under_way.discard)
        asking.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(asking)

    async def _once_only(self, deed: str, asked: Callable[[], Awaitable[str]]) -> str | None:
        if not await self._once.first(deed):
            return None
        try:
            return await asked()
        except BaseException:
            with contextlib.suppress(UnavailableError):
                await self._once.undone(deed)
            raise

    async def _ask(
        self, question: str, *, user: str, team: str, channel: str, files: tuple[AskedFile, ...]
    ) -> str:
        ts = await self._messages.post_question(channel=channel, text=question, asker=user)
        asked = QuestionAsked(
            team=team,
            channel=channel,
            ts=ts,
            user=user,
            text=escaped(question),
            files=files,
            asked_at=datetime.now(UTC),
        )
        try:
            await self._participation.take_part(asked)
            await self._store.store(asked)
        except UnavailableError:
            # Nobody would answer it.
            with contextlib.suppress(AnswerdeskError):
                await self._messages.withdraw(channel=channel, ts=ts)
            raise
        return ts
