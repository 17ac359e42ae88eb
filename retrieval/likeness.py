"""Whether a text says the same as one that was seen already, word for word or nearly (pure).

Copies of a page, and a template filled in twice, would fill a reader's list and a model's prompt. Alike is
what has nearly all runs of words in common, and every number: "28 days" and "30 days" are two answers.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from retrieval.stems import words

RUN_OF_WORDS = 4
LEAST_SHARE = 0.8
"""Of all runs that either has, those that both have: a changed word in 40 leaves 0.82."""
REMEMBERED = 512
"""Texts taken apart: what was found for one question is often found for the next. Some 25 to 50 kB each."""
REMEMBERED_CHARS = 4_000
"""Of such a text, at the most: a passage of a model with a wide window takes a megabyte and more."""

Run = tuple[str, ...]


@dataclass(frozen=True)
class _Said:
    words: tuple[str, ...]

    @cached_property
    def numbers(self) -> frozenset[str]:
        return frozenset(word for word in self.words if not word.isalpha() and any(map(str.isdigit, word)))

    @cached_property
    def different(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def runs(self) -> frozenset[Run]:
        """All runs of four words; of a shorter text all of it."""
        last = max(1, len(self.words) - RUN_OF_WORDS + 1)
        return frozenset(self.words[start : start + RUN_OF_WORDS] for start in range(last))

    def is_like(self, other: "_Said") -> bool:
        # What is cheap to know comes first: most texts differ in length or in a number.
        shorter, longer = sorted((len(self.words), len(other.words)))
        if shorter < LEAST_SHARE * longer or self.numbers != other.numbers:
            return False
        # Each word that only one of them has costs it a run at the least, and four words share one: with
        # more such words than the shorter one is long, too few runs are left, and none need be made.
        if len(self.different ^ other.different) > shorter:
            return False
        both = len(self.runs & other.runs)
        return both >= LEAST_SHARE * (len(self.runs) + len(other.runs) - both)


def _said(text: str) -> _Said:
    return _Said(tuple(words(text)))


_remembered = lru_cache(maxsize=REMEMBERED)(_said)


class Likeness:
    """Remembers texts."""

    def __init__(self) -> None:
        self._seen: list[_Said] = []

    def has(self, text: str) -> bool:
        """Whether it is like one that was asked about before; if it is not, it is remembered."""
        said = _remembered(text) if len(text) <= REMEMBERED_CHARS else _said(text)
        if any(said.is_like(other) for other in self._seen):
            return True
        self._seen.append(said)
        return False
