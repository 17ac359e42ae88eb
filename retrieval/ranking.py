"""In which order a reader gets what was found (pure).

A passage's score is its cosine and its share of the best BM25 score, weighed together. Ranks alone, as in
reciprocal rank fusion, forget how far ahead a passage is: on every development set they were worse
(docs/quality.md). The engine fuses by ranks all the same: that picks the candidates.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from retrieval.index import Hit
from retrieval.likeness import Likeness

MEANING_SHARE = 0.6
"""What the cosine counts; the rest is the words'. Within 0.01 of the best on every development set."""
MUCH = 10.0
"""A best BM25 score that is less than this counts for what it is: two words in passing are no match."""
AGE_COSTS = 0.1
"""The most that age takes from a score, where it counts: enough to put the newer of two alike first."""
DAY_S = 86_400


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """What counts.

    Attributes:
        meaning_share: of the meaning, 0 to 1; at 1 and 0 the search is by meaning, or by words, alone.
        source_weights: what a source's scores are multiplied by; 1 for those that are not named.
        half_life_days: after how long a document's age has cost half of what it may; 0: age costs nothing.
    """

    meaning_share: float = MEANING_SHARE
    source_weights: Mapping[str, float] = field(default_factory=dict)
    half_life_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hit with its score, 0 to 1 (above 1 only where a source's weight is)."""

    hit: Hit
    score: float


def ranked(hits: Sequence[Hit], ranking: Ranking, *, now: datetime) -> list[Ranked]:
    """The hits, best first; equals stay as the engine had them."""
    most = max([MUCH, *(hit.words for hit in hits)]) if any(hit.words for hit in hits) else 0.0
    scored = [Ranked(hit, _score(hit, ranking, most=most, now=now)) for hit in hits]
    return sorted(scored, key=lambda one: -one.score)


def chosen(found: Sequence[Ranked], *, limit: int, per_document: int) -> list[Ranked]:
    """The best, each text once; more than so many of a document only if the others have no more to give."""
    taken: Counter[tuple[str, str]] = Counter()
    first: list[Ranked] = []
    more: list[Ranked] = []
    seen = Likeness()
    for one in found:
        if len(first) == limit:
            break
        if seen.has(one.hit.passage.text):
            continue
        of = (one.hit.passage.source, one.hit.passage.document)
        (first if taken[of] < per_document else more).append(one)
        taken[of] += 1
    return sorted((first + more)[:limit], key=lambda one: -one.score)


def _score(hit: Hit, ranking: Ranking, *, most: float, now: datetime) -> float:
    share = ranking.meaning_share if most else 1.0
    score = share * max(0.0, hit.cosine) + (1 - share) * (hit.words / most if most else 0.0)
    return score * ranking.source_weights.get(hit.passage.source, 1.0) * _freshness(hit, ranking, now=now)


def _freshness(hit: Hit, ranking: Ranking, *, now: datetime) -> float:
    """From 1 down to 1 - AGE_COSTS; a document without a date is taken to be as good as new."""
    updated_at = hit.passage.updated_at
    if not ranking.half_life_days or updated_at is None:
        return 1.0
    age_days = max(0.0, (now - updated_at).total_seconds() / DAY_S)
    return 1.0 - AGE_COSTS * (1.0 - math.exp2(-age_days / ranking.half_life_days))
