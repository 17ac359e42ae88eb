"""Questions that the documents did not answer, kept for whoever looks after the documents."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from wire.shapes import Shape

QUESTION_CHARS = 500


class NearDocument(Shape):
    """A document that was near to a question, and did not answer it."""

    source: str
    document: str
    title: str


class KnowledgeGap(Shape):
    """One of them.

    Attributes:
        id: the question's; the same question is kept once.
        person: who asked, such as ``T1:U2``: so that what a person has asked can be erased.
        question: its words, cut.
        why: ``not_found``: the search found nothing near enough; ``not_answered``: documents were read, and
            no sentence of the answer stands on them.
        relevance: the search's own estimate, 0 to 1.
        owners: whom the nearest documents name as theirs.
    """

    id: str
    person: str
    question: Annotated[str, StringConstraints(max_length=QUESTION_CHARS)]
    why: Literal["not_found", "not_answered"]
    relevance: float
    nearest: tuple[NearDocument, ...] = ()
    owners: tuple[str, ...] = ()
    asked_at: AwareDatetime


class GapGroup(Shape):
    """A question that was asked in these words or in others, and found no answer; who asked is left out."""

    question: str
    """As it was asked last."""
    times: int
    people: int
    """How many different ones asked it."""
    not_found: int
    """How often the search found nothing near enough; the other times documents were read in vain."""
    nearest: tuple[NearDocument, ...] = ()
    owners: tuple[str, ...] = ()
    last_asked_at: AwareDatetime


class GapList(Shape):
    """What documents are missing, most wanted first."""

    gaps: tuple[GapGroup, ...]
    questions: int
    """How many unanswered questions these stand for."""
