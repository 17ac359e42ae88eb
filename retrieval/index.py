"""The index as retrieval and ingest see it: passages in, the nearest readable ones out.

A port of few methods; `edge_index.py`, `qdrant_index.py` and `pgvector_index.py` implement it, and keep
one contract (`tests/contract/retrieval/test_index.py`). It knows nothing of heads: it stores every
edition it is given, and its readers drop those that are not a document's current one.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from retrieval.encoding import Sparse
from wire.settings import StoreKind


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

    @property
    def all_text(self) -> str:
        """Everything that its words are: title, headings and text."""
        return f"{self.title} {' '.join(self.heading)} {self.text}"


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
        cosine: how near its meaning is to the query's, -1 to 1; 0 where the query has none.
        words: how much its words have of the query's: the sum of their weights (BM25) times their rarity
            among the reader's documents; 0 where they share none. Whichever branch found it.
    """

    passage: StoredPassage
    score: float
    cosine: float
    words: float = 0.0


def best_first(hits: Iterable[Hit]) -> list[Hit]:
    """In the order that every index gives."""
    return sorted(hits, key=lambda hit: (-hit.score, -hit.cosine, hit.passage.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageName:
    """Which document and edition a stored passage belongs to, and nothing of its text."""

    id: str
    key: str
    edition: str


Edition = tuple[str, str]
"""A document's key and the name of one of its editions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexNote:
    """What an index says of itself, kept with it.

    Attributes:
        name: of its content; one that is made anew has another, so that what the former held is known to
            be missing.
        fingerprint: of the encoder that made its vectors.
        dimensions: of its dense vectors.
        copy_of: the name of the index that this one was made, or is being made, as a copy of.
        whole: False while such a copy is under way.
    """

    name: str
    fingerprint: str
    dimensions: int
    copy_of: str | None = None
    whole: bool = True


class Index(Protocol):
    """Where passages are kept. Every method may raise UnavailableError (service ``index``).

    Attributes:
        name: of this very index, as its note has it.
    """

    @property
    def name(self) -> str:
        """See above."""

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        """Write these passages; once it returns, they outlive a crash and are found."""

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these passages; ids that are not there are no error."""

    async def search(
        self,
        *,
        dense: Sequence[float] | None,
        sparse: Sparse,
        principals: Sequence[str],
        sources: Sequence[str] | None,
        limit: int,
        without: Collection[Edition] = (),
    ) -> list[Hit]:
        """The best passages by meaning and by words together, among those these principals may read.

        Of equal scores the nearer in meaning comes first, and then the lower id. Which of several with the
        very same score are the last to be let in is the engine's business.

        Args:
            dense: the query's meaning; None: by words alone.
            sparse: its words; empty: by meaning alone.
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

    async def copies(self, *, after: str | None, limit: int) -> tuple[list[EncodedPassage], str | None]:
        """As `all_names`, but everything there is of each passage: what another index needs to hold it."""

    async def count(self) -> int:
        """How many passages there are, exactly."""

    async def settle(self) -> None:
        """Write what is pending to disk and reclaim deleted room; call it when little goes on."""


class Store(Protocol):
    """Holds indexes, one for each encoder and schema, side by side. Methods raise as those of an index.

    Attributes:
        kind: ``edge``, ``qdrant`` or ``pgvector``.
    """

    @property
    def kind(self) -> StoreKind:
        """See above."""

    async def notes(self) -> list[IndexNote]:
        """Of the indexes that this release can read."""

    async def write_note(self, note: IndexNote) -> None:
        """Put it in place of the note of the index with that fingerprint."""

    def open(self, *, fingerprint: str, dimensions: int) -> AbstractAsyncContextManager[Index]:
        """The index of that encoder, made where there is none, for as long as the block lasts."""

    async def remove(self, fingerprint: str) -> None:
        """Remove an index that is open nowhere; one that is not there is no error."""
