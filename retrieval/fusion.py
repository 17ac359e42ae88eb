"""Two rankings made one, by reciprocal rank (Cormack, Clarke and Büttcher 2009).

Here rather than in Qdrant's engine, which gives what is equal in any order: a reader would be told, by what
comes first, of documents that are not theirs.
"""

from collections.abc import Mapping

RRF_K = 60
"""A branch gives 1/(60 + rank) to each of its hits; the first has rank 0."""
BRANCH = 100
"""Passages that each branch of a hybrid query hands to the fusion, at the least."""


def branch_limit(limit: int) -> int:
    """How many of each branch are fused where so many are wanted."""
    return max(BRANCH, 2 * limit)


def fuse(branches: Mapping[str, Mapping[str, float]], *, limit: int) -> dict[str, float]:
    """The best ids and their scores, best first; 1 is first in every branch.

    Args:
        branches: each one's ids with the scores that they have there. Equal ones are ranked by their ids.
        limit: how many.
    """
    scores: dict[str, float] = {}
    for branch in branches.values():
        for rank, known in enumerate(sorted(branch, key=lambda each: (-branch[each], each))):
            scores[known] = scores.get(known, 0.0) + 1 / (RRF_K + rank)
    best = sorted(scores, key=lambda known: (-scores[known], known))[:limit]
    return {known: scores[known] * RRF_K / len(branches) for known in best}
