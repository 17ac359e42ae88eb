"""What becomes of a thumb under an answer: it is kept, and whoever gave it sees that it is."""

import asyncio
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import structlog

from bot.slack.deadline import in_time
from bot.slack.events import spoken
from bot.slack.feedback import Thumb, read_thumb, read_why, why_modal
from bot.slack.ports import Identity, Messages, Said, Taken
from bot.slack.view import View, payload
from wire.errors import AnswerdeskError
from wire.feedback import QUESTION_CHARS, Feedback

SEEN_TO_WITHIN_S = 2.5
WORDS_WITHIN_S = 1.0
"""What a thumb waits for the question's words; it is kept without them, too."""

_THANKS = "Thank you. Your feedback is noted."
_THANKS_FOR_WORDS = "Thank you. Those who look after the documents will read it."
_NOT_OURS = "Only people of the company that I work for can rate my answers."
_log = structlog.get_logger("rating")


class FeedbackStore(Protocol):
    """Keeps what people say."""

    async def keep(self, feedback: Feedback) -> None:
        """Keep it, in the place of what this person said of that answer before. Raises UnavailableError."""
        ...


class Rating:
    """Sees to the thumbs, and to the modal that a thumb down opens."""

    def __init__(
        self,
        *,
        store: FeedbackStore,
        messages: Messages,
        identity: Identity,
        keeps_questions: Literal["channels", "all", "none"],
    ) -> None:
        self._store = store
        self._messages = messages
        self._identity = identity
        self._keeps_questions = keeps_questions

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to a thumb, or to the words that follow it."""
        pressed, explained = read_thumb(body), read_why(body)
        if (thumb := pressed or explained) is None:
            return None
        async with in_time(SEEN_TO_WITHIN_S):
            if thumb.team != self._identity.team:
                await self._tell(thumb, _NOT_OURS)
                return Taken()
            # First, since a trigger holds for three seconds.
            asked_why = thumb is pressed and not thumb.helpful and await self._ask_why(thumb)
            await self._keep(thumb)
            if not asked_why:
                await self._tell(thumb, _THANKS_FOR_WORDS if thumb.wrong or thumb.reason else _THANKS)
        return Taken()

    async def _ask_why(self, thumb: Thumb) -> bool:
        try:
            await self._messages.open_view(trigger=thumb.trigger, view=why_modal(thumb))
        except AnswerdeskError as error:
            _log.warning("nobody could be asked what was wrong", reason=str(error))
            return False
        return True

    async def _keep(self, thumb: Thumb) -> None:
        said = await self._words(thumb)
        await self._store.keep(
            Feedback(
                question=str(thumb.question),
                person=f"{thumb.team}:{thumb.by}",
                helpful=thumb.helpful,
                outcome=thumb.rated.outcome,
                documents=thumb.rated.documents,
                asker=f"{thumb.question.team}:{said.user}" if said else None,
                text=spoken(said.text, bot_user=self._identity.user, names={})[:QUESTION_CHARS]
                if said
                else None,
                wrong=thumb.wrong,
                reason=thumb.reason,
                given_at=datetime.now(UTC),
            )
        )

    async def _words(self, thumb: Thumb) -> Said | None:
        """The question's words, where they are to be kept and can be read."""
        question = thumb.question
        private = question.channel.startswith("D")
        if self._keeps_questions == "none" or (private and self._keeps_questions != "all"):
            return None
        try:
            async with asyncio.timeout(WORDS_WITHIN_S):
                return await self._messages.words(
                    channel=question.channel, thread_ts=thumb.thread_ts, ts=question.ts
                )
        except (AnswerdeskError, TimeoutError):
            return None

    async def _tell(self, thumb: Thumb, text: str) -> None:
        try:
            await self._messages.whisper(
                channel=thumb.question.channel,
                thread_ts=thumb.thread_ts,
                user=thumb.by,
                shown=payload(View(text=text)),
            )
        except AnswerdeskError as error:
            _log.warning("a rating was not confirmed", reason=str(error))
