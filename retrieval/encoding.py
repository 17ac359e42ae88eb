"""What an encoder gives: a text's meaning as a dense vector, its words as a sparse one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sparse:
    """Words as weighted ids (BM25; the rarity of each word is the index's to know)."""

    indices: list[int]
    values: list[float]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Both vectors of one text. The dense one has length 1."""

    dense: list[float]
    sparse: Sparse


class Encoder(Protocol):
    """Turns texts into vectors.

    Attributes:
        fingerprint: names the model and its settings; vectors with different ones can't be compared.
        dimensions: of the dense vectors.
        window_tokens: the longest text that is read whole, special tokens included.
    """

    @property
    def fingerprint(self) -> str:
        """See above."""

    @property
    def dimensions(self) -> int:
        """See above."""

    @property
    def window_tokens(self) -> int:
        """See above."""

    def count_tokens(self, text: str) -> int:
        """How many tokens of the window this text takes, special tokens not counted."""

    async def encode_query(self, text: str) -> Encoded:
        """A question's vectors; goes before any waiting passage."""

    def weigh_query(self, text: str) -> Sparse:
        """A question's words alone, as `encode_query` has them, in microseconds."""

    async def encode_sentences(self, texts: Sequence[str]) -> list[list[float]]:
        """Dense vectors of sentences that a reader waits for; as urgent as a question."""

    async def encode_passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Passages' dense vectors, in order; gives way to questions between any two of them."""

    async def weigh_passages(self, texts: Sequence[str]) -> list[Sparse]:
        """Passages' words, in order: a hundred times as quick as their meaning."""
