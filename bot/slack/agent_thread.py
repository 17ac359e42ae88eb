"""What Slack shows of us beside our messages in a thread: a status, a title, a session with a Stop button.

All of it is to people's comfort alone: where Slack shows none of it, the answer is written all the same.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.slack.edit_budget import SESSION, Edit
from bot.slack.features import Features
from bot.slack.native_ports import Agent, SessionStatus
from bot.slack.ports import EditBudget
from wire.errors import (
    AnswerdeskError,
    MalformedError,
    OverloadedError,
    RefusedError,
    SettingsError,
    UnavailableError,
)
from wire.stopping import stopped

TOLD_WITHIN_S = 1.5
"""A status that takes longer is not worth waiting for: the answer itself may be there by then."""
SESSION_WITHIN_S = 5.0
TITLE_CHARS = 100


@dataclass(frozen=True, kw_only=True)
class Agents:
    """One workspace's."""

    agent: Agent
    budget: EditBudget
    features: Features


class AgentThread:
    """One thread's."""

    def __init__(self, agents: Agents, *, channel: str, thread_ts: str, asker: str) -> None:
        self._agents = agents
        self._channel = channel
        self._thread_ts = thread_ts
        self._asker = asker
        self._told = False

    async def tell(self, doing: str) -> bool:
        """Show what is being done, until our next message; whether Slack shows it, or what was told before.

        Raises:
            SettingsError: Slack refuses our token, and will refuse the message too.
        """
        if not self._agents.features.has("status"):
            return False
        try:
            async with asyncio.timeout(TOLD_WITHIN_S):
                await self._agents.agent.set_status(
                    channel=self._channel, thread_ts=self._thread_ts, doing=doing
                )
        except SettingsError:
            raise
        except (OverloadedError, TimeoutError):
            return self._told
        except AnswerdeskError as error:
            self._agents.features.refused("status", error)
            return False
        self._agents.features.worked("status")
        self._told = bool(doing)
        return True

    @asynccontextmanager
    async def at_work(self, title: str) -> AsyncIterator[None]:
        """While the block lasts Slack shows that we are at work, in direct messages with its own Stop."""
        if not self._channel.startswith("D"):
            yield
            return
        beginning = asyncio.create_task(self._begin(" ".join(title.split())[:TITLE_CHARS]))
        over = False
        try:
            yield
            over = True
        except (RefusedError, MalformedError):
            over = True
            raise
        finally:
            if over:
                await asyncio.wait((beginning,), timeout=SESSION_WITHIN_S)
            await stopped(beginning)
            if over and (beginning.cancelled() or beginning.result()):
                # Otherwise whoever goes on with the answer goes on with the session.
                await self._session("active", title="")

    async def _begin(self, title: str) -> bool:
        """Whether a session may have begun, which then has to end."""
        begun = await self._session("processing", title=title)
        if title and self._agents.features.has("title"):
            try:
                async with asyncio.timeout(SESSION_WITHIN_S):
                    await self._agents.agent.set_title(
                        channel=self._channel, thread_ts=self._thread_ts, title=title
                    )
            except AnswerdeskError as error:
                self._agents.features.refused("title", error)
            except TimeoutError:
                return begun
            else:
                self._agents.features.worked("title")
        return begun

    async def _session(self, status: SessionStatus, *, title: str) -> bool:
        """Whether it may be so now."""
        edit: Edit = "last" if status == "active" else "first"
        if not self._agents.features.has("session") or await self._agents.budget.take(SESSION, edit=edit):
            return False
        try:
            async with asyncio.timeout(SESSION_WITHIN_S):
                await self._agents.agent.set_session(
                    channel=self._channel,
                    thread_ts=self._thread_ts,
                    status=status,
                    title=title,
                    asker=self._asker,
                )
        except AnswerdeskError as error:
            self._agents.features.refused("session", error)
            return isinstance(error, UnavailableError)
        except TimeoutError:
            return True
        self._agents.features.worked("session")
        return True
