"""An answer in Slack that grows as it is written.

One writer an answer, and it always shows the newest whole text: an edit that is skipped loses nothing, one
that is late shows what is true by then. The pace is Slack's: about one edit a second at first, then its
advised one in three seconds, never more than the workspace's shared budget, and a Retry-After is waited out
by everybody. The first words and the last edit are never skipped.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import structlog

from bot.slack.agent_thread import AgentThread
from bot.slack.edit_budget import Edit
from bot.slack.metering import UNMETERED, Seen
from bot.slack.standing import Standing
from bot.slack.view import Payload, View, payloads
from wire.errors import MalformedError, OverloadedError, RefusedError, UnavailableError

WORDLESS_PACE_S = 0.3
"""Before the first words: those should not wait for the line that said what was being done."""
FIRST_PACE_S = 1.0
FIRST_PACE_FOR_S = 10.0
PACE_S = 3.0
"""docs.slack.dev, developing agents: call chat.update once every three seconds."""
WORDLESS_FOR_S = 3.0
"""How long a status alone says what is being done: a first post that has words needs no edit for them."""
GATHERED_S = 0.3
"""How long the first words wait for the rest: an answer that is whole by then is one post and no edit."""
SHOWN_WITHIN_S = 45.0
"""How long a first post or a last edit is tried for, before the question goes back to the queue."""
RETRY_AFTER_S = 1.0
STATUS_AGAIN_S = 60.0
"""Slack takes a status away after two minutes."""

_log = structlog.get_logger("slack")
T = TypeVar("T")


class LiveMessage:
    """The message of an answer, or several where it is long.

    Attributes:
        standing: what of it stands in Slack.
        meant_for: who may read what it shows, once that is more than what is being done.
        withdrawn: whether nothing of it is to stand any more.
    """

    def __init__(
        self,
        *,
        standing: Standing,
        agent: AgentThread | None = None,
        seen: Seen | None = None,
        begun: bool | None = None,
    ) -> None:
        """Nothing is shown yet.

        Args:
            standing: what has Slack show it.
            agent: shows a status.
            seen: is told what people see.
            begun: whether Slack shows already, in a status, what the answer begins with; None: not asked yet.
        """
        self.standing = standing
        self._seen = seen or Seen(UNMETERED, asked_at=datetime.now(UTC))
        self.meant_for: tuple[str, ...] | None = None
        self.withdrawn = False
        self._agent = agent
        self._begun = begun
        self._newest: View | None = None
        self._newest_at = time.monotonic()
        self._sent: View | None = None
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._worded = False
        self._post_at = 0.0

    @property
    def newest(self) -> View:
        """What was to be shown last."""
        return self._newest or View()

    async def find(self) -> None:
        """Learn what an earlier try, whose end is unknown, has posted.

        Raises:
            AnswerdeskError: Slack does not say.
        """
        await self._patiently(self.standing.find)

    async def begin(self, view: View) -> None:
        """Show what is being done: as a status where nothing stands yet, else in a message. As ``open``."""
        self._post_at = time.monotonic() + WORDLESS_FOR_S
        told, self._begun = self._begun, None
        if told is None:
            told = self.standing.empty and await self._told(view)
        if told and self.standing.empty:
            self._newest = self._sent = view
        else:
            await self.open(view)
        self._seen.sign()

    async def open(self, view: View) -> None:
        """Make this visible now: post it, or go on in the message that stands.

        Raises:
            SupersededError: another replica has taken over.
            AnswerdeskError: Slack takes no message here.
        """
        self._newest = view
        if self.standing.empty:
            await self._patiently(lambda: self._bring(payloads(view), "first"), waiting=view)
            self._sent = view
            return
        self._changed.set()
        with contextlib.suppress(UnavailableError, RefusedError, MalformedError):
            await self._bring(payloads(view), "growing")
            self._sent = view

    def show(self, view: View) -> None:
        """Show this when the pace allows, unless something newer comes first."""
        if view != self._newest:
            self._newest_at = time.monotonic()
        self._newest = view
        self._changed.set()

    async def write(self) -> None:
        """Send what is to be shown, as fast as is allowed, until ``stop``.

        Raises:
            SupersededError: another replica has taken over.
        """
        started = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._unchanged_s()):
                    await self._changed.wait()
            if self._posts_next and self.newest.text:
                await self._rest(GATHERED_S)
            if self._stopping.is_set():
                return
            self._changed.clear()
            wait_s = 0.0
            try:
                if not await self._preview():
                    continue
            except UnavailableError as error:
                self._changed.set()
                wait_s = error.retry_after_s or 0.0
            except (RefusedError, MalformedError) as error:
                _log.warning("preview refused", reason=str(error))
            await self._rest(max(wait_s, self._pace_s(time.monotonic() - started)))

    @property
    def _posts_next(self) -> bool:
        """Whether nothing stands yet, and it is a message that will."""
        return self.standing.empty and not self.standing.streamable

    def _unchanged_s(self) -> float:
        """When to look again though nothing has changed."""
        return max(0.0, self._post_at - time.monotonic()) if self._posts_next else STATUS_AGAIN_S

    def _pace_s(self, age_s: float) -> float:
        if not self._worded:
            return WORDLESS_PACE_S
        return FIRST_PACE_S if age_s < FIRST_PACE_FOR_S else PACE_S

    def stop(self) -> None:
        """Let ``write`` return once the call under way, if any, has been answered."""
        self._stopping.set()
        self._changed.set()

    async def close(self, pages: Sequence[Payload]) -> None:
        """The finished answer, after ``write`` has returned: tried until it stands.

        Where what stands can't be edited for long, it comes in new messages instead.

        Raises:
            SupersededError: another replica has taken over.
            UnavailableError: Slack did not take it in time.
            AnswerdeskError: Slack refuses it.
        """
        ready_at = time.monotonic()
        await self.standing.settled()
        try:
            await self._patiently(lambda: self._bring(pages, "last"))
        except OverloadedError as error:
            if self.standing.empty:
                raise
            _log.warning("Slack takes no edit for long; the answer is posted anew", reason=str(error))
            await self._patiently(lambda: self.standing.replace(pages))
        await self._cleared()
        self._seen.whole(since=ready_at)

    async def withdraw(self) -> None:
        """Have nothing of it stand any more, after ``write`` was stopped.

        Raises:
            SupersededError: another replica has taken over.
            UnavailableError: Slack did not take it in time.
            RefusedError: Slack keeps messages that were posted once.
        """
        self.withdrawn = True
        await self.standing.settled()
        if self.standing.empty and self._agent is not None:
            # No message of ours will take it away.
            await self._agent.tell("")
        await self._patiently(self.standing.withdraw)

    async def _cleared(self) -> None:
        try:
            await self._patiently(self.standing.clear)
        except UnavailableError as error:
            _log.warning("an unfinished message stays beside the finished one", reason=str(error))

    async def _preview(self) -> bool:
        """Send the newest view; False where there was nothing new to send."""
        view, since = self.newest, self._newest_at
        telling = self.standing.streamable or (self._posts_next and time.monotonic() < self._post_at)
        if not view.text and telling and await self._told(view):
            self._sent = view
            return True
        if view == self._sent and not self._posts_next:
            return False
        pages = payloads(view)
        if not (view.text and len(pages) == 1 and await self.standing.stream(view)):
            await self._bring(pages, "growing" if self._worded or not view.text else "first")
        self._sent = view
        self._worded = bool(view.text)
        if view.text:
            self._seen.words(since=since)
        return True

    async def _told(self, view: View) -> bool:
        return self._agent is not None and await self._agent.tell(view.doing or "")

    async def _bring(self, pages: Sequence[Payload], edit: Edit) -> None:
        await self.standing.bring(pages, edit=edit)

    async def _patiently(self, attempt: Callable[[], Awaitable[T]], *, waiting: View | None = None) -> T:
        """Try until it succeeds, waiting as told, for SHOWN_WITHIN_S at most."""
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while True:
            try:
                return await attempt()
            except UnavailableError as error:
                wait_s = error.retry_after_s or RETRY_AFTER_S
                if waiting is not None:
                    await self._told(waiting)
                if time.monotonic() + wait_s > deadline:
                    raise
                await asyncio.sleep(wait_s)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
