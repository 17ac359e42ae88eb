"""One question, from its place in the queue to its finished message."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from bot.answering.question import Question
from bot.answering.sentences import SEARCHING, duration
from bot.answering.small_talk import NO_WORDS
from bot.slack.agent_thread import AgentThread
from bot.slack.audience import Audience
from bot.slack.claim_ports import BrokenOff, Claim, Claims
from bot.slack.live_message import LiveMessage
from bot.slack.metering import Seen
from bot.slack.ports import Messages, Recent, Stops, StopWish, Turns
from bot.slack.question_context import QuestionContext
from bot.slack.rush import Rush
from bot.slack.surface import Surface
from bot.slack.view import Payload, View, after, as_stopped, payload, payloads, without_blocks
from wire.answers import AnswerEvent
from wire.errors import AnswerdeskError, MalformedError, OverloadedError, RefusedError, UnavailableError
from wire.questions import QuestionAsked
from wire.stopping import stopped

TOO_OLD = timedelta(minutes=15)
DELIVERIES = 5
SAID_FROM_S = 30.0
"""A longer wait for Slack is told of."""

_LATE = "I couldn't get to this question in time, sorry. Please ask it again."
_GAVE_UP = "I tried several times and couldn't finish this answer, sorry. Please ask it again."
_WAITING_FOR_THREAD = "Waiting for the question before this one"
_WAITING_FOR_US = "Many questions at once; yours is next in line"
_PLAIN = "(Slack did not take this answer's formatting and links, so here are its words alone.)"
_QUESTION_GONE = "The question was deleted, so I stopped."
_NOT_YOURS = "Only the person who asked can stop this answer."
_GOES_ON = "Slack lets me go on in {wait}"
_TOO_BUSY = "Slack doesn't let me answer for a while: there is too much going on. Please ask again in {wait}."
_NO_WORDS_BUT_FILES = "What would you like to know about it? Send me the file with a question beside it."

Wishes = asyncio.Queue[StopWish]
"""To stop an answer, as they come."""

_log = structlog.get_logger("replying")


class Answers(Protocol):
    """The answer pipeline."""

    def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of one answer; closing it stops the model."""
        ...


