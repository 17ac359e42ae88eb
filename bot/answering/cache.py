"""Answers kept for the next who asks the same, as the pipeline sees them.

The cache is asked after retrieval, and knows nothing of readers: whether an answer may be served to this
one, now, is decided by the passages that it was written from (see ``recalling``).
"""

import hashlib
import math
import operator
import unicodedata
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import AwareDatetime

from bot.answering.prompt import VERSION
from wire.shapes import Shape


class CachedCitation(Shape):
    """A source's number in the answer, the passage it stands on, and its words."""

    index: int
    passage: str
    quote: str


class CachedAnswer(Shape):
    """A whole answer.

    Attributes:
        question: what was asked, as a question that stands alone.
        vector: its embedding, as 32-bit floats; empty where the search gave none.
        text: as shown, numbers included.
        citations: the first of each source, in order of appearance.
        given: ids of all the passages that the model was given; an id names a version, too.
        documents: keys of their documents (`wire.documents.document_key`); one that is deleted takes it.
        model: who wrote it.
        tokens: what it took, as quotas count them.
        answered_at: when.
        asker: whose question it was, so that it can be erased with what else is known of them.
    """

    question: str
    vector: bytes = b""
    text: str
    citations: tuple[CachedCitation, ...]
    given: tuple[str, ...]
    documents: tuple[str, ...] = ()
    model: str
    tokens: int = 0
    answered_at: AwareDatetime
    asker: str = ""


@dataclass(frozen=True, kw_only=True)
class CacheKey:
    """Names a question.

    Attributes:
        kind: the model and its instructions: answers of another kind are not answers to this.
        words: the question's own.
    """

    kind: str
    words: str


class Cache(Protocol):
    """Keeps answers for some time."""

    async def recall(self, key: CacheKey, *, read: Sequence[str]) -> list[CachedAnswer]:
        """Answers of this kind that were written from all of these passages, and from others.

        Those to a question of the same words come first, then the newest.

        Raises:
            UnavailableError: the cache is away.
        """

    async def keep(self, key: CacheKey, answer: CachedAnswer) -> None:
        """Keep an answer in place of the one before to the same question from the same passages.

        Raises:
            UnavailableError: the cache is away.
        """


def cache_key(question: str, *, model: str, manner: str = "") -> CacheKey:
    """Names a question: the same words to the same model under the same instructions, ``manner`` included.

    Case, width, spacing and closing punctuation do not matter. The language is in the words.
    """
    words = " ".join(unicodedata.normalize("NFKC", question).casefold().split()).rstrip("?!. ")
    return CacheKey(kind=_digest(f"{VERSION}\n{model}\n{manner}")[:16], words=_digest(words))


def flight_key(question: str, *, model: str, given: Iterable[str], manner: str = "") -> str:
    """Names an answer that is being written: a question as in the cache, and the passages it is given."""
    key = cache_key(question, model=model, manner=manner)
    return _digest("\n".join((key.kind, key.words, *given)))


def packed(vector: Sequence[float] | None) -> bytes:
    """An embedding as it is kept."""
    return array("f", vector or ()).tobytes()


def cosine(one: bytes, other: bytes) -> float:
    """How similar two kept embeddings are; 0 where either is missing, or they are of two models."""
    ours, theirs = array("f", one), array("f", other)
    if not ours or len(ours) != len(theirs):
        return 0.0
    lengths = math.hypot(*ours) * math.hypot(*theirs)
    return sum(map(operator.mul, ours, theirs)) / lengths if lengths else 0.0


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
