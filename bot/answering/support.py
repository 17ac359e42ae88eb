"""Whether a passage supports a sentence, for models that can't say so themselves (pure).

A cheap check, on the side of dropping: every figure of the sentence must stand in the passage, most of its
words must, and a sentence that denies must rest on one that does. It compares words, so that what is said in
another language than the passage's is supported by nothing.

Measured on 80 sentences of our own (``tests/unit/answering/supported.toml``, half of them not supported:
wrong figures, wrong subjects, denials, inventions): see the test's docstring for what it lets through.
"""

import re

from bot.answering.quoting import pieces
from wire.search import Passage

SUPPORTED_SHARE = 0.6
"""The least share of a sentence's words that its passage must have."""
STEM_CHARS = 5
"""Words that begin alike count as one: "approves", "approved", "approval"."""

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_NUMBER_WORDS = dict(
    zip(
        ["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"],
        map(str, range(2, 13)),
        strict=True,
    )
)
_DENIAL = re.compile(
    r"not|no|never|none|nobody|neither|nor|without|cannot|\w+n['\u2019]t|nicht|keine?|nie|ohne"
)
_SMALL = re.compile(
    r"\w{1,2}|the|and|for|are|was|were|has|have|had|with|from|that|this|these|those|you|your|they|their|its|will"
    r"|would|can|could|should|must|may|might|into|onto|than|then|when|where|which|who|whom|whose|what|how|per"
    r"|any|each|all|also|only|just|more|most|less|least|about|there|here|been|being|does|did"
)


def supporting(passage: Passage, *, sentence: str) -> str | None:
    """The passage's words that support the sentence best; None if it is not supported."""
    said = _words(sentence)
    context = " ".join((passage.title, *passage.heading))
    if not said or not _figures(sentence) <= _figures(f"{context} {passage.text}"):
        return None
    found = said & (_words(passage.text) | _words(context))
    if len(found) < SUPPORTED_SHARE * len(said):
        return None
    telling = said - _words(context)
    quotes = [
        passage.text[piece.start : piece.end] for piece in pieces(passage.text) if piece.kind != "heading"
    ]
    best = max(quotes, key=lambda quote: (len(telling & _words(quote)), -len(quote)), default="")
    return best.strip() if best and _denies(sentence) == _denies(best) else None


def _words(text: str) -> set[str]:
    words = {word.casefold() for word in _WORD.findall(text)} - _NUMBER_WORDS.keys()
    return {word[:STEM_CHARS] for word in words if not (_SMALL.fullmatch(word) or _DENIAL.fullmatch(word))}


def _figures(text: str) -> set[str]:
    named = {_NUMBER_WORDS[word] for word in _WORD.findall(text.casefold()) if word in _NUMBER_WORDS}
    return named | set(_FIGURE.findall(_THOUSANDS.sub("", text)))


def _denies(text: str) -> bool:
    return any(_DENIAL.fullmatch(word) for word in _WORD.findall(text.casefold()))
