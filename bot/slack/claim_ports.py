"""What is on record of a question: who answers it, in which messages, and how far that has come."""

from typing import Protocol

from bot.slack.view import Payload
from wire.questions import QuestionAsked, QuestionName


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

    async def note_written(
        self, shown: tuple[Payload, ...], *, readers: tuple[str, ...], so_far: str = ""
    ) -> None:
        """The answer is finished, looks like this, and is for these. Raises as ``note_messages``.

        Args:
            shown: its messages.
            readers: whom it was written for.
            so_far: of one that broke off, its text, for whoever wants to go on.
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

    async def broken_off(self, question: QuestionName, *, readers: tuple[str, ...]) -> str:
        """The text of its answer that broke off; empty where there is none, or it was for other readers.

        Raises:
            UnavailableError: that can't be told.
        """
        ...
