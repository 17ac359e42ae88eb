"""The index as retrieval and ingest see it: passages in, the nearest readable ones out.

A port of few methods; `edge_index.py` implements it. It knows nothing of heads: it stores every
edition it is given, and its readers drop those that are not a document's current one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from retrieval.encoding import Sparse


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPassage:
    """A passage as the index keeps it.

    Attributes:
        id: a UUID; names this passage of this edition.
        edition: the edition it belongs to (see `retrieval.editions`).
        allow: principals that may read it; empty means nobody.
    """

    id: str
    source: str
    document: str
    version: int
    edition: str
    title: str
    url: str | None
    heading: tuple[str, ...]
    ordinal: int
    text: str
    allow: tuple[str, ...]
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedPassage:
    """A passage with the vectors it is found by.

    Attributes:
        digest: of the text that ``dense`` was made from; empty: nobody is to take it over.
    """

    passage: StoredPassage
    dense: Sequence[float]
    sparse: Sparse
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found.

    Attributes:
        score: the fused rank score, 0 to 1: 1 is first in every branch.
        cosine: how near its meaning is to the query's, -1 to 1.
    """

    passage: StoredPassage
    score: float
    cosine: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageName:
    """Which document and edition a stored passage belongs to, and nothing of its text."""

    id: str
    key: str
    edition: str


Edition = tuple[str, str]
"""A document's key and the name of one of its editions."""


class Index(Protocol):
    """Where passages are kept. Every method may raise UnavailableError (service ``index``).

    Attributes:
        name: of this very store; one that is made anew has another, so that what the former held is
            known to be missing.
    """

    @property
    def name(self) -> str:
        """See above."""

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        """Write these passages; once it returns, they outlive a crash."""

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these passages; ids that are not there are no error."""

    async def search(
        self,
        *,
        dense: Sequence[float],
        sparse: Sparse,
        principals: Sequence[str],
        sources: Sequence[str] | None,
        limit: int,
        without: Collection[Edition] = (),
    ) -> list[Hit]:
        """The best passages by meaning and by words together, among those these principals may read.

        Args:
            dense: the query's meaning.
            sparse: its words.
            principals: who reads.
            sources: only of these; None for all.
            limit: how many.
            without: editions of documents that are to be left out.
        """

    async def readable(self, *, ids: Sequence[str], principals: Sequence[str]) -> list[StoredPassage]:
        """Those of these passages that are there and that these principals may read."""

    async def vectors(self, digests: Sequence[str]) -> dict[str, list[float]]:
        """The dense vectors that are there already for texts of these digests, whosever passages they are."""

    async def names(self, *, key: str) -> list[PassageName]:
        """Every passage of one document, in whatever edition (``key`` as `wire.documents` makes it)."""

    async def all_names(self, *, after: str | None, limit: int) -> tuple[list[PassageName], str | None]:
        """Every passage there is, a page at a time; the second value asks for the next page."""

    async def settle(self) -> None:
        """Write what is pending to disk and reclaim deleted room; call it when little goes on."""
