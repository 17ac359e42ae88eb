"""The messages of an answer as they stand in Slack, and what has them show what they shall.

Whatever is to be shown is shown whole: a call that failed, or whose end is unknown, is made good by the next.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog

from bot.slack.buttons import with_button
from bot.slack.claim_ports import Hold
from bot.slack.edit_budget import UPDATE, Edit
from bot.slack.in_order import InOrder
from bot.slack.native_ports import Streams
from bot.slack.native_stream import NativeStream, Streaming
from bot.slack.ports import EditBudget, Messages, SlackRefusedError, SupersededError
from bot.slack.view import Payload, View
from wire.errors import MalformedError, OverloadedError, RefusedError, SettingsError, UnavailableError
from wire.questions import QuestionName

RETRY_AFTER_S = 1.0
STREAMED_STILL = "streaming_state_conflict"
"""Slack edits no message that is being streamed."""
GONE = "message_not_found"

_log = structlog.get_logger("slack")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a question's answer stands, and who asked it."""

    channel: str
    thread_ts: str
    question: QuestionName
    asker: str = ""
    asks_humans: bool = False


class Standing:
    """The messages of one answer.

    Attributes:
        messages: the ``ts`` of each, in order, once they are known.
        its_turn: whether it is this question's turn in its thread. What is being streamed names no question,
            and can be nobody else's from then on.
    """

    def __init__(
        self,
        *,
        messages: Messages,
        budget: EditBudget,
        streaming: Streaming | None,
        place: Place,
        hold: Hold,
        known: Sequence[str] = (),
        more_may_stand: bool = False,
    ) -> None:
        self.messages = list(known)
        self.its_turn = False
        self._slack = messages
        self._budget = budget
        self._streaming = streaming
        self._place = place
        self._hold = hold
        self._noted = tuple(known)
        self._shown: dict[str, Payload] = {}
        self._stream: NativeStream | None = None
        self._replacing = False
        self._replaced: list[str] = []
        self._outdated: list[str] = []
        # What an earlier owner posted without living to note it is looked for before anything is posted.
        self._post_lost = more_may_stand and bool(known)
        self._in_order = InOrder()

    @property
    def empty(self) -> bool:
        """Whether nothing stands yet, as far as is known."""
        return not (self.messages or self._post_lost)

    @property
    def streamable(self) -> bool:
        """Whether the answer's first words may begin a stream."""
        return self.empty and self._streaming is not None and self._streaming.wanted(self._place.channel)

    async def find(self) -> None:
        """Learn which messages an earlier try, whose end is unknown, has posted.

        Of two that are the same part the later one is the answer's; the other goes with ``clear``.

        Raises:
            AnswerdeskError: Slack does not say.
        """
        place = self._place
        try:
            found = await self._slack.find(
                channel=place.channel,
                thread_ts=place.thread_ts,
                asked_ts=place.question.ts,
                question=str(place.question),
                streams=self.its_turn,
            )
        except RefusedError as error:
            # We may not read here. A message that stands twice is better than none.
            _log.warning("an earlier message can't be looked for", reason=str(error))
            found = {}
        self._take_stock(found)
        self._post_lost = False

    def _take_stock(self, found: Mapping[int, Sequence[str]]) -> None:
        parts = {part: {ts} for part, ts in enumerate(self.messages)}
        for part, posted in found.items():
            parts.setdefault(part, set()).update({*posted} - {*self._replaced, *self._outdated})
        self.messages = [max(parts[part], key=float) for part in sorted(parts) if parts[part]]
        self._outdated += {ts for each in parts.values() for ts in each} - {*self.messages}

    async def stream(self, view: View) -> bool:
        """Let the text grow by Slack's own streaming; False where it is to be edited instead.

        Raises:
            OverloadedError: not now.
            SupersededError: another replica has taken over.
        """
        if self._stream is None:
            if self._streaming is None or not self.streamable:
                return False
            self._stream = NativeStream(
                streaming=self._streaming,
                budget=self._budget,
                channel=self._place.channel,
                thread_ts=self._place.thread_ts,
                asker=self._place.asker,
                call=self._ours,
            )
        grown = await self._stream.grow(view)
        self._take_over(self._stream)
        await self._note()
        return grown

    async def bring(self, pages: Sequence[Payload], *, edit: Edit) -> None:
        """Have these stand, in order, and nothing else of this answer.

        Raises:
            SupersededError: another replica has taken over.
            AnswerdeskError: Slack does not take one of them; those before it stand.
        """
        place = self._place
        await self._leave_stream()
        if self._post_lost:
            await self.find()
        last = with_button(
            pages[-1],
            question=place.question,
            thread_ts=place.thread_ts,
            asks_humans=place.asks_humans,
        )
        for part, page in enumerate((*pages[:-1], last)):
            if part >= len(self.messages):
                await self._ours(partial(self._posted, part, page))
            elif self._shown.get(self.messages[part]) != page:
                await self._edit(part, page, edit)
            await self._note()
        while len(self.messages) > len(pages):
            await self._withdraw(self.messages[-1])
            self.messages.pop()
            await self._note()

    async def replace(self, pages: Sequence[Payload]) -> None:
        """Have these stand in new messages, for when those that stand can't be edited for a long while.

        Asked again after a failure it goes on where it ended: Slack takes few posts at once. The old ones go
        with ``clear``.

        Raises:
            SupersededError, AnswerdeskError: as ``bring``; if no new one stands the old ones are still ours.
        """
        if not self._replacing:
            self._replacing = True
            self._replaced, self.messages, self._shown, self._stream = self.messages, [], {}, None
        try:
            await self.bring(pages, edit="last")
        except BaseException:
            if self.empty:
                self._replacing = False
                self.messages, self._replaced = self._replaced, []
            raise

    async def clear(self) -> None:
        """Withdraw what was replaced, or stands twice.

        Raises:
            SupersededError: another replica has taken over.
            UnavailableError: Slack does not take it now; what is left can be tried again.
        """
        for gone in (self._replaced, self._outdated):
            while gone:
                await self._withdraw(gone[-1])
                gone.pop()

    async def withdraw(self) -> None:
        """Have none of them stand. Asked again after a failure it goes on where it ended.

        Raises:
            SupersededError: another replica has taken over.
            RefusedError: Slack deletes none of our messages.
            AnswerdeskError: Slack does not take it now.
        """
        await self._leave_stream()
        if self._post_lost:
            await self.find()
        await self.clear()
        while self.messages:
            try:
                await self._deleted(self.messages[-1])
            except SlackRefusedError as error:
                if error.reason != GONE:
                    raise
            self.messages.pop()
            await self._note()

    async def settled(self) -> None:
        """Wait for the call under way, if any."""
        await self._in_order.settled()

    async def _leave_stream(self) -> None:
        if (stream := self._stream) is not None:
            await self._in_order.settled()
            self._take_over(stream)
            await stream.end()
            self._stream = None

    def _take_over(self, stream: NativeStream) -> None:
        if stream.ts is not None and not self.messages:
            self.messages.append(stream.ts)
        self._post_lost = self._post_lost or stream.lost

    async def _ours(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        if not await self._hold.holds():
            raise SupersededError
        return await self._in_order.run(call())

    async def _note(self) -> None:
        if (messages := tuple(self.messages)) != self._noted:
            await self._hold.note_messages(messages)
            self._noted = messages

    async def _edit(self, part: int, page: Payload, edit: Edit) -> None:
        if wait_s := await self._budget.take(UPDATE, edit=edit):
            raise OverloadedError("the edit budget is used up", service="slack", retry_after_s=wait_s)
        try:
            await self._ours(partial(self._edited, part, page))
        except OverloadedError as error:
            await self._budget.pause(UPDATE, seconds=error.retry_after_s or RETRY_AFTER_S)
            raise
        except SlackRefusedError as error:
            if error.reason != STREAMED_STILL or self._streaming is None:
                raise
            await self._ours(partial(self._stopped, self._streaming.streams, self.messages[part]))
            raise UnavailableError("it was being streamed still", service="slack") from error

    async def _withdraw(self, ts: str) -> None:
        try:
            await self._deleted(ts)
        except RefusedError as error:
            _log.info("a message was gone already", reason=str(error))

    async def _deleted(self, ts: str) -> None:
        await self._ours(lambda: self._slack.withdraw(channel=self._place.channel, ts=ts))

    # What has arrived is known from here on, even if whoever sends it is cancelled meanwhile.

    async def _posted(self, part: int, page: Payload) -> None:
        # Until Slack has said so: a lost response is not a lost message, which carries the question's id.
        self._post_lost = True
        try:
            ts = await self._slack.post(
                channel=self._place.channel,
                thread_ts=self._place.thread_ts,
                shown=page,
                question=str(self._place.question),
                part=part,
            )
        except (OverloadedError, RefusedError, MalformedError, SettingsError):
            self._post_lost = False
            raise
        self._post_lost = False
        self.messages.append(ts)
        self._shown[ts] = page

    async def _edited(self, part: int, page: Payload) -> None:
        ts = self.messages[part]
        self._shown.pop(ts, None)
        await self._slack.update(
            channel=self._place.channel,
            ts=ts,
            shown=page,
            question=str(self._place.question),
            part=part,
        )
        self._shown[ts] = page

    async def _stopped(self, streams: Streams, ts: str) -> None:
        try:
            await streams.stop(channel=self._place.channel, ts=ts)
        except RefusedError as error:
            _log.info("a stream was over", reason=str(error))
