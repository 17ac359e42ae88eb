"""Vectors of the questions asked last, so that one asked again skips the encoder."""

from collections import OrderedDict

from retrieval.encoding import Encoded

REMEMBERED = 1024
"""Questions kept: 12 KB each at 384 dimensions, 13 MB in all."""


class QueryVectors:
    """The questions asked last of one model, each under its very text; the longest unasked goes first."""

    def __init__(self, *, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._by_text: OrderedDict[str, Encoded] = OrderedDict()

    def recall(self, text: str) -> Encoded | None:
        """The question's vectors, if it was asked lately."""
        encoded = self._by_text.get(text)
        if encoded is not None:
            self._by_text.move_to_end(text)
        return encoded

    def remember(self, text: str, encoded: Encoded) -> None:
        """Keep them, and let go of the question that was not asked for longest where it is full."""
        self._by_text[text] = encoded
        if len(self._by_text) > self._remembered:
            self._by_text.popitem(last=False)
