"""What Slack shows of us beside our messages in a thread: a status, a title, a session with a Stop button.

All of it is to people's comfort alone: where Slack shows none of it, the answer is written all the same.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from bot.slack.native_ports import Agent, SessionStatus
from wire.errors import AnswerdeskError, MalformedError, RefusedError, UnavailableError
from wire.stopping import stopped

TOLD_WITHIN_S = 1.5
"""A status that takes longer is not worth waiting for: the answer itself may be there by then."""
SESSION_WITHIN_S = 5.0
AWAY_FOR_S = 3_600.0
"""How long a workspace that does not have such a thing is taken at its word."""
TITLE_CHARS = 100

_log = structlog.get_logger("slack")


class Agents:
    """One workspace's, and what it is known not to have."""

    def __init__(self, agent: Agent) -> None:
        self.agent = agent
        self._away_until: dict[str, float] = {}

    def has(self, what: str) -> bool:
        """Whether it is worth asking for."""
        return time.monotonic() >= self._away_until.get(what, 0.0)

    def lacks(self, what: str, error: AnswerdeskError) -> None:
        """Slack said no; what is only away for a moment is asked for again."""
        if not isinstance(error, UnavailableError):
            self._away_until[what] = time.monotonic() + AWAY_FOR_S
        _log.info("Slack shows no such thing here", what=what, reason=str(error))


class AgentThread:
    """One thread's."""

    def __init__(self, agents: Agents, *, channel: str, thread_ts: str, asker: str) -> None:
        self._agents = agents
        self._channel = channel
        self._thread_ts = thread_ts
        self._asker = asker

    async def tell(self, doing: str) -> bool:
        """Show what is being done, until our next message; whether Slack shows it."""
        if not self._agents.has("status"):
            return False
        try:
            async with asyncio.timeout(TOLD_WITHIN_S):
                await self._agents.agent.set_status(
                    channel=self._channel, thread_ts=self._thread_ts, doing=doing
                )
        except AnswerdeskError as error:
            self._agents.lacks("status", error)
            return False
        except TimeoutError:
            return False
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
            if over:
                # Otherwise whoever goes on with the answer goes on with the session.
                await self._session("active", title="")

    async def _begin(self, title: str) -> None:
        await self._session("processing", title=title)
        if title and self._agents.has("title"):
            try:
                async with asyncio.timeout(SESSION_WITHIN_S):
                    await self._agents.agent.set_title(
                        channel=self._channel, thread_ts=self._thread_ts, title=title
                    )
            except AnswerdeskError as error:
                self._agents.lacks("title", error)
            except TimeoutError:
                return

    async def _session(self, status: SessionStatus, *, title: str) -> None:
        if not self._agents.has("session"):
            return
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
            self._agents.lacks("session", error)
        except TimeoutError:
            return
