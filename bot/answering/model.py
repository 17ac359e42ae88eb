"""Whatever writes an answer from passages, as the pipeline sees it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.answering.prompt import Prompt
from wire.answers import Usage
from wire.errors import UnavailableError


@dataclass(frozen=True, kw_only=True)
class Text:
    """The next piece of the answer."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Cited:
    """The text since the last citation stands on this passage.

    Attributes:
        passage: its place among the prompt's passages, from 0.
        quote: the passage's own words.
    """

    passage: int
    quote: str


@dataclass(frozen=True, kw_only=True)
class Used:
    """What the answer has cost so far; each one replaces the one before.

    Attributes:
        usage: as the API counts it.
        counted: tokens as quotas count them: one that the API read from its own cache counts what it
            costs against one that it did not.
    """

    usage: Usage
    counted: int


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """The model is busy and is asked again in so many seconds; nothing has been written."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class Writer:
    """This model writes, instead of the one that was asked first."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The model has come to an end of its own.

    Attributes:
        stop: ``end``, all is said; ``length``, it ran into its limit; ``refused``, it will not answer,
            and what it wrote before is not to stand; ``nothing``, no passage answers the question.
    """

    stop: Literal["end", "length", "refused", "nothing"]


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """The model can't see, and was not given the prompt's pictures."""


@dataclass(frozen=True, kw_only=True)
class Numbered:
    """The model can't cite, and was given numbered passages: ``[n]`` in its text is a claim to be checked."""


ModelEvent = Text | Cited | Numbered | Unseen | Used | Waiting | Writer | Finished


class HopelessError(UnavailableError):
    """Another try with this model would end the same way: the key, its name, or the request is wrong."""


class Model(Protocol):
    """Writes one answer per call."""

    @property
    def name(self) -> str:
        """Which model: shown to people, and part of the cache's key."""

    @property
    def metered(self) -> bool:
        """Whether its words cost tokens; quotas and the cache are for such a one."""

    @property
    def reads_highlights(self) -> bool:
        """Whether the search should name each passage's nearest sentences."""

    @property
    def reads_files(self) -> bool:
        """Whether it is given the files that came with a question."""

    async def count(self, prompt: Prompt) -> int | None:
        """The prompt's tokens as the model counts them; None where it does not say, or not soon enough."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        """Write the answer. A stream that was not cut ends with ``Finished``; closing it ends the call.

        Raises:
            HopelessError: it will not take this request, however often it is asked.
            OverloadedError: the model is busy.
            UnavailableError: it is away, silent for too long, or was cut off; what came before was real.
        """
