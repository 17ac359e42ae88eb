"""What feedback on an answer is about: how it ended, and the documents it showed (pure).

It travels in the buttons, so that an answer of any age can be rated; it says nothing that the message
does not.
"""

import json
from dataclasses import dataclass
from typing import get_args

from bot.answering.unanswered import NO_MODEL
from wire.answers import Done
from wire.feedback import Outcome, RatedDocument

CHARS = 1_500
"""A button's value holds 2,000, and the question's id stands in it, too."""


@dataclass(frozen=True, kw_only=True)
class Rated:
    """How an answer ended, and the documents it showed."""

    outcome: Outcome
    documents: tuple[RatedDocument, ...] = ()

    def __str__(self) -> str:
        """As short text; of many documents the first that fit."""
        documents = [[each.source, each.document] for each in self.documents]
        while len(text := json.dumps([self.outcome, *documents], separators=(",", ":"))) > CHARS:
            documents.pop()
        return text

    @classmethod
    def read(cls, text: str) -> "Rated | None":
        """What this text says, if it is such a text."""
        try:
            outcome, *documents = json.loads(text)
            named = [RatedDocument(source=source, document=document) for source, document in documents]
        except (ValueError, TypeError):
            return None
        return cls(outcome=outcome, documents=tuple(named)) if outcome in get_args(Outcome) else None


def rated(done: Done) -> Rated:
    """What there is to say something about."""
    outcome: Outcome = "answered" if done.sources else "uncited"
    if done.model == NO_MODEL:
        outcome = "not_found"
    elif not done.complete:
        outcome = "incomplete"
    documents = (RatedDocument(source=each.source, document=each.document) for each in done.sources)
    return Rated(outcome=outcome, documents=tuple(documents))
