"""What is on record of a question: who answers it, in which messages, and how far that has come."""

from collections.abc import Collection
from typing import Protocol

from bot.slack.view import Payload
from wire.questions import QuestionAsked


class Hold(Protocol):
    """Our hold on a question, as far as its messages are concerned."""

    async def holds(self) -> bool:
        """Whether the question is still ours. Raises UnavailableError where that can't be told."""
        ...

    async def note_messages(self, messages: tuple[str, ...]) -> None:
        """Our messages stand at these ``ts``, in order.

        Raises:
            SupersededError: the question is no longer ours.
            UnavailableError: it could not be noted.
        """
        ...


class Claim(Hold, Protocol):
    """Our hold on a question, and what is on record about it."""

    @property
    def messages(self) -> tuple[str, ...]:
        """The ``ts`` of each of our messages, once noted."""
        ...

    @property
    def written(self) -> tuple[Payload, ...] | None:
        """The finished messages, where an earlier owner came that far."""
        ...

    @property
    def readers(self) -> tuple[str, ...]:
        """The principals that the finished messages were written for."""
        ...

    @property
    def messages_unknown(self) -> bool:
        """Whether an earlier owner may have posted without living to note it."""
        ...

    async def note_written(self, shown: tuple[Payload, ...], *, readers: tuple[str, ...]) -> None:
        """The answer is finished, looks like this, and is for these; without a message nothing is to stand.

        Raises as ``note_messages``.
        """
        ...

    async def note_answered(self) -> None:
        """The finished messages stand: whoever gets the question again has nothing to do. Raises likewise."""
        ...


class Claims(Protocol):
    """The record of every question."""

    async def claim(self, question: QuestionAsked) -> Claim | None:
        """Take a question up; None where it has been answered already.

        Raises:
            SupersededError: another replica took it up in this very moment.
            UnavailableError: it could not be taken.
        """
        ...


class BrokenOff(Protocol):
    """Answers that broke off. Every method raises UnavailableError where they can't be reached."""

    async def before(self, question: QuestionAsked, *, readers: tuple[str, ...]) -> str:
        """What this question is to go on with; empty where there is nothing, or it was for other readers."""
        ...

    async def keep(
        self, question: QuestionAsked, *, text: str, readers: tuple[str, ...], documents: Collection[str]
    ) -> None:
        """Keep an answer, behind what it went on with, for as long as its documents are there.

        Args:
            question: whose answer it is.
            text: of this attempt.
            readers: whom it was written for.
            documents: the keys of those that it was written from.
        """
        ...
