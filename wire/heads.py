"""A document's head: which version of it readers see. An entry in the KV bucket ``heads``.

Versions and tombstones have this one home. The head advances by compare-and-set after the version's
passages are in the index, and a reader drops passages that are not of the head's edition: one version,
as one model and chunker cut it, written at one point of the document's history.
"""

from datetime import datetime
from typing import Literal

from wire.shapes import Shape


class Head(Shape):
    """What stands of a document."""

    source: str
    document: str
    version: int
    state: Literal["live", "deleted"]
    content_hash: str = ""
    """Of the announcement's body, title, URL and permissions; an equal version with another one is new."""
    fingerprint: str = ""
    """Of the model and chunker that made its passages, and of the index that they were written to."""
    edition: str = ""
    """Which passages readers see: those that carry this same name. Empty for a tombstone."""
    passages: int = 0
    revision: str | None = None
    """As the announcement gave it: what a resync compares its source with."""
    conditional: bool = False
    """A tombstone that a resync laid (``if_version``): an equal or higher upsert lifts it."""
    changed_at: datetime
