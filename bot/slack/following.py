"""Whether a message in a thread, which names nobody, is a follow-up for us."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog

from bot.slack.deadline import in_time
from bot.slack.follow_up import Line, for_us
from bot.slack.ports import Identity, Messages, ThreadMessage
from wire.errors import RefusedError
from wire.questions import QuestionAsked

READ_WITHIN_S = 1.5
"""Of the two seconds in which a message must be kept."""
OUR_NAME = "Answerdesk"
"""Where Slack has not told us yet what we are called."""

Names = Callable[[], dict[str, str]]
"""People's names by id, as far as they are known."""
Quiet = Callable[[QuestionAsked], Awaitable[bool]]
"""Whether a message that names nobody is none of our business there. Raises UnavailableError."""
_log = structlog.get_logger("following")


async def never_quiet(_question: QuestionAsked) -> bool:
    """It is, wherever we take part."""
    return False


class Standing(Protocol):
    """Knows the threads that we take part in."""

    async def takes_part(self, question: QuestionAsked) -> bool:
        """Whether we were asked in this thread, and not muted since. Raises UnavailableError."""
        ...


class Following:
    """Tells follow-ups from people's talk."""

    def __init__(
        self,
        *,
        standing: Standing,
        messages: Messages,
        identity: Identity,
        names: Names,
        quiet: Quiet = never_quiet,
    ) -> None:
        self._standing = standing
        self._messages = messages
        self._identity = identity
        self._names = names
        self._quiet = quiet

    async def is_for_us(self, question: QuestionAsked) -> bool:
        """Whether a message that does not mention us is meant for us all the same.

        Raises:
            UnavailableError: it can't be told right now.
        """
        if not await self._standing.takes_part(question) or await self._quiet(question):
            return False
        said = Line(by=question.user, text=question.text)
        names = self._names()
        us = names.get(self._identity.user, OUR_NAME)
        return for_us(said, before=await self._before(question), us=us, names=names.values())

    async def _before(self, question: QuestionAsked) -> list[Line]:
        async with in_time(READ_WITHIN_S):
            try:
                messages = await self._messages.thread(channel=question.channel, thread_ts=question.thread)
            except RefusedError as error:
                _log.warning("a thread can't be read; only a mention counts there", reason=str(error))
                return []
        return [self._line(each) for each in messages if float(each.ts) < float(question.ts)]

    def _line(self, message: ThreadMessage) -> Line:
        mentioned = f"<@{self._identity.user}>" in message.text
        return Line(by=message.user, text=message.text, ours=message.ours, to_us=mentioned)
