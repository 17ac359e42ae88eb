"""Counting tokens before a call as the model will count them in it (pure).

The vocabulary that we count with is not the model's own. How far off it is follows from each answer's
reported input, and corrects the next ones' counts.
"""

import math
from collections.abc import Callable

LEARNS = 0.2
"""How much the newest answer counts against all before it."""
LEAST, MOST = 0.5, 2.5
"""No vocabulary differs more than that; what seems to was counted otherwise."""
LEAST_TOKENS = 200
"""Shorter prompts say more of the framing than of the vocabulary."""


class Estimate:
    """Counts a text's tokens, and learns.

    Attributes:
        ratio: the model's tokens for each of ours.
    """

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count
        self.ratio = 1.0

    def count(self, text: str) -> int:
        """How many tokens the text is, by all we know."""
        return math.ceil(self._count(text) * self.ratio)

    def learn(self, *, estimated: int, reported: int) -> None:
        """A prompt that was counted as so many tokens was really so many."""
        if estimated >= LEAST_TOKENS and reported > 0:
            seen = self.ratio * reported / estimated
            self.ratio = min(MOST, max(LEAST, self.ratio + LEARNS * (seen - self.ratio)))
