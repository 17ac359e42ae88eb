"""The events of an answer, the same on every face. Exactly one ``done`` or ``error`` ends a stream.

Answer text is Markdown; a ``[n]`` in it is a checked citation, and ``n`` is the ``index`` of a source.
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from wire.errors import ErrorCode
from wire.shapes import Shape


class Source(Shape):
    """A document that an answer stands on, numbered in order of appearance, each document once."""

    index: int
    source: str
    document: str
    version: int
    title: str
    url: str | None = None
    heading: tuple[str, ...] = ()
    updated_at: datetime | None = None
    outdated: bool = False
    """Whether it says of itself that it no longer holds."""


class Status(Shape):
    """What is being done, for a person to read."""

    event: Literal["status"] = "status"
    text: str


class Sources(Shape):
    """What the answer will be written from (``index`` counts what was read, not citations)."""

    event: Literal["sources"] = "sources"
    sources: tuple[Source, ...]


class Delta(Shape):
    """The next piece of the answer's text."""

    event: Literal["delta"] = "delta"
    text: str
    anew: Literal[True] | None = None
    """True: this text takes the place of all that was shown. Who wrote that has died in the middle of it."""


class Citation(Shape):
    """``[index]`` has just been shown: which source, and the words it stands on."""

    event: Literal["citation"] = "citation"
    index: int
    source: Source
    quote: str


class Usage(Shape):
    """Tokens as the model's API counts them, and what they cost."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cost_usd: float = 0.0

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(**{name: value + getattr(other, name) for name, value in self})


class Done(Shape):
    """The whole answer."""

    event: Literal["done"] = "done"
    text: str
    sources: tuple[Source, ...]
    usage: Usage
    cached: bool
    model: str
    timings_ms: dict[str, float]
    answered_at: datetime | None = None
    """When a cached answer was written."""
    joined: bool = False
    """Whether it was written for somebody else who asked the same at the same time; it has cost nothing."""
    alike: bool = False
    """Whether a cached answer was to the same question in other words."""
    saved_tokens: int = 0
    """What an answer took when it was written, where it was not written for this question."""
    complete: bool = True
    """False where the model stopped early: the text says so too."""


class Failed(Shape):
    """The answer ends here; the message is a sentence for the asker."""

    event: Literal["error"] = "error"
    code: ErrorCode
    message: str


AnswerEvent = Annotated[Status | Sources | Delta | Citation | Done | Failed, Field(discriminator="event")]
