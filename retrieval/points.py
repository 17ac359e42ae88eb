"""What is done with Qdrant's points, whether its engine runs here or on a server.

Both are asked through clients of their own, whose types differ; what is done with the answers does not.
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from retrieval.index import Hit, PassageName, StoredPassage, best_first
from retrieval.ranks import rank_score

POINTS_PER_WRITE = 100
NAMES_PER_PAGE = 1_000
PLACES_PER_TEXT = 4
"""In which a text stands at the most, usually: its present edition and the former, here and there again."""


Id = TypeVar("Id", bound=Hashable)
"""Of a point, as its client has it."""


class WithVector(Protocol):
    """A point that was looked up by the digest of its text."""

    @property
    def payload(self) -> Any:
        """With its digest."""

    @property
    def vector(self) -> Any:
        """With the dense one."""


def hits_of(
    fused: Mapping[Id, float],
    *,
    passages: Mapping[Id, StoredPassage],
    scores: Mapping[str, Mapping[Id, float]],
) -> list[Hit]:
    """Points that the engine has fused, as hits, all by id.

    Args:
        fused: their fused scores.
        passages: what they hold; a point without one is left out.
        scores: their own in each branch.
    """
    cosines, words = scores.get("dense", {}), scores.get("words", {})
    return best_first(
        Hit(
            passage=passages[known],
            score=rank_score(score, branches=len(scores)),
            cosine=cosines.get(known, 0.0),
            words=words.get(known, 0.0),
        )
        for known, score in fused.items()
        if known in passages
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
