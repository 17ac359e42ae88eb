"""What an asker alone is told once their question is seen to: that there is more for them, or nothing there.

Others learn nothing of it: it comes when the answer stands, in a message that only the asker sees, and the
search behind it is made for every question in a channel.
"""

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

import structlog

from bot.answering.following_up import joined
from bot.answering.question import Question, Turn
from bot.answering.small_talk import small_talk
from bot.slack import offers
from bot.slack.asking_for import AskingFor, Once
from bot.slack.commands import said
from bot.slack.deadline import in_time
from bot.slack.events import spoken
from bot.slack.offers import Accepted, read_accepted
from bot.slack.ports import Identity, Messages, Taken
from wire.errors import AnswerdeskError, RefusedError
from wire.questions import QuestionAsked
from wire.search import QUERY_CHARS, PassagesReply, PassagesRequest, SearchReply, SearchRequest

SEEN_TO_WITHIN_S = 2.5
OFFERED_WITHIN_S = 10.0
LOOKED_AT = 3
"""The best passages for the asker; what comes after them is hardly what they asked for."""

_THERE = "I'm answering in {link}, where only you can read it."
_GONE = "I can't read that question any more. Please ask it in our direct message."
_NO_DIRECT = "Slack lets me write you no direct message, so I can't answer in private."
_log = structlog.get_logger("offers")


class Readers(Protocol):
    """Knows who reads what."""

    async def principals(self, question: QuestionAsked) -> tuple[str, ...]:
        """The readers of an answer. Raises RefusedError where that can't be told, OverloadedError."""
        ...

    async def of_person(self, user: str) -> tuple[str, ...]:
        """What one person may read. Raises likewise."""
        ...

    def names(self) -> dict[str, str]:
        """People's names by id, as far as they are known."""
        ...


class Retrieval(Protocol):
    """Finds passages. Every method raises UnavailableError, MalformedError."""

    async def search(self, request: SearchRequest) -> SearchReply:
        """The best for this reader."""
        ...

    async def passages(self, request: PassagesRequest) -> PassagesReply:
        """Those of them that this reader may read."""
        ...


class Offering:
    """Tells askers, and sees to what they make of it."""

    def __init__(
        self,
        *,
        retrieval: Retrieval,
        readers: Readers,
        messages: Messages,
        asking_for: AskingFor,
        once: Once,
        identity: Identity,
        relevance_floor: float,
    ) -> None:
        self._retrieval = retrieval
        self._readers = readers
        self._messages = messages
        self._asking_for = asking_for
        self._once = once
        self._identity = identity
        self._relevance_floor = relevance_floor

    async def answered(self, question: QuestionAsked) -> None:
        """The answer stands: offer a private one, if there is more for its asker. Raises nothing."""
        if question.direct:
            return
        words = self._spoken(question.text)
        if words and not small_talk(words):
            await _quietly(self._offer(question))

    async def not_posted(self, question: QuestionAsked) -> None:
        """Slack takes no message of ours there: tell the asker in private. Raises nothing."""
        if not question.direct:
            await _quietly(self._tell(question))

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to a press of "Answer privately"."""
        if (accepted := read_accepted(body)) is None:
            return None
        async with in_time(SEEN_TO_WITHIN_S):
            shown = said(await self._answer_privately(accepted))
            await self._messages.answer(url=accepted.answer_url, shown=shown)
        return Taken()

    async def _offer(self, question: QuestionAsked) -> None:
        try:
            offer = offers.more_to_read(question) if await self._sees_more(question) else None
        except RefusedError:
            offer = offers.readers_unknown(question)
        if offer is not None and await self._once.first(f"offer {question.id}"):
            await self._messages.whisper(
                channel=question.channel, thread_ts=question.thread, user=question.user, shown=offer
            )

    async def _sees_more(self, question: QuestionAsked) -> bool:
        """Whether one of the asker's own best passages is hidden from others in the channel."""
        everybody = await self._readers.principals(question)
        asker = await self._readers.of_person(question.user)
        words = await self._words(
            question.text, channel=question.channel, thread_ts=question.thread, ts=question.ts
        )
        if not words or set(asker) <= set(everybody):
            return False
        found = await self._retrieval.search(
            SearchRequest(query=words[:QUERY_CHARS], principals=asker, limit=LOOKED_AT)
        )
        ids = [passage.id for passage in found.passages[:LOOKED_AT]]
        if not ids or found.relevance < self._relevance_floor:
            return False
        shared = await self._retrieval.passages(PassagesRequest(ids=tuple(ids), principals=everybody))
        return not set(ids) <= {passage.id for passage in shared.passages}

    async def _answer_privately(self, accepted: Accepted) -> str:
        """Ask in the direct message with whoever pressed; gives what they are told."""
        asked = accepted.question
        if accepted.team != self._identity.team:
            return _NO_DIRECT
        try:
            question = await self._messages.words(
                channel=asked.channel, thread_ts=accepted.thread_ts, ts=asked.ts
            )
        except RefusedError:
            question = None
        if question is None:
            return _GONE
        words = await self._words(
            question.text, channel=asked.channel, thread_ts=accepted.thread_ts, ts=asked.ts
        )
        try:
            private = await self._asking_for.privately(
                words,
                user=accepted.by,
                team=accepted.team,
                click=f"privately {asked}",
                files=question.files,
            )
        except RefusedError:
            return _NO_DIRECT
        link = f"<{private.link}|our direct message>" if private.link else "our direct message"
        return _THERE.format(link=link)

    async def _words(self, text: str, *, channel: str, thread_ts: str, ts: str) -> str:
        """The question's words; those of a follow-up together with the question that it leans on."""
        words = self._spoken(text)
        if thread_ts == ts:
            return words
        try:
            thread = await self._messages.thread(channel=channel, thread_ts=thread_ts)
        except RefusedError:
            return words
        turns = tuple(
            Turn(role="assistant" if each.ours else "user", author="", text=self._spoken(each.text))
            for each in thread
            if float(each.ts) < float(ts)
        )
        alone = Question(id="", text=words, person="", principals=(), conversation=turns)
        return joined(alone).query

    async def _tell(self, question: QuestionAsked) -> None:
        if not await self._once.first(f"not posted {question.id}"):
            return
        channel = await self._messages.open_direct(user=question.user)
        shown = offers.not_posted(question, words=self._spoken(question.text))
        await self._messages.write(channel=channel, shown=shown)

    def _spoken(self, text: str) -> str:
        return spoken(text, bot_user=self._identity.user, names=self._readers.names())


async def _quietly(work: Awaitable[None]) -> None:
    """To its end or for a while: the question has been seen to, and is not asked anew for this."""
    try:
        async with asyncio.timeout(OFFERED_WITHIN_S):
            await work
    except (AnswerdeskError, TimeoutError) as error:
        _log.warning("an asker was not told", reason=str(error))
    except Exception:  # noqa: BLE001 — a bug here must not cost the answer that stands
        _log.exception("an asker was not told")
