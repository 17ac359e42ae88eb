"""What people set for themselves, and admins for a channel: entries in the KV bucket ``settings``."""

from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from wire.documents import SourceName
from wire.principals import check_principal
from wire.shapes import Shape

INSTRUCTION_CHARS = 600
MAPPED_AT_MOST = 20
SOURCES_AT_MOST = 100
LANGUAGE_CHARS = 40
RECENT_AT_MOST = 10
RECENT_CHARS = 150

Language = Annotated[str, StringConstraints(max_length=LANGUAGE_CHARS)]
"""As a model is told of it, such as ``German``."""

_MAPPABLE = ("group:", "directory:", "channel:")


def check_mappable(principal: str) -> str:
    """Give a principal back that an admin may map to a channel.

    Raises:
        ValueError: it is one person's, everybody's, or none.
    """
    if not principal.startswith(_MAPPABLE):
        raise ValueError("a channel can be given what a group:, directory: or channel: may read")
    return check_principal(principal)


class ChannelPreferences(Shape):
    """How we are in one channel."""

    sources: Annotated[tuple[SourceName, ...], Field(min_length=1, max_length=SOURCES_AT_MOST)] | None = None
    """Only these are searched; None: all."""
    principals: Annotated[
        tuple[Annotated[str, AfterValidator(check_mappable)], ...], Field(max_length=MAPPED_AT_MOST)
    ] = ()
    """Who is in the channel may read, there, what these may read."""
    instruction: Annotated[str, StringConstraints(max_length=INSTRUCTION_CHARS, strip_whitespace=True)] = ""
    """What the model is told beyond its own instructions."""
    language: Language | None = None
    """Everybody is answered in it there; None: in the language of the question."""
    mention_only: bool = False
    """Whether a follow-up in a thread needs a mention, too."""


class PersonalPreferences(Shape):
    """How somebody wants us to be."""

    language: Language | None = None
    """Their direct messages are answered in it; None: in the language of the question."""
    muted: bool = False
    """Whether only a mention or a direct message of theirs is a question."""
    cached: bool = True
    """Whether they may be given an answer of before, where it still holds."""


class RecentQuestion(Shape):
    """A question that somebody asked, and where its answer stands."""

    question: Annotated[str, StringConstraints(max_length=RECENT_CHARS)]
    channel: str
    answer: str
    """The ``ts`` of its message."""
    asked_at: AwareDatetime


class RecentQuestions(Shape):
    """The last ones of one person, newest first: an entry in the KV bucket ``recent``."""

    questions: Annotated[tuple[RecentQuestion, ...], Field(max_length=RECENT_AT_MOST)] = ()


class ForgottenOnce(Shape):
    """A person was forgotten; under a key that does not tell who (`wire.subjects.forgotten`)."""

    at: AwareDatetime
