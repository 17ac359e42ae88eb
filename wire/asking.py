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
    """A question, what was said before it, and who will read the answer."""

    question: Annotated[str, StringConstraints(min_length=1)]
    conversation: Annotated[tuple[Said, ...], Field(max_length=TURNS)] = ()
    principals: Readers | None = None
    """Only what all of them may read is searched. None: those that the asker's key is bound to."""
