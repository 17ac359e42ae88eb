"""How every index fuses its two rankings: by reciprocal rank, inside its engine."""

RRF_K = 60
"""A branch gives 1/(60 + rank) to each of its hits; the first has rank 0 (Cormack, Clarke, Büttcher 2009)."""
BRANCH = 100
"""Passages that each branch of a hybrid query hands to the fusion, at the least."""


def branch_limit(limit: int) -> int:
    """How many of each branch are fused where so many are wanted."""
    return max(BRANCH, 2 * limit)


def rank_score(fused: float, *, branches: int) -> float:
    """A fused score from 0 to 1, where 1 is first in every branch."""
    return min(1.0, fused * RRF_K / branches)
