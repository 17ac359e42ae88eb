"""A question and a reader in, passages out: ``retrieval.search`` and ``retrieval.passages``."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from wire.principals import Principal
from wire.shapes import Shape

QUERY_CHARS = 8_000
Principals = Annotated[tuple[Principal, ...], Field(min_length=1, max_length=2000)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class SearchRequest(Shape):
    """What a reader looks for."""

    query: Annotated[str, StringConstraints(min_length=1, max_length=QUERY_CHARS, strip_whitespace=True)]
    principals: Principals
    sources: tuple[str, ...] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 8
    per_document: Annotated[int, Field(ge=1, le=100)] = 3
    """Passages of one document before other documents come."""
    with_vector: bool = False
    with_highlights: bool = False
    """Also name each passage's sentences that are nearest to the query (costs an encoding each)."""


class Highlight(Shape):
    """A sentence of a passage, as a span of its text, and how near it is to the query or to a part of it."""

    start: int
    end: int
    score: float


class Passage(Shape):
    """A piece of a document that this reader may read."""

    id: str
    """Names this passage of this version of the document; ``retrieval.passages`` takes it."""
    source: str
    document: str
    version: int
    title: str
    url: str | None = None
    heading: tuple[str, ...] = ()
    ordinal: int
    text: str
    score: float
    updated_at: datetime | None = None
    highlights: tuple[Highlight, ...] | None = None


class IndexFreshness(Shape):
    """How far the index is behind: announcements not yet indexed, and for how long the oldest has waited."""

    pending: int
    lag_seconds: float


class SearchTimings(Shape):
    """Milliseconds each step took in the worker."""

    embed: float
    search: float
    rerank: float = 0.0
    total: float


class SearchReply(Shape):
    """The best passages for this reader, best first."""

    passages: tuple[Passage, ...]
    relevance: Share
    """How likely anything here answers the question (calibrated)."""
    index: IndexFreshness
    timings_ms: SearchTimings
    query_vector: tuple[float, ...] | None = None


class PassagesRequest(Shape):
    """Which of these passages are still there, in this version, and readable by this reader?"""

    ids: Annotated[tuple[str, ...], Field(min_length=1, max_length=200)]
    principals: Principals
    neighbours: Annotated[int, Field(ge=0, le=5)] = 0
    """So many passages before and after each of them in its document, too."""


class PassagesReply(Shape):
    """Those that are; the rest is left out, whatever the reason."""

    passages: tuple[Passage, ...]
