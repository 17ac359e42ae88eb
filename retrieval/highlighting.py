"""Which sentences of the passages found are nearest to the question.

An encoding costs 2 to 5 ms, so each passage sends only its most promising sentences there: those that
share the rarest words with the question, and its first ones. What was encoded is remembered.
"""

from array import array
from collections import Counter, OrderedDict
from collections.abc import Sequence
from operator import mul

from retrieval.encoding import Encoder
from retrieval.sentences import Span, sentences
from retrieval.stems import stems
from wire.search import Highlight

PER_PASSAGE = 4
"""Sentences encoded per passage: 32 for 8 passages."""
REMEMBERED = 4096
"""Sentence vectors kept: 1.5 KB each at 384 dimensions, 6 MB in all."""
SHORT_CHARS = 2
"""Words of so few letters do not count."""


class Highlighting:
    """Finds and scores sentences; remembers vectors of those it has seen."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: OrderedDict[str, array[float]] = OrderedDict()

    async def highlights(
        self, *, query: str, near: Sequence[Sequence[float]], texts: Sequence[str]
    ) -> list[tuple[Highlight, ...]]:
        """For each text its sentences nearest to the query, nearest first.

        Args:
            query: says by its words which sentences are looked at.
            near: vectors of the query and of its parts; a sentence's score is its highest cosine with any.
            texts: of passages.
        """
        chosen = [_most_promising(query, text) for text in texts]
        wanted = [
            text[span.start : span.end] for text, spans in zip(texts, chosen, strict=True) for span in spans
        ]
        await self._encode(wanted)
        scored = [
            tuple(
                sorted(
                    (self._scored(text, span, near) for span in spans),
                    key=lambda highlight: -highlight.score,
                )
            )
            for text, spans in zip(texts, chosen, strict=True)
        ]
        while len(self._vectors) > REMEMBERED:
            self._vectors.popitem(last=False)
        return scored

    def _scored(self, text: str, span: Span, near: Sequence[Sequence[float]]) -> Highlight:
        vector = self._vectors[text[span.start : span.end]]
        cosine = max(sum(map(mul, asked, vector)) for asked in near)
        return Highlight(start=span.start, end=span.end, score=round(cosine, 4))

    async def _encode(self, wanted: Sequence[str]) -> None:
        unknown = list(dict.fromkeys(text for text in wanted if text not in self._vectors))
        for text in wanted:
            if text in self._vectors:
                self._vectors.move_to_end(text)
        for text, vector in zip(unknown, await self._encoder.encode_sentences(unknown), strict=True):
            self._vectors[text] = array("f", vector)


def _most_promising(query: str, text: str) -> list[Span]:
    spans = sentences(text)
    if len(spans) <= PER_PASSAGE:
        return spans
    words = [_stems(text[span.start : span.end]) for span in spans]
    seen = Counter(stem for found in words for stem in found)
    asked = _stems(query)

    def promise(number: int) -> tuple[float, int]:
        return sum(1 / seen[stem] for stem in asked & words[number]), -number

    best = sorted(range(len(spans)), key=promise, reverse=True)[:PER_PASSAGE]
    return [spans[number] for number in sorted(best)]


def _stems(text: str) -> set[str]:
    return {stem for stem in stems(text) if len(stem) > SHORT_CHARS}
