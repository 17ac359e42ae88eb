"""Passages with their vectors, as they are: ``index.copies`` gives pages, ``index.restore`` takes them.

For backups, so that nothing is encoded again. Whoever may ask this sees every document: NATS decides who.
"""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from wire.shapes import Shape

MOST_COPIES = 500
PAGE_BYTES = 640 * 1024
"""Of a page's passages as JSON; a message may have a megabyte."""


class PassageCopy(Shape):
    """Everything there is of a passage."""

    id: str
    source: str
    document: str
    version: int
    edition: str
    title: str
    url: str | None = None
    heading: tuple[str, ...] = ()
    ordinal: int
    text: str
    allow: tuple[str, ...] = ()
    updated_at: datetime | None = None
    dense: bytes
    """Floats of 32 bits, the lowest byte first."""
    word_ids: tuple[int, ...] = ()
    word_weights: tuple[float, ...] = ()
    digest: str = ""


class CopiesRequest(Shape):
    """The next page, after what an earlier one said."""

    after: str | None = None
    limit: Annotated[int, Field(ge=1, le=MOST_COPIES)] = MOST_COPIES


class IndexIdentity(Shape):
    """Which index it is, and what made its vectors."""

    name: str
    fingerprint: str
    dimensions: int
    model: str


class CopiesReply(Shape):
    """A page; as many as were asked for, or as fit a message."""

    index: IndexIdentity
    total: int
    """Passages in all, as of now."""
    copies: tuple[PassageCopy, ...]
    after: str | None = None
    """Asks for the next page; None: this was the last."""


class RestoreRequest(Shape):
    """Write these; none: only say which index it is."""

    fingerprint: str
    copies: Annotated[tuple[PassageCopy, ...], Field(max_length=MOST_COPIES)] = ()


class RestoreReply(Shape):
    """They are written, and outlive a crash."""

    index: IndexIdentity
