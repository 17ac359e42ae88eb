"""Answers kept for the next who asks the same, as the pipeline sees them.

The cache is asked after retrieval, and knows nothing of readers: whether an answer may be served to this
one, now, is decided by the passages that it was written from (see ``answering``).
"""

import hashlib
import unicodedata
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
        text: as shown, numbers included.
        citations: the first of each source, in order of appearance.
        given: ids of all the passages that the model was given; an id names a version, too.
        model: who wrote it.
        answered_at: when.
    """

    text: str
    citations: tuple[CachedCitation, ...]
    given: tuple[str, ...]
    model: str
    answered_at: AwareDatetime


class Cache(Protocol):
    """Keeps answers for some time."""

    async def recall(self, key: str) -> CachedAnswer | None:
        """What was kept under this key.

        Raises:
            UnavailableError: the cache is away.
        """

    async def keep(self, key: str, answer: CachedAnswer) -> None:
        """Keep an answer in place of the one before.

        Raises:
            UnavailableError: the cache is away.
        """


def cache_key(question: str, *, model: str) -> str:
    """Names a question: the same words to the same model under the same instructions.

    Case, width, spacing and closing punctuation do not matter. The language is in the words.
    """
    words = " ".join(unicodedata.normalize("NFKC", question).casefold().split()).rstrip("?!. ")
    return hashlib.sha256(f"{VERSION}\n{model}\n{words}".encode()).hexdigest()
