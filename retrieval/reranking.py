"""A reranker as search sees it; `fastembed_reranker.py` implements the port."""

from collections.abc import Sequence
from typing import Protocol


class Reranker(Protocol):
    """Reads a question and a passage together: tells more than comparing vectors does, and costs more."""

    async def scores(self, question: str, texts: Sequence[str]) -> list[float] | None:
        """How well each text answers the question, 0 to 1; None where it can't be said in time.

        Late means unreranked, not slow: it keeps to its own time budget.
        """
