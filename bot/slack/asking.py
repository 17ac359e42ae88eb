"""What becomes of what people say and do: a question is kept, an answer stopped, or it was not for us."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from bot.slack.buttons import GO_ON, MUTE, STOP, Press, again_button, read_press
from bot.slack.deadline import in_time
from bot.slack.events import Asked, MuteAsked, Reworded
from bot.slack.following import Following
from bot.slack.ports import Messages, Taken
from bot.slack.view import Payload, View, payload
from wire.errors import AnswerdeskError, MalformedError, RefusedError
from wire.questions import QuestionAsked, QuestionName, StopAsked

HEARD_WITHIN_S = 2.0
"""Slack wants its acknowledgement within 3 s."""

_REWORDED = "You changed your question. Shall I answer it anew?"
_MUTED = "I'll stay out of this thread until somebody mentions me."
_AGAIN_ALREADY = "That was asked again already; the answer is in this thread."
_UNREADABLE = "I may not read that question here. Please mention me with it again."
_GONE = "I can't find that question any more. Please ask it in a new message."
_log = structlog.get_logger("asking")


class Store(Protocol):
    """Keeps questions for good."""

    async def store(self, question: QuestionAsked) -> None:
        """Keep it; a second time counts once. Raises UnavailableError where it can't be kept."""
        ...


class Participation(Protocol):
    """Knows the threads that we take part in."""

    async def take_part(self, question: QuestionAsked) -> None:
        """From now on a message in this thread needs no mention. Raises UnavailableError."""
        ...

    async def mute(self, *, team: str, channel: str, thread_ts: str) -> bool:
        """From now on it does; False where it did already, or we take no part. Raises UnavailableError."""
        ...


class Stops(Protocol):
    """Tells every replica that an answer is to stop."""

    async def tell(self, order: StopAsked) -> None:
        """Raises UnavailableError."""
        ...


class Records(Protocol):
    """Knows which questions were taken up."""

    async def knows(self, question: QuestionName) -> bool:
        """Whether this one was, within the last day. Raises UnavailableError."""
        ...

    async def viewing(self, question: QuestionName) -> str | None:
        """The channel that its asker looked at, as far as that is known. Raises UnavailableError."""
        ...


class Asking:
    """Takes what people say and do. Every method raises UnavailableError where it could not be kept."""

    def __init__(
        self,
        *,
        store: Store,
        participation: Participation,
        stops: Stops,
        records: Records,
        messages: Messages,
        following: Following,
        team: str,
    ) -> None:
        self._following = following
        self._store = store
        self._participation = participation
        self._stops = stops
        self._records = records
        self._messages = messages
        self._team = team

    async def hear(self, asked: Asked) -> None:
        """Keep the question, if it is one for us; else Slack must bring it again."""
        async with in_time(HEARD_WITHIN_S):
            if asked.addressed:
                await self._keep(asked.question)
            elif await self._following.is_for_us(asked.question):
                await self._store.store(asked.question)

    async def _keep(self, question: QuestionAsked) -> None:
        """Keep it and its thread, at the same time, since whoever asks waits for both."""
        try:
            async with asyncio.TaskGroup() as group:
                # Sent first, so that a reply that comes the next moment is known to be a follow-up.
                group.create_task(self._participation.take_part(question))
                group.create_task(self._store.store(question))
        except* AnswerdeskError as failed:
            raise failed.exceptions[0] from None

    async def mute(self, wish: MuteAsked) -> None:
        """Stay out of a thread until somebody mentions us there."""
        async with in_time(HEARD_WITHIN_S):
            # Once for Slack's twin events.
            if await self._mute(wish):
                await self._say_muted(wish)

    async def _mute(self, wish: MuteAsked) -> bool:
        return await self._participation.mute(team=wish.team, channel=wish.channel, thread_ts=wish.thread_ts)

    async def _say_muted(self, wish: MuteAsked) -> None:
        shown = payload(View(text=_MUTED))
        await self._whisper(wish.channel, thread_ts=wish.thread_ts, user=wish.by, shown=shown)

    async def stop(self, order: StopAsked) -> None:
        """Let the answer stop."""
        async with in_time(HEARD_WITHIN_S):
            await self._stops.tell(order)

    async def reworded(self, change: Reworded) -> None:
        """Offer to answer anew, where it was a question to us."""
        async with in_time(HEARD_WITHIN_S):
            if not await self._records.knows(change.asked):
                return
            button = again_button("Answer the new wording", question=change.anew, thread_ts=change.thread_ts)
            shown = payload(View(text=_REWORDED))
            await self._whisper(
                change.asked.channel,
                thread_ts=change.thread_ts,
                user=change.by,
                shown=replace(shown, blocks=[*shown.blocks, button]),
            )

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to a press of a button under an answer."""
        if (press := read_press(body)) is None:
            return None
        await self.press(press)
        return Taken()

    async def press(self, press: Press) -> None:
        """Stop, go on, ask again, or mute."""
        async with in_time(HEARD_WITHIN_S):
            question = press.question
            if press.action == MUTE:
                wish = MuteAsked(
                    team=question.team, channel=question.channel, thread_ts=press.thread_ts, by=press.by
                )
                await self._mute(wish)
                await self._say_muted(wish)
            elif press.action == STOP:
                await self._stops.tell(
                    StopAsked(
                        channel=question.channel,
                        ts=question.ts,
                        attempt=question.attempt,
                        by=press.by,
                        pressed=True,
                    )
                )
            else:
                await self._ask_again(press)

    async def _ask_again(self, press: Press) -> None:
        """The same words, as they are now, asked by whoever presses."""
        asked, thread_ts = press.question, press.thread_ts

        async def tell(text: str) -> None:
            shown = payload(View(text=text))
            await self._whisper(asked.channel, thread_ts=thread_ts, user=press.by, shown=shown)

        if await self._records.knows(asked):
            return await tell(_AGAIN_ALREADY)
        try:
            said = await self._messages.words(channel=asked.channel, thread_ts=thread_ts, ts=asked.ts)
        except RefusedError:
            return await tell(_UNREADABLE)
        if said is None or asked.team != self._team:
            return await tell(_GONE)
        return await self._store.store(
            QuestionAsked(
                team=asked.team,
                channel=asked.channel,
                ts=asked.ts,
                attempt=asked.attempt,
                goes_on=press.action == GO_ON,
                thread_ts=thread_ts if thread_ts != asked.ts else None,
                user=press.by,
                text=said.text,
                files=said.files,
                # What "here" meant when it was first asked.
                viewing=await self._records.viewing(replace(asked, attempt=0)),
                asked_at=datetime.now(UTC),
            )
        )

    async def _whisper(self, channel: str, *, thread_ts: str, user: str, shown: Payload) -> None:
        try:
            await self._messages.whisper(channel=channel, thread_ts=thread_ts, user=user, shown=shown)
        except (RefusedError, MalformedError) as error:
            _log.warning("Slack takes no private message there", reason=str(error))
