"""What becomes of a message that may be a question: it is kept, or it was not for us."""

from typing import Protocol

from bot.slack.events import Asked
from wire.questions import QuestionAsked


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
        if asked.addressed or await self._participation.takes_part(asked.question):
            await self._store.store(asked.question)
