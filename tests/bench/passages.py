"""Passages for benchmarks that look at the index alone."""

import uuid

from ingest.chunking import Chunk
from retrieval.index import StoredPassage


def stored(document: str, *, title: str, piece: Chunk) -> StoredPassage:
    """This chunk as the index keeps it, for everybody to read."""
    return StoredPassage(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{document}\n{piece.ordinal}")),
        source="bench",
        document=document,
        version=1,
        edition="0-bench",
        title=title,
        url=None,
        heading=piece.heading,
        ordinal=piece.ordinal,
        text=piece.text,
        allow=("public",),
        updated_at=None,
    )
