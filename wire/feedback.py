"""What people say of answers, and what that makes of each source."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from wire.shapes import Shape

REASON_CHARS = 1_000
QUESTION_CHARS = 500
NO_SOURCE = ""
"""Stands for answers that showed no document."""

Outcome = Literal["answered", "uncited", "incomplete", "not_found"]
"""How a question ended: ``uncited``: no sentence of the answer stands on a document."""
Wrong = Literal["incorrect", "outdated", "incomplete", "off_topic"]


class RatedDocument(Shape):
    """A document that the answer showed."""

    source: str
    document: str


class Feedback(Shape):
    """What one person says of one answer.

    Attributes:
        question: its id.
        person: who says it, such as ``T1:U2``: so that it can be erased.
        asker: who asked, where the question's words are here.
        text: the question's words, where they are kept, cut.
        wrong: what is wrong with it, as far as they said.
        reason: in their own words.
    """

    question: str
    person: str
    helpful: bool
    outcome: Outcome
    documents: tuple[RatedDocument, ...] = ()
    asker: str | None = None
    text: Annotated[str, StringConstraints(max_length=QUESTION_CHARS)] | None = None
    wrong: Wrong | None = None
    reason: Annotated[str, StringConstraints(max_length=REASON_CHARS)] | None = None
    given_at: AwareDatetime


class SourceFeedback(Shape):
    """What was said of answers that showed a source's documents."""

    source: str
    """`NO_SOURCE`: of answers that showed none."""
    helpful: int
    unhelpful: int


class FeedbackReport(Shape):
    """All of it: by source, worst first, and each, newest first."""

    by_source: tuple[SourceFeedback, ...]
    feedback: tuple[Feedback, ...]
