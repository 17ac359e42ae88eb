"""What is done with Qdrant's points, whether its engine runs here or on a server.

Both are asked through clients of their own, whose types differ; what is done with the answers does not.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from retrieval.index import Hit, PassageName, best_first
from retrieval.payload import stored_passage
from retrieval.ranks import rank_score

POINTS_PER_WRITE = 100
NAMES_PER_PAGE = 1_000
PLACES_PER_TEXT = 4
"""In which a text stands at the most, usually: its present edition and the former, here and there again."""


class Scored(Protocol):
    """A point that was found."""

    @property
    def id(self) -> Any:
        """Its id."""

    @property
    def score(self) -> float:
        """Its fused score."""

    @property
    def payload(self) -> Any:
        """What is kept beside its vectors."""


class WithVector(Protocol):
    """A point that was looked up by the digest of its text."""

    @property
    def payload(self) -> Any:
        """With its digest."""

    @property
    def vector(self) -> Any:
        """With the dense one."""


def hits_of(found: Iterable[Scored], scores: Mapping[str, Mapping[Any, float]]) -> list[Hit]:
    """Points that the engine has fused, as hits; ``scores`` are their own in each branch, by id."""
    cosines, words = scores.get("dense", {}), scores.get("words", {})
    # Edge makes a point's id anew each time that it is asked for it.
    named = ((point.id, point) for point in found)
    return best_first(
        Hit(
            passage=stored_passage(str(known), point.payload or {}),
            score=rank_score(point.score, branches=len(scores)),
            cosine=cosines.get(known, 0.0),
            words=words.get(known, 0.0),
        )
        for known, point in named
    )


async def every_name(
    page_after: Callable[[str | None], Awaitable[tuple[list[PassageName], str | None]]],
) -> list[PassageName]:
    """All pages' names."""
    named: list[PassageName] = []
    page: str | None = None
    while True:
        some, page = await page_after(page)
        named += some
        if page is None:
            return named


async def vectors_by_digest(
    digests: Sequence[str], look_up: Callable[[Sequence[str], int], Awaitable[Sequence[WithVector]]]
) -> dict[str, list[float]]:
    """Look them up together; and one by one those that a text that stands in many places crowded out.

    Args:
        digests: which.
        look_up: points of any of these digests, so many at the most.
    """
    known: dict[str, list[float]] = {}

    async def learn(some: Sequence[str], *, limit: int) -> bool:
        records = await look_up(some, limit)
        known.update({(record.payload or {})["digest"]: record.vector["dense"] for record in records})
        return len(records) == limit

    if digests and await learn(digests, limit=PLACES_PER_TEXT * len(digests)):
        for digest in [digest for digest in digests if digest not in known]:
            await learn([digest], limit=1)
    return known
