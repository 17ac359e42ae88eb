"""What becomes of a shortcut: a message is answered in its thread, a question in private."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog

from bot.slack.asking import Participation, Records, Store
from bot.slack.asking_for import AskingFor, PrivateQuestion
from bot.slack.commands import said
from bot.slack.deadline import in_time
from bot.slack.events import spoken
from bot.slack.ports import Identity, Messages, Taken
from bot.slack.shortcuts import (
    PickedMessage,
    TypedQuestion,
    ask_modal,
    read_picked,
    read_typed,
    read_wish_to_ask,
    told_modal,
)
from wire.errors import AnswerdeskError, RefusedError, UnavailableError
from wire.questions import QuestionAsked

SEEN_TO_WITHIN_S = 2.5

_OURS = "That is a message of mine. Use its buttons, or ask me something."
_NO_WORDS = "There are no words in that message that I could answer."
_NOTHING_TYPED = "There are no words in that. Please open this window again and type a question."
_ANSWERED = "I have taken that question up already; see its thread."
_ANSWERING = "I'm answering in that message's thread."
_NOT_THERE = "I'm not in this conversation, so I'm answering in {link}, where only you can read it."
_PRIVATELY = "I'm answering in {link}, where only you can read it."
_STILL = "That takes longer than usual. Look into our direct message before you ask again."
_NO_DIRECT = "Slack lets me write you no direct message. Please mention me in a channel instead."
_AWAY = "I can't do that right now, sorry. Please try again in a few minutes."
_STRANGER = "I only work for people of the company that I belong to."
_log = structlog.get_logger("shortcuts")

Names = Callable[[], dict[str, str]]
"""People's names by id, as far as they are known."""


class Picking:
    """Sees to shortcuts."""

    def __init__(
        self,
        *,
        messages: Messages,
        store: Store,
        participation: Participation,
        records: Records,
        asking_for: AskingFor,
        identity: Identity,
        names: Names,
    ) -> None:
        self._messages = messages
        self._store = store
        self._participation = participation
        self._records = records
        self._asking_for = asking_for
        self._identity = identity
        self._names = names

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to a shortcut, or to the modal that it opened."""
        if (trigger := read_wish_to_ask(body)) is not None:
            async with in_time(SEEN_TO_WITHIN_S):
                await self._messages.open_view(trigger=trigger, view=ask_modal())
            return Taken()
        if (picked := read_picked(body)) is not None:
            async with in_time(SEEN_TO_WITHIN_S):
                await self._tell(picked, await self._answer_this(picked))
            return Taken()
        if (typed := read_typed(body)) is not None:
            shown = told_modal(await self._ask(typed))
            return Taken(reply={"response_action": "update", "view": shown})
        return None

    async def _answer_this(self, picked: PickedMessage) -> str:
        """Ask what the message says, in the name of whoever picked it; gives what they are told."""
        if picked.team != self._identity.team:
            return _STRANGER
        if picked.author in (self._identity.bot, self._identity.user):
            return _OURS
        if not picked.text.strip():
            return _NO_WORDS
        question = QuestionAsked(
            team=picked.team,
            channel=picked.channel,
            ts=picked.ts,
            thread_ts=picked.thread_ts if picked.thread_ts != picked.ts else None,
            user=picked.by,
            text=picked.text,
            files=picked.files,
            asked_at=datetime.now(UTC),
        )
        if await self._records.knows(question.name):
            return _ANSWERED
        if not await self._is_ours(picked):
            return await self._privately(picked)
        await self._participation.take_part(question)
        await self._store.store(question)
        return _ANSWERING

    async def _is_ours(self, picked: PickedMessage) -> bool:
        """Whether we are in that conversation; two people's direct messages are never ours."""
        if picked.channel.startswith("D"):
            return await self._messages.open_direct(user=picked.by) == picked.channel
        return await self._messages.channel_name(picked.channel) is not None

    async def _privately(self, picked: PickedMessage) -> str:
        words = spoken(picked.text, bot_user=self._identity.user, names=self._names())
        try:
            asked = await self._asking_for.privately(
                words, user=picked.by, team=picked.team, click=f"{picked.channel} {picked.ts}"
            )
        except RefusedError:
            return _NO_DIRECT
        return _NOT_THERE.format(link=_linked(asked))

    async def _ask(self, typed: TypedQuestion) -> str:
        if typed.team != self._identity.team:
            return _STRANGER
        if not typed.text:
            return _NOTHING_TYPED
        try:
            async with asyncio.timeout(SEEN_TO_WITHIN_S):
                asked = await self._asking_for.privately(
                    typed.text, user=typed.by, team=typed.team, click=typed.modal
                )
        except TimeoutError:
            return _STILL
        except RefusedError:
            return _NO_DIRECT
        except UnavailableError as error:
            _log.warning("a question could not be asked", reason=str(error))
            return _AWAY
        return _PRIVATELY.format(link=_linked(asked))

    async def _tell(self, picked: PickedMessage, text: str) -> None:
        try:
            await self._messages.answer(url=picked.answer_url, shown=said(text), replace=False)
        except AnswerdeskError as error:
            _log.warning("what became of a shortcut was not told", reason=str(error))


def _linked(asked: PrivateQuestion) -> str:
    return f"<{asked.link}|our direct message>" if asked.link else "our direct message"
