"""What becomes of a message that may be a question: it is kept, or it was not for us."""

import asyncio
from typing import Protocol

from bot.slack.events import Asked
from wire.errors import UnavailableError
from wire.questions import QuestionAsked

HEARD_WITHIN_S = 2.0
"""Slack wants its acknowledgement within 3 s."""


class Store(Protocol):
    """Keeps questions for good."""

    async def store(self, question: QuestionAsked) -> None:
        """Keep it; a second time counts once. Raises UnavailableError where it can't be kept."""
        ...


class Participation(Protocol):
    """Knows the threads that we take part in."""

    async def takes_part(self, question: QuestionAsked) -> bool:
        """Whether we have been asked in this thread before. Raises UnavailableError."""
        ...

    async def take_part(self, question: QuestionAsked) -> None:
        """From now on a message in this thread needs no mention. Raises UnavailableError."""
        ...


class Asking:
    """Takes what people say."""

    def __init__(self, *, store: Store, participation: Participation) -> None:
        self._store = store
        self._participation = participation

    async def hear(self, asked: Asked) -> None:
        """Keep the question, if it is one for us.

        Raises:
            UnavailableError: it could not be kept: Slack must bring it again.
        """
        try:
            async with asyncio.timeout(HEARD_WITHIN_S):
                await self._keep(asked)
        except TimeoutError as error:
            raise UnavailableError("the question could not be kept in time", service="nats") from error

    async def _keep(self, asked: Asked) -> None:
        if asked.addressed:
            # Before it is stored, so that a reply that comes the next moment is known to be a follow-up.
            await self._participation.take_part(asked.question)
        elif not await self._participation.takes_part(asked.question):
            return
        await self._store.store(asked.question)
