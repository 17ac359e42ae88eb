"""One message in Slack that grows as its answer is written.

One writer a message, and it always sends the newest whole text: an edit that is skipped loses nothing,
one that is late shows what is true by then. The pace is Slack's: about one edit a second at first, then
its advised one in three seconds, never more than the workspace's shared budget, and a Retry-After is
waited out by everybody. The last edit is never skipped.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog

from bot.slack.buttons import with_button
from bot.slack.ports import EditBudget, Messages, SupersededError
from bot.slack.view import Payload, View, payload
from wire.errors import MalformedError, OverloadedError, RefusedError, SettingsError, UnavailableError
from wire.questions import QuestionName

WORDLESS_PACE_S = 0.3
"""Before the first words: those should not wait for the line that said what was being done."""
FIRST_PACE_S = 1.0
FIRST_PACE_FOR_S = 10.0
PACE_S = 3.0
"""docs.slack.dev, developing agents: call chat.update once every three seconds."""
SHOWN_WITHIN_S = 45.0
"""How long a first post or a last edit is tried for, before the question goes back to the queue."""
RETRY_AFTER_S = 1.0

_log = structlog.get_logger("slack")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a question's answer stands."""

    channel: str
    thread_ts: str
    question: QuestionName


class LiveMessage:
    """The one message of an answer.

    Attributes:
        ts: the message, once it is known.
        meant_for: who may read what it shows, once that is more than what is being done.
    """

    def __init__(
        self,
        *,
        messages: Messages,
        budget: EditBudget,
        place: Place,
        ts: str | None,
        still_ours: Callable[[], Awaitable[bool]],
    ) -> None:
        self.ts = ts
        self.meant_for: tuple[str, ...] | None = None
        self._messages = messages
        self._budget = budget
        self._place = place
        self._still_ours = still_ours
        self._newest: View | None = None
        self._shown: Payload | None = None
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._worded = False
        self._post_lost = False
        self._under_way: asyncio.Task[Any] | None = None

    @property
    def newest(self) -> View:
        """What was to be shown last."""
        return self._newest or View()

    async def find(self) -> None:
        """Learn whether an earlier try, whose end is unknown, has posted the message.

        Raises:
            AnswerdeskError: Slack does not say.
        """
        self.ts = self.ts or await self._patiently(self._find)

    async def open(self, view: View) -> str:
        """Make this visible now: post it, or go on in the message that stands; gives its ``ts``.

        Raises:
            SupersededError: another replica has taken over.
            AnswerdeskError: Slack takes no message here.
        """
        self._newest = view
        if self.ts is None:
            return await self.post(payload(view))
        self._changed.set()
        if not await self._budget.take(last=False):
            with contextlib.suppress(UnavailableError, RefusedError, MalformedError):
                await self._edit(payload(view))
        return self.ts

    async def post(self, shown: Payload) -> str:
        """Post the message; gives its ``ts``. Raises as ``open``."""
        self._shown = shown
        self.ts = await self._patiently(lambda: self._post(shown))
        return self.ts

    def show(self, view: View) -> None:
        """Show this when the pace allows, unless something newer comes first."""
        self._newest = view
        self._changed.set()

    async def write(self) -> None:
        """Send what is to be shown, as fast as is allowed, until ``stop``.

        Raises:
            SupersededError: another replica has taken over.
        """
        started = time.monotonic()
        while True:
            await self._changed.wait()
            if self._stopping.is_set():
                return
            self._changed.clear()
            try:
                if not await self._preview():
                    continue
            except UnavailableError:
                self._changed.set()
            except (RefusedError, MalformedError) as error:
                _log.warning("preview refused", reason=str(error))
            await self._rest(self._pace_s(time.monotonic() - started))

    def _pace_s(self, age_s: float) -> float:
        if not self._worded:
            return WORDLESS_PACE_S
        return FIRST_PACE_S if age_s < FIRST_PACE_FOR_S else PACE_S

    def stop(self) -> None:
        """Let ``write`` return once the edit under way, if any, has been answered."""
        self._stopping.set()
        self._changed.set()

    async def close(self, shown: Payload) -> None:
        """The last edit, after ``write`` has returned: tried until it stands.

        Raises:
            SupersededError: another replica has taken over.
            UnavailableError: Slack did not take it in time.
            AnswerdeskError: Slack refuses it.
        """
        await self._patiently(lambda: self._last_edit(shown))

    async def _preview(self) -> bool:
        """Send the newest view; False where there was nothing new to send."""
        view = self._newest
        if view is None or (shown := payload(view)) == self._shown:
            return False
        while wait_s := await self._budget.take(last=False):
            await self._rest(wait_s)
            if self._stopping.is_set():
                return False
        if self._newest is not None and self._newest is not view:
            view = self._newest
            shown = payload(view)
        await self._edit(shown)
        self._worded = bool(view.text)
        return True

    async def _last_edit(self, shown: Payload) -> None:
        if wait_s := await self._budget.take(last=True):
            raise OverloadedError("the edit budget is used up", service="slack", retry_after_s=wait_s)
        await self._edit(shown)

    async def _edit(self, shown: Payload) -> None:
        if not await self._still_ours():
            raise SupersededError
        try:
            await self._in_order(
                self._messages.update(
                    channel=self._place.channel,
                    ts=self.ts or "",
                    shown=self._buttoned(shown),
                    question=str(self._place.question),
                )
            )
        except OverloadedError as error:
            await self._budget.pause(seconds=error.retry_after_s or RETRY_AFTER_S)
            raise
        self._shown = shown

    async def _post(self, shown: Payload) -> str:
        if not await self._still_ours():
            raise SupersededError
        await self._settled()
        if self._post_lost and self.ts is None:
            self.ts = await self._find()
        if self.ts is not None:
            await self._edit(shown)
            return self.ts
        # Until Slack has said so: a lost response is not a lost message, which carries the question's id.
        self._post_lost = True
        try:
            return await self._in_order(self._posted(self._buttoned(shown)))
        except (OverloadedError, RefusedError, MalformedError, SettingsError):
            self._post_lost = False
            raise

    async def _posted(self, shown: Payload) -> str:
        """Known from here on, even if whoever posts it is cancelled meanwhile."""
        self.ts = await self._messages.post(
            channel=self._place.channel,
            thread_ts=self._place.thread_ts,
            shown=shown,
            question=str(self._place.question),
        )
        self._post_lost = False
        return self.ts

    def _buttoned(self, shown: Payload) -> Payload:
        return with_button(shown, question=self._place.question, thread_ts=self._place.thread_ts)

    async def _in_order(self, call: Coroutine[Any, Any, T]) -> T:
        """See each call to its end before the next, even if whoever made it is cancelled.

        Slack would else be sent two at once, and might show the older one last.
        """
        await self._settled()
        task = self._under_way = asyncio.create_task(call)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def _settled(self) -> None:
        if self._under_way is not None:
            await asyncio.wait((self._under_way,))

    async def _find(self) -> str | None:
        place = self._place
        try:
            return await self._messages.find(
                channel=place.channel,
                thread_ts=place.thread_ts,
                asked_ts=place.question.ts,
                question=str(place.question),
            )
        except RefusedError as error:
            # We may not read here. A message that stands twice is better than none.
            _log.warning("an earlier message can't be looked for", reason=str(error))
            return None

    async def _patiently(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Try until it succeeds, waiting as told, for SHOWN_WITHIN_S at most."""
        deadline = time.monotonic() + SHOWN_WITHIN_S
        while True:
            try:
                return await attempt()
            except UnavailableError as error:
                wait_s = error.retry_after_s or RETRY_AFTER_S
                if time.monotonic() + wait_s > deadline:
                    raise
                await asyncio.sleep(wait_s)

    async def _rest(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
