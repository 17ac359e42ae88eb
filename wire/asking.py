"""What is asked by a face of one's own: over HTTP, a WebSocket, or ``answers.asked`` on NATS."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from wire.principals import Principal
from wire.shapes import Shape

TURNS = 100
"""Of a conversation; what does not fit the model's prompt is left out, the oldest first."""

Readers = Annotated[tuple[Principal, ...], Field(min_length=1, max_length=2000)]


class Said(Shape):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    text: str


class AnswerRequest(Shape):
    """A question, what was said before it, and as whom the answer is read."""

    question: Annotated[str, StringConstraints(min_length=1)]
    conversation: Annotated[tuple[Said, ...], Field(max_length=TURNS)] = ()
    principals: Readers | None = None
    """Who reads it: a document that lets in any of these is found. None: all that the asker's key holds."""


class AnswerAsked(Shape):
    """A question to ``answers.asked``, whose answer comes on ``answers.events.<id>``.

    Whoever may speak to NATS is trusted with whom they ask for, as with ``retrieval.search``.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    """Chosen by the asker, at random; they subscribe before they ask."""
    question: Annotated[str, StringConstraints(min_length=1)]
    conversation: Annotated[tuple[Said, ...], Field(max_length=TURNS)] = ()
    principals: Readers
    asker: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.@-]{1,100}$")] = "somebody"
    """Whose quota it uses."""


class AnswerAccepted(Shape):
    """The answer is being written."""

    id: str


class AnswerControl(Shape):
    """To ``answers.control.<id>``, every few seconds: the reader is there; or it wants no more."""

    stop: bool = False
