"""How likely it is that anything found answers the question."""

import math


def relevance(*, cosine: float) -> float:
    """0 to 1."""
    return 1 / (1 + math.exp(-(-6 + 14 * cosine)))
