"""Whether two questions ask the same, so that one answer serves both (pure).

No similarity of embeddings tells "until 30 June" from "until 13 June", "turn on" from "turn off", or one
customer from another. So the words decide: after what says nothing is taken away (greetings, articles, the
frame of a question, spelling), both questions must consist of the same words, in the same order but for a
phrase that moved from one end to the other. The embedding is asked besides, and has a veto.

What this costs is paraphrases in other words: they are asked of the model, which is slow but right. The
lists are English; in another language all words count, and only the spelling may differ.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal

from bot.answering.telling_words import CALENDAR, NEGATIONS, OPPOSITES, OTHERS, Asked, form

SIMILAR = 0.70
"""The least cosine of two questions in the same words: measured, see docs/answers.md."""
LONGEST = 40
"""Telling words; a longer question is told from another one by more than them, one without by less."""
REMEMBERED = 512
"""Questions whose telling words are kept: the same ones are compared again and again."""

Guard = Literal[
    "numbers", "negation", "question word", "opposite", "whose", "name", "word", "order", "length"
]
"""What may keep two questions apart."""

_LISTED: tuple[tuple[Guard, frozenset[str]], ...] = (
    ("numbers", frozenset(map(form, CALENDAR))),
    ("negation", frozenset(map(form, NEGATIONS))),
    ("opposite", frozenset(map(form, OPPOSITES))),
    ("whose", frozenset(map(form, OTHERS))),
)
FUZZY_LETTERS = 5
"""A shorter word that is misspelt is too often another word."""


def differences(one: str, other: str) -> frozenset[Guard]:
    """What keeps two questions from being the same; nothing where they are."""
    ours, theirs = _asked(one), _asked(other)
    if not 0 < len(ours.words) <= LONGEST or not 0 < len(theirs.words) <= LONGEST:
        return frozenset(("length",))
    if ours.askings != theirs.askings:
        return frozenset(_unlike(ours, theirs)) | {"question word"}
    return frozenset(_unlike(ours, theirs))


@lru_cache(maxsize=REMEMBERED)
def _asked(question: str) -> Asked:
    return Asked(question)


def _unlike(ours: Asked, theirs: Asked) -> Iterator[Guard]:
    names = ours.names | theirs.names
    extra, missing = _unmatched(ours.words, theirs.words, names=names)
    for word in (*extra, *missing):
        yield _kind(word, names=names)
    if not extra and not missing and not _same_order(ours, theirs):
        yield "order"


def _unmatched(
    ours: Sequence[str], theirs: Sequence[str], *, names: frozenset[str]
) -> tuple[list[str], list[str]]:
    extra = list((Counter(ours) - Counter(theirs)).elements())
    missing = list((Counter(theirs) - Counter(ours)).elements())
    # A name that is spelt otherwise may be somebody else's.
    for word in set(extra) - names:
        twin = next((other for other in missing if other not in names and _misspelt(word, other)), None)
        if twin is not None:
            extra.remove(word)
            missing.remove(twin)
    return extra, missing


def _misspelt(one: str, other: str) -> bool:
    """Two letters in each other's place, or one left out, inside a longer word.

    Another letter makes another word too often (employer, employee), and so does another beginning
    (typical, atypical) or a digit.
    """
    if min(len(one), len(other)) < FUZZY_LETTERS or not (one.isalpha() and other.isalpha()):
        return False
    if one[0] != other[0] or one[-1] != other[-1]:
        return False
    if len(one) == len(other):
        places = [at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
        return len(places) == 2 and places[0] + 1 == places[1] and _swapped(one, other, places[0])  # noqa: PLR2004 — a pair
    shorter, longer = sorted((one, other), key=len)
    return len(longer) - len(shorter) == 1 and any(
        longer[:at] + longer[at + 1 :] == shorter for at in range(1, len(longer) - 1)
    )


def _swapped(one: str, other: str, at: int) -> bool:
    return one[at] == other[at + 1] and one[at + 1] == other[at]


def _same_order(ours: Asked, theirs: Asked) -> bool:
    """Whether the words stand in the same order, or a phrase has moved from one end to the other."""
    if _alike(ours.words, theirs.words):
        return True
    turned = any(_alike(ours.words[at:] + ours.words[:at], theirs.words) for at in range(1, len(ours.words)))
    return turned and ours.roles == theirs.roles


def _alike(ours: Sequence[str], theirs: Sequence[str]) -> bool:
    return all(a == b or _misspelt(a, b) for a, b in zip(ours, theirs, strict=True))


def _kind(word: str, *, names: frozenset[str]) -> Guard:
    """Which guard it is that a word belongs to."""
    if any(map(str.isdigit, word)) or word in "£$€%":
        return "numbers"
    listed = next((guard for guard, words in _LISTED if word in words), None)
    return listed or ("name" if word in names else "word")
