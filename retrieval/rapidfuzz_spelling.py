"""Typing errors in a question, mended by the words of what was found all the same (pure).

A misspelt word is in no document, but the rest of the question finds some, and they have the right one. So
no list of the corpus's words is kept, and nobody's documents but the reader's own mend their question.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from rapidfuzz.distance import OSA

from retrieval.stems import STEM_CHARS, words

SHORTEST = 4
"""Letters of a word that is looked at; shorter ones are alike by chance."""
LONG = 8
"""From so many letters on, two may be wrong; before that, one (a swap of neighbours counts as one)."""
SUSPECTS = 3
"""Words of a question that are looked at, at the most: each costs a look into the index."""

_WORD = re.compile(r"\w+")


def suspects(question: str, texts: Iterable[str], *, stop_words: Collection[str]) -> list[str]:
    """Words of the question that no text has, nor one that starts like them.

    No text is looked at once all words are known: the best few have them, as a rule.
    """
    unknown = [
        word
        for word in dict.fromkeys(words(question))
        if len(word) >= SHORTEST and word.isalpha() and word not in stop_words
    ]
    left = iter(texts)
    while unknown and (text := next(left, None)) is not None:
        lowered = text.lower()
        unknown = [word for word in unknown if word[:STEM_CHARS] not in lowered]
    return unknown[:SUSPECTS]


def mended(question: str, wrong: Iterable[str], texts: Sequence[str]) -> str:
    """The question with each wrong word replaced by the texts' nearest one, where one is near enough."""
    counted = Counter(
        word for text in texts for word in words(text) if len(word) >= SHORTEST and word.isalpha()
    )
    right = {word: near for word in wrong if (near := _nearest(word, counted))}
    return _WORD.sub(lambda match: right.get(match[0].lower(), match[0]), question) if right else question


def _nearest(word: str, counted: Counter[str]) -> str | None:
    """The word with the fewest letters changed, of equals the most frequent; first letters are right."""
    most = 1 if len(word) < LONG else 2
    near = [
        (distance, -count, other)
        for other, count in counted.items()
        if other[0] == word[0]
        and abs(len(other) - len(word)) <= most
        and (distance := OSA.distance(word, other, score_cutoff=most)) <= most
    ]
    return min(near)[2] if near else None
