"""One question, from its place in the queue to its finished message."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from bot.answering.question import Question, Turn
from bot.answering.sentences import SEARCHING
from bot.slack.audience import Audience
from bot.slack.events import spoken
from bot.slack.live_message import LiveMessage, Place
from bot.slack.ports import Claim, Claims, EditBudget, Identity, Messages, Turns
from bot.slack.view import Payload, View, after, payload
from wire.answers import AnswerEvent
from wire.errors import RefusedError, UnavailableError
from wire.questions import QuestionAsked

TOO_OLD = timedelta(minutes=15)
DELIVERIES = 5
TURNS_READ = 20

_LATE = "I couldn't get to this question in time, sorry. Please ask it again."
_GAVE_UP = "I tried several times and couldn't finish this answer, sorry. Please ask it again."
_NO_WORDS = "What would you like to know? Ask me a question, and I'll look in the company's documents."

_log = structlog.get_logger("replying")


class Answers(Protocol):
    """The answer pipeline."""

    def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of one answer; closing it stops the model."""
        ...


class Replying:
    """Replies to questions in one workspace."""

    def __init__(
        self,
        *,
        answers: Answers,
        messages: Messages,
        audience: Audience,
        claims: Claims,
        turns: Turns,
        budget: EditBudget,
        identity: Identity,
    ) -> None:
        self._answers = answers
        self._messages = messages
        self._audience = audience
        self._claims = claims
        self._turns = turns
        self._budget = budget
        self._identity = identity

    async def reply(self, question: QuestionAsked, *, delivery: int) -> None:
        """Answer a question in its thread, or go on where an earlier try has ended.

        Args:
            question: what was asked.
            delivery: how often it has been handed out, this time included.

        Raises:
            SupersededError: another replica has taken it up; leave it alone.
            UnavailableError: try again later.
            RefusedError, MalformedError, SettingsError: Slack takes no message there.
        """
        claim = await self._claims.claim(question)
        if claim is None:
            return
        message = await self._message(question, claim)
        if claim.written is not None:
            await self._finish(claim, message, claim.written)
        elif datetime.now(UTC) - question.asked_at > TOO_OLD:
            await self._finish(claim, message, payload(View(text=_LATE)))
        elif delivery > DELIVERIES:
            await self._finish(claim, message, payload(View(text=_GAVE_UP)))
        else:
            await self._answer(question, claim, message, delivery=delivery)

    async def _message(self, question: QuestionAsked, claim: Claim) -> LiveMessage:
        message = LiveMessage(
            messages=self._messages,
            budget=self._budget,
            place=Place(channel=question.channel, thread_ts=question.thread, question=question.id),
            ts=claim.message,
            still_ours=claim.holds,
        )
        if claim.message_unknown:
            await message.find()
            if message.ts is not None:
                await claim.note_message(message.ts)
        return message

    async def _answer(
        self, question: QuestionAsked, claim: Claim, message: LiveMessage, *, delivery: int
    ) -> None:
        async def show(doing: str) -> None:
            await claim.note_message(await message.open(View(doing=doing)))

        async def wait() -> None:
            await show("Waiting for the question before this one…")

        async with self._turns.turn(question, on_wait=wait):
            await show(SEARCHING)
            await self._turns.take_part(question)
            shown = await self._write(question, message, delivery=delivery)
            await claim.note_written(shown)
            await self._finish(claim, message, shown)

    async def _finish(self, claim: Claim, message: LiveMessage, shown: Payload) -> None:
        if message.ts is None:
            await claim.note_message(await message.open(View(doing="…")))
        await message.close(shown)
        await claim.note_answered()

    async def _write(self, asked: QuestionAsked, message: LiveMessage, *, delivery: int) -> Payload:
        """Show the answer as it comes; gives the finished message."""
        try:
            question = await self._question(asked, delivery=delivery)
        except RefusedError as error:
            return payload(View(text=str(error)))
        if not question.text:
            return payload(View(text=_NO_WORDS))
        view = View(doing=SEARCHING)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(message.write())
                async with aclosing(self._answers.answer(question)) as events:
                    async for event in events:
                        view = after(view, event)
                        message.show(view)
                message.stop()
        except* Exception as failed:  # noqa: BLE001 — unwrapped, not caught
            raise failed.exceptions[0] from None
        return payload(view)

    async def _question(self, asked: QuestionAsked, *, delivery: int) -> Question:
        """Raises RefusedError where it can't be told who reads the answer."""
        principals = await self._audience.principals(asked)
        names = await self._audience.names()
        return Question(
            id=asked.id,
            text=spoken(asked.text, bot_user=self._identity.user, names=names),
            person=f"{asked.team}:{asked.user}",
            principals=principals,
            conversation=await self._conversation(asked, names),
            attempt=delivery,
        )

    async def _conversation(self, asked: QuestionAsked, names: dict[str, str]) -> tuple[Turn, ...]:
        if asked.thread_ts is None:
            return ()
        try:
            messages = await self._messages.thread(
                channel=asked.channel, thread_ts=asked.thread_ts, latest=asked.ts
            )
        except (UnavailableError, RefusedError) as error:
            # The question is still worth an answer by itself.
            _log.warning("thread not read", reason=str(error))
            return ()
        earlier = [message for message in messages if float(message.ts) < float(asked.ts)]
        return tuple(
            Turn(
                role="assistant" if message.ours else "user",
                author="you" if message.ours else names.get(message.user, "somebody"),
                text=spoken(message.text, bot_user=self._identity.user, names=names),
            )
            for message in earlier[-TURNS_READ:]
        )
