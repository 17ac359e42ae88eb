"""How likely it is that anything found answers the question.

A logistic curve over three things that cost nothing more to know: how near the first passage is in meaning,
how many of the question's words it has, and how far ahead of the rest the nearest passage is (where an
answer stands, one passage stands out; where none does, many are equally far). Its figures and how they were
fitted stand in docs/quality.md; `tests/bench/bench_relevance.py` makes them.

The floor refuses what the documents are not about. What gets through are near misses: questions in the
documents' own words on what they do not say, and those are for the model that writes the answer to refuse.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.ranking import Ranked
from retrieval.stems import stems
from retrieval.stop_words import StopWords

INTERCEPT = -6.42
OF_COSINE = 8.03
OF_COVERAGE = 2.56
OF_LEAD = 13.29
NEAREST = 20
"""Passages that the lead is measured against."""
USUAL_LEAD = 0.12
"""Stands for each passage that an index with fewer than those does not have."""
MOST_LEAD = 0.25
"""A greater one says nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What speaks for an answer.

    Attributes:
        cosine: of the first passage, -1 to 1.
        coverage: the share of the question's words that the first passage has, 0 to 1.
        lead: how much nearer the nearest passage is than the nearest 20 are on average.
    """

    cosine: float
    coverage: float
    lead: float


class Relevance:
    """Judges what was found for a question."""

    def __init__(self, stop_words: StopWords) -> None:
        self._stop_words = stop_words

    def of(self, question: str, found: Sequence[Ranked]) -> float:
        """From 0 to 1: how likely it is that the first of these candidates answer it."""
        return relevance(self.evidence(question, found)) if found else 0.0

    def evidence(self, question: str, found: Sequence[Ranked]) -> Evidence:
        """What the curve is over; there is at least one candidate."""
        nearest = sorted((one.hit.cosine for one in found), reverse=True)[:NEAREST]
        behind = sum(nearest[0] - cosine for cosine in nearest) + USUAL_LEAD * (NEAREST - len(nearest))
        return Evidence(
            cosine=found[0].hit.cosine,
            coverage=self._coverage(question, found[0]),
            lead=min(MOST_LEAD, behind / NEAREST),
        )

    def _coverage(self, question: str, first: Ranked) -> float:
        asked = stems(question, without=self._stop_words.of(question))
        has = stems(first.hit.passage.all_text)
        return len(asked & has) / len(asked) if asked else 1.0


def relevance(evidence: Evidence) -> float:
    """The curve."""
    return 1 / (
        1
        + math.exp(
            -(
                INTERCEPT
                + OF_COSINE * evidence.cosine
                + OF_COVERAGE * evidence.coverage
                + OF_LEAD * evidence.lead
            )
        )
    )