class Replying:
    """Replies to questions in one workspace.

    Attributes:
        at_once: how many answers are written at a time; a question that waits for its turn in a thread
            takes no place among them.
    """

    def __init__(
        self,
        *,
        answers: Answers,
        surface: Surface,
        context: QuestionContext,
        audience: Audience,
        claims: Claims,
        broken_off: BrokenOff,
        turns: Turns,
        stops: Stops,
        recent: Recent,
        at_once: int,
    ) -> None:
        self._answers = answers
        self._surface = surface
        self._messages: Messages = surface.messages
        self._context = context
        self._audience = audience
        self._claims = claims
        self._broken_off = broken_off
        self._turns = turns
        self._stops = stops
        self._recent = recent
        self._writing = asyncio.Semaphore(at_once)
        self._rush = Rush()

    async def reply(self, question: QuestionAsked, *, delivery: int) -> bool:
        """Answer a question in its thread, or go on where an earlier try has ended.

        Gives whether its asker has an answer: of one that was deleted meanwhile nothing is left.

        Args:
            question: what was asked.
            delivery: how often it has been handed out, this time included.

        Raises:
            SupersededError: another replica has taken it up; leave it alone.
            UnavailableError: try again later.
            RefusedError, MalformedError, SettingsError: Slack takes no message there.
        """
        # From here on somebody may see that we are at it, and want it to stop.
        with self._stops.heard(question) as wishes:
            return await self._take_up(question, wishes, delivery=delivery)

    async def _take_up(self, question: QuestionAsked, wishes: Wishes, *, delivery: int) -> bool:
        agent, seen = self._surface.agent_thread(question), self._surface.seen(question)
        self._rush.another()
        begun = await _begun(agent, seen) if delivery == 1 else None
        await self._rush.over()
        claim = await self._claims.claim(question)
        if begun and (claim is None or claim.messages or claim.messages_unknown):
            # What stands by now is not posted anew, so that nothing would take the status away.
            await agent.tell("")
            begun = None
        if claim is None:
            return True
        message = self._surface.live_message(question, claim, agent=agent, seen=seen, begun=begun)
        left_s = (question.asked_at + TOO_OLD - datetime.now(UTC)).total_seconds()
        title = "" if question.thread_ts else self._context.words(question.text)
        async with agent.at_work(title):
            try:
                await self._reply(question, claim, message, wishes=wishes, delivery=delivery, left_s=left_s)
            except OverloadedError as error:
                wait_s = error.retry_after_s or 0.0
                if message.withdrawn or not await self._held_up(
                    question, claim, message, wait_s=wait_s, left_s=left_s
                ):
                    raise
            return not message.withdrawn

    async def _reply(
        self,
        question: QuestionAsked,
        claim: Claim,
        message: LiveMessage,
        *,
        wishes: Wishes,
        delivery: int,
        left_s: float,
    ) -> None:
        if claim.messages_unknown and not claim.messages:
            await message.find()
        if claim.written == ():
            await self._leave_nothing(claim, message)
        elif claim.written is not None and await self._readers(question) == claim.readers:
            await self._finish(claim, message, claim.written)
        elif left_s <= 0:
            await self._finish(claim, message, payloads(View(text=_LATE)))
        elif delivery > DELIVERIES:
            await self._finish(claim, message, payloads(View(text=_GAVE_UP)))
        else:
            working = self._in_turn(question, claim, message, delivery=delivery, within_s=left_s)
            wish = await self._unless_stopped(working, wishes, question=question)
            if wish is not None and wish.question_gone:
                await self._leave_nothing(claim, message)
            elif wish is not None:
                readers = await self._readers(question)
                known = message.meant_for in (None, readers)
                view = as_stopped(message.newest if known else View(doing=SEARCHING))
                await self._finish_written(question, claim, message, view, readers=readers)
        if (stands := message.standing.messages) and not message.withdrawn:
            await self._recent.note(question, words=self._context.words(question.text), ts=stands[0])

    async def _leave_nothing(self, claim: Claim, message: LiveMessage) -> None:
        """Half an answer to nothing helps nobody, and may say what its asker wanted gone."""
        # On record first: who takes the question up after us does the same.
        await claim.note_written((), readers=())
        try:
            await message.withdraw()
        except RefusedError as error:
            _log.warning("Slack keeps our message; its words are taken out", reason=str(error))
            await message.close(payloads(View(text=_QUESTION_GONE, repeatable=False)))
        await claim.note_answered()

    async def _held_up(
        self, question: QuestionAsked, claim: Claim, message: LiveMessage, *, wait_s: float, left_s: float
    ) -> bool:
        """Slack lets us go on only later: say so, in the message or to the asker. True if that is the end."""
        if wait_s < SAID_FROM_S:
            return False
        goes_on = wait_s < left_s or claim.written is not None
        text = (_GOES_ON if goes_on else _TOO_BUSY).format(wait=duration(wait_s))
        with contextlib.suppress(AnswerdeskError):
            if not goes_on:
                await self._finish(claim, message, payloads(View(text=text)))
                return True
            if claim.written is None:
                await message.open(View(doing=text))
                return False
        # Or where not even that may be said there, to the asker alone.
        with contextlib.suppress(AnswerdeskError):
            begun = question.thread_ts is not None or bool(message.standing.messages)
            await self._whisper(question, question.user, text, in_thread=begun)
            if not goes_on:
                await claim.note_answered()
                return True
        return False

    async def _unless_stopped(
        self, work: Coroutine[None, None, None], wishes: Wishes, *, question: QuestionAsked
    ) -> StopWish | None:
        """Work until it is done, or it is to stop: then gives the wish that it does."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop_wanted(question, wishes))
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await stopped(working, stopping)
        wanted = stopping.done() and not stopping.cancelled()
        if wanted and (not working.done() or working.cancelled()):
            return stopping.result()
        working.result()
        return None

    async def _stop_wanted(self, question: QuestionAsked, wishes: Wishes) -> StopWish:
        while not (wish := await wishes.get()).granted:
            if wish.pressed and wish.by:
                with contextlib.suppress(AnswerdeskError):
                    await self._whisper(question, wish.by, _NOT_YOURS)
        return wish

    async def _whisper(
        self, question: QuestionAsked, user: str, text: str, *, in_thread: bool = True
    ) -> None:
        await self._messages.whisper(
            channel=question.channel,
            thread_ts=question.thread if in_thread else None,
            user=user,
            shown=payload(View(text=text)),
        )

    async def _readers(self, question: QuestionAsked) -> tuple[str, ...]:
        """Who reads the answer now; nobody, where that can't be told."""
        try:
            return await self._audience.principals(question)
        except RefusedError:
            return ()

    async def _in_turn(
        self, question: QuestionAsked, claim: Claim, message: LiveMessage, *, delivery: int, within_s: float
    ) -> None:
        async def wait() -> None:
            await message.open(View(doing=_WAITING_FOR_THREAD))

        async with self._turns.turn(question, on_wait=wait, within_s=within_s):
            message.standing.its_turn = True
            if claim.messages_unknown and message.standing.empty:
                await message.find()
            if self._writing.locked():
                await message.open(View(doing=_WAITING_FOR_US))
            async with self._writing:
                await message.begin(View(doing=SEARCHING))
                await self._answer(question, claim, message, delivery=delivery)

    async def _answer(
        self, asked: QuestionAsked, claim: Claim, message: LiveMessage, *, delivery: int
    ) -> None:
        try:
            readers = await self._audience.principals(asked)
        except RefusedError as error:
            await self._finish(claim, message, payloads(View(text=str(error))))
            return
        message.meant_for = readers
        question = await self._context.question(asked, readers=readers, attempt=delivery)
        view = await self._write(question, message) if question.text else _no_words(question)
        if await self._readers(asked) != readers:
            # Somebody came or went while it was written: it is for others than those who would read it.
            raise UnavailableError("who reads this has changed", service="slack")
        await self._finish_written(asked, claim, message, view, readers=readers)

    async def _finish_written(
        self,
        asked: QuestionAsked,
        claim: Claim,
        message: LiveMessage,
        view: View,
        *,
        readers: tuple[str, ...],
    ) -> None:
        """Put it on record, then show it: from here on the model is not needed again."""
        shown = payloads(view)
        if view.so_far:
            await self._broken_off.keep(asked, text=view.so_far, readers=readers, documents=view.written_from)
        await claim.note_written(shown, readers=readers)
        await self._finish(claim, message, shown)

    async def _finish(self, claim: Claim, message: LiveMessage, shown: tuple[Payload, ...]) -> None:
        try:
            await message.close(shown)
        except (MalformedError, RefusedError) as error:
            _log.warning("Slack refuses the finished message; showing its text alone", reason=str(error))
            *first, last = shown
            plain = [replace(page, blocks=[]) for page in first]
            await message.close((*plain, without_blocks(last, note=_PLAIN)))
        await claim.note_answered()

    async def _write(self, question: Question, message: LiveMessage) -> View:
        """Show the answer as it comes; gives it finished."""
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
        return view


async def _begun(agent: AgentThread, seen: Seen) -> bool:
    """Show that we are at it, before anything is done that may have to wait; whether Slack shows it."""
    if begun := await agent.tell(SEARCHING):
        seen.sign()
    return begun


def _no_words(question: Question) -> View:
    return View(text=_NO_WORDS_BUT_FILES if question.files else NO_WORDS, repeatable=False)
