"""A message that grows by Slack's own streaming: only more words are sent, and only once each.

A stream may end at any moment (Slack ends each about five minutes after its start, python-slack-sdk#1859; a
person may stop it; an answer may get lost). Then it is left for good, and the message is edited like any
other: an edit carries the whole text, so nothing of it is lost or doubled, whatever had arrived.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Literal, Protocol, TypeVar

import structlog

from bot.slack.edit_budget import Edit
from bot.slack.features import Features
from bot.slack.native_ports import Streams
from bot.slack.ports import EditBudget
from bot.slack.streamed_text import streamed
from bot.slack.view import View
from wire.errors import MalformedError, OverloadedError, RefusedError, UnavailableError

Mode = Literal["auto", "native", "edit"]

APPEND_CHARS = 12_000
"""docs.slack.dev, chat.appendStream: the most of one call."""
RETRY_AFTER_S = 1.0
_log = structlog.get_logger("slack")
T = TypeVar("T")


class Call(Protocol):
    """Makes a call to Slack in its turn, while the message is ours."""

    def __call__(self, call: Callable[[], Coroutine[Any, Any, T]], /) -> Awaitable[T]:
        """Raises SupersededError where it is not, and what the call raises."""
        ...


class Streaming:
    """Which of a workspace's messages are streamed."""

    def __init__(self, *, streams: Streams, mode: Mode, team: str, features: Features) -> None:
        self.streams = streams
        self.team = team
        self._mode = mode
        self._features = features

    def wanted(self, channel: str) -> bool:
        """Whether a new message there is to be streamed: where only its reader would see it grow."""
        if self._mode == "edit" or not self._features.has("streams"):
            return False
        return self._mode == "native" or channel.startswith("D")

    def begun(self) -> None:
        """Slack began a stream."""
        self._features.worked("streams")

    def refused(self, error: RefusedError | MalformedError) -> None:
        """Slack did not begin a stream."""
        self._features.refused("streams", error)


class NativeStream:
    """One streamed message.

    Attributes:
        ts: the message; None before its first words.
        lost: whether it may have begun without our knowing where.
        live: whether it takes more words.
    """

    def __init__(
        self,
        *,
        streaming: Streaming,
        budget: EditBudget,
        channel: str,
        thread_ts: str,
        asker: str,
        call: Call,
    ) -> None:
        self.ts: str | None = None
        self.lost = False
        self.live = True
        self._streaming = streaming
        self._budget = budget
        self._channel = channel
        self._thread_ts = thread_ts
        self._asker = asker
        self._call = call
        self._sent = ""

    async def grow(self, view: View) -> bool:
        """Send what is new of a text; False where that can't be, and the message is to be edited from now on.

        Raises:
            OverloadedError: it was not sent, and may be a little later.
            SupersededError: the message is no longer ours.
        """
        text = streamed(view)
        if not self.live or not text.startswith(self._sent):
            self.live = False
            return False
        try:
            if self.ts is None and text:
                await self._start(text[:APPEND_CHARS])
            while len(self._sent) < len(text):
                await self._append(text[len(self._sent) :][:APPEND_CHARS])
        except OverloadedError:
            if self.ts is None:
                self.live = False
                return False
            raise
        except (RefusedError, MalformedError) as error:
            if self.ts is None:
                self._streaming.refused(error)
            self.live = False
        except UnavailableError:
            # It may have arrived, or not.
            self.lost = self.ts is None
            self.live = False
        return self.live

    async def end(self) -> None:
        """Let the message be edited.

        Raises:
            UnavailableError, OverloadedError: Slack did not say that it may.
            SupersededError: the message is no longer ours.
        """
        self.live = False
        if self.ts is None:
            return
        ts = self.ts
        try:
            await self._paced("chat.stopStream", "last", lambda: self._stopped(ts))
        except (RefusedError, MalformedError) as error:
            # It has ended by itself.
            _log.info("a stream was over", reason=str(error))

    async def _start(self, text: str) -> None:
        await self._paced("chat.startStream", "first", lambda: self._started(text))

    async def _append(self, text: str) -> None:
        ts = self.ts or ""
        await self._paced("chat.appendStream", "growing", lambda: self._appended(ts, text))

    async def _paced(self, method: str, edit: Edit, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if wait_s := await self._budget.take(method, edit=edit):
            raise OverloadedError(f"{method} is used up", service="slack", retry_after_s=wait_s)
        try:
            await self._call(call)
        except OverloadedError as error:
            await self._budget.pause(method, seconds=error.retry_after_s or RETRY_AFTER_S)
            raise

    # What has arrived is known from here on, even if whoever sends it is cancelled meanwhile.

    async def _started(self, text: str) -> None:
        direct = self._channel.startswith("D")
        self.lost = True
        try:
            self.ts = await self._streaming.streams.start(
                channel=self._channel,
                thread_ts=self._thread_ts,
                text=text,
                recipient=None if direct else self._asker,
                team=self._streaming.team,
            )
        except (OverloadedError, RefusedError, MalformedError):
            self.lost = False
            raise
        self.lost = False
        self._sent = text
        self._streaming.begun()

    async def _appended(self, ts: str, text: str) -> None:
        try:
            await self._streaming.streams.append(channel=self._channel, ts=ts, text=text)
        except OverloadedError:
            raise
        except BaseException:
            self.live = False
            raise
        self._sent += text

    async def _stopped(self, ts: str) -> None:
        await self._streaming.streams.stop(channel=self._channel, ts=ts)
