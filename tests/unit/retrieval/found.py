"""Hits as the index gives them."""

from datetime import datetime

from retrieval.index import Hit, StoredPassage
from retrieval.ranking import Ranked


def hit(
    document: str = "a",
    ordinal: int = 0,
    *,
    cosine: float = 0.5,
    words: float = 0.0,
    text: str | None = None,
    source: str = "s",
    heading: tuple[str, ...] = (),
    updated_at: datetime | None = None,
) -> Hit:
    passage = StoredPassage(
        id=f"{document}-{ordinal}",
        source=source,
        document=document,
        version=1,
        edition="0-a",
        title=document,
        url=None,
        heading=heading,
        ordinal=ordinal,
        text=f"{document} {ordinal}" if text is None else text,
        allow=("public",),
        updated_at=updated_at,
    )
    return Hit(passage=passage, score=cosine, cosine=cosine, words=words)


def found(document: str = "a", ordinal: int = 0, *, score: float, text: str | None = None) -> Ranked:
    return Ranked(hit(document, ordinal, cosine=score, text=text), score)
