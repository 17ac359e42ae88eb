"""Documents' heads as retrieval and ingest see them; `nats_heads.py` implements the port."""

from dataclasses import dataclass
from typing import Protocol

from wire.heads import Head


@dataclass(frozen=True, slots=True)
class Shown:
    """What memory keeps of a head: the edition readers see (None: there is none), and the revision."""

    edition: str | None
    revision: int


@dataclass(frozen=True, slots=True)
class HeadEntry:
    """A head as it stands; without one, ``revision`` is still what to advance over."""

    head: Head | None
    revision: int


NO_HEAD = Shown(edition=None, revision=0)


class Heads(Protocol):
    """Which edition of each document stands. ``key`` is as `wire.documents.document_key` makes it.

    Attributes:
        newest: the highest revision that memory knows of any head; revisions grow over all documents.
    """

    @property
    def newest(self) -> int:
        """See above."""

    def shown(self, key: str) -> Shown:
        """What readers see of a document, from memory, which may be a moment behind."""

    async def look_up(self, key: str) -> HeadEntry:
        """The head as it stands now; memory learns of it.

        Raises:
            UnavailableError: it can't be read.
        """

    async def advance(self, head: Head, *, over: int) -> bool:
        """Make this the document's head if the present one is still at revision ``over``.

        When this returns True, every reader in this process sees the new edition.

        Returns:
            False where another writer was first.

        Raises:
            UnavailableError: no answer; the head may or may not have advanced.
        """
