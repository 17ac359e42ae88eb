"""A source of documents as a resync sees it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A document in a source's list.

    Attributes:
        id: names it within the source, for good.
        revision: differs whenever the document's bytes do; None where the source can't tell without
            reading them.
        settled: False while the bytes may yet change under the same revision.
        version: the source's own count of the document's changes, which it announces by itself, too.
        media_type: None where only reading tells.
        allow: who may read it, where the source knows; None where it doesn't say.
        confined: nobody else may read it, whatever the settings say.
    """

    id: str
    revision: str | None = None
    settled: bool = True
    version: int | None = None
    title: str = ""
    url: str | None = None
    media_type: str | None = None
    allow: tuple[str, ...] | None = None
    confined: bool = False
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """A document's bytes, and their media type where reading tells it."""

    data: bytes
    media_type: str | None = None


class Source(Protocol):
    """Lists and reads. What it can't tell for certain it raises, and never leaves out."""

    def entries(self) -> AsyncGenerator[Entry, None]:
        """Every document there is, as they are found.

        Raises:
            UnavailableError: the list can't be had, or not to its end.
            MalformedError: what the source says can't be a list of documents.
        """

    async def read(self, entry: Entry) -> Content | None:
        """A document's bytes; None where it is gone by now.

        Raises:
            UnavailableError: it can't be read now.
            MalformedError: it can't be read ever: too long, for one.
        """
