"""In which order a reader gets what was found (pure).

A passage's score is its cosine and its share of the best BM25 score, weighed together, and a little for words
that stand together as in the question. Ranks alone, as in reciprocal rank fusion, forget how far ahead a
passage is: on every development set they were worse (docs/quality.md). The engine fuses by ranks all the
same: that picks the candidates.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from retrieval.index import Hit
from retrieval.likeness import Likeness
from retrieval.phrases import Pair, share_of

MEANING_SHARE = 0.6
"""What the cosine counts; the rest is the words'. Within 0.01 of the best on every development set."""
OF_PAIRS = 0.1
"""Of what a score lacks, what it is given where all pairs of the question's words stand together."""
LOOKED_AT = 16
"""Candidates that are looked through for pairs; to look at all of them changes nothing by more than 0.001."""
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


def ranked(
    hits: Sequence[Hit], ranking: Ranking, *, now: datetime, pairs: Sequence[Pair] = ()
) -> list[Ranked]:
    """The hits, best first; equals stay as the engine had them.

    Args:
        hits: what was found.
        ranking: what counts.
        now: what ages are counted from.
        pairs: words that stand together in the question; where one part alone is asked for, they are no part.
    """
    most = max([MUCH, *(hit.words for hit in hits)]) if any(hit.words for hit in hits) else 0.0
    scored = [Ranked(hit, _similarity(hit, ranking, most=most)) for hit in hits]
    if pairs and 0 < ranking.meaning_share < 1:
        scored = _with_pairs(scored, pairs)
    standing = [Ranked(one.hit, one.score * _standing(one.hit, ranking, now=now)) for one in scored]
    return sorted(standing, key=lambda one: -one.score)


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


def _similarity(hit: Hit, ranking: Ranking, *, most: float) -> float:
    share = ranking.meaning_share if most else 1.0
    return share * max(0.0, hit.cosine) + (1 - share) * (hit.words / most if most else 0.0)


def _with_pairs(scored: Iterable[Ranked], pairs: Sequence[Pair]) -> list[Ranked]:
    """Best first, as they were scored; the first ones for their pairs too."""
    best = sorted(scored, key=lambda one: -one.score)
    first = [
        Ranked(one.hit, one.score + OF_PAIRS * share_of(pairs, one.hit.passage.all_text) * (1 - one.score))
        for one in best[:LOOKED_AT]
    ]
    return first + best[LOOKED_AT:]


def _standing(hit: Hit, ranking: Ranking, *, now: datetime) -> float:
    return ranking.source_weights.get(hit.passage.source, 1.0) * _freshness(hit, ranking, now=now)


def _freshness(hit: Hit, ranking: Ranking, *, now: datetime) -> float:
    """From 1 down to 1 - AGE_COSTS; a document without a date is taken to be as good as new."""
    updated_at = hit.passage.updated_at
    if not ranking.half_life_days or updated_at is None:
        return 1.0
    age_days = max(0.0, (now - updated_at).total_seconds() / DAY_S)
    return 1.0 - AGE_COSTS * (1.0 - math.exp2(-age_days / ranking.half_life_days))
