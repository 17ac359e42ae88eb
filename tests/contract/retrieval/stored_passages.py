"""Passages by default valid, and what a reader finds of them."""

import uuid

from retrieval.encoding import Sparse
from retrieval.index import EncodedPassage, Index, StoredPassage

LEAVE, TRAVEL, SICK = 1, 2, 3


def passage(
    document: str,
    *,
    dense: tuple[float, float, float] = (1.0, 0.0, 0.0),
    words: tuple[int, ...] = (LEAVE,),
    weight: float = 1.0,
    allow: tuple[str, ...] = ("public",),
    source: str = "handbook",
    edition: str = "0-aa",
    ordinal: int = 0,
) -> EncodedPassage:
    return EncodedPassage(
        passage=StoredPassage(
            id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{source}{document}{edition}{ordinal}")),
            source=source,
            document=document,
            version=1,
            edition=edition,
            title=document.title(),
            url=None,
            heading=("One", "Two"),
            ordinal=ordinal,
            text=f"The text of {document}.",
            allow=allow,
            updated_at=None,
        ),
        dense=dense,
        sparse=Sparse(list(words), [weight] * len(words)),
    )


async def found(
    index: Index,
    *,
    dense: tuple[float, float, float] = (1.0, 0.0, 0.0),
    words: tuple[int, ...] = (LEAVE,),
    principals: tuple[str, ...] = ("public",),
    sources: tuple[str, ...] | None = None,
) -> list[str]:
    hits = await index.search(
        dense=dense,
        sparse=Sparse(list(words), [1.0] * len(words)),
        principals=principals,
        sources=sources,
        limit=10,
    )
    return [hit.passage.document for hit in hits]
