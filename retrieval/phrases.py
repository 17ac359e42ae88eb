"""Pairs of a question's words that stand next to each other in a passage, too (pure).

BM25 counts words wherever they stand: "parental" here and "leave" there are as good to it as "parental
leave".
"""

import re
from collections.abc import Collection, Sequence
from itertools import pairwise

from retrieval.stems import STEM_CHARS, words

Pair = tuple[str, str]

MOST = 64
"""Pairs that are looked for; more are of a text, not of a question."""
PLACES = 32
"""Of the first word's letters in a text, that are looked at for a pair."""

_REST_OF_WORD = re.compile(r"\w*+\W++")
"""And what stands between it and the next one."""
_IN_WORD = re.compile(r"\w")


def pairs(question: str, *, stop_words: Collection[str]) -> list[Pair]:
    """How a question's first words start, each with how the next one does; stop words are passed over."""
    starts = [word[:STEM_CHARS] for word in words(question) if word not in stop_words]
    return list(dict.fromkeys(pairwise(starts)))[:MOST]


def share_of(asked: Sequence[Pair], text: str) -> float:
    """The share of the pairs that stand together in this text, 0 to 1; some microseconds."""
    if not asked:
        return 0.0
    lowered = text.lower()
    return sum(_stands(pair, lowered) for pair in asked) / len(asked)


def _stands(pair: Pair, lowered: str) -> bool:
    """Whether a word that starts like the first is followed by one that starts like the second."""
    first, second = pair
    if second not in lowered:
        return False
    at = lowered.find(first)
    for _ in range(PLACES):
        if at < 0:
            break
        is_start = not _IN_WORD.match(lowered[at - 1 : at])
        if is_start and (rest := _REST_OF_WORD.match(lowered, at)) and lowered.startswith(second, rest.end()):
            return True
        at = lowered.find(first, at + 1)
    return False
