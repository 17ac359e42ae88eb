"""How many calls of a method a workspace may make a minute, shared by every answer in it."""

import time
from collections import deque

WINDOW_S = 60.0
EDITS_PER_WINDOW = 45
"""90 % of chat.update's Tier 3, 50 a minute (docs.slack.dev, Web API rate limits)."""
EDITS_FOR_ENDINGS = 10
"""Of those, what previews leave to last edits, which must not wait."""


class OwnEditBudget:
    """The budget of one process alone, for when Valkey is away."""

    def __init__(self) -> None:
        self._taken: deque[float] = deque()
        self._paused_until = 0.0

    async def take(self, *, last: bool) -> float:
        """Take one edit, or learn how long to wait."""
        now = time.monotonic()
        if now < self._paused_until:
            return self._paused_until - now
        while self._taken and self._taken[0] <= now - WINDOW_S:
            self._taken.popleft()
        limit = EDITS_PER_WINDOW if last else EDITS_PER_WINDOW - EDITS_FOR_ENDINGS
        if len(self._taken) >= limit:
            return self._taken[len(self._taken) - limit] + WINDOW_S - now
        self._taken.append(now)
        return 0.0

    async def pause(self, *, seconds: float) -> None:
        """Nobody edits for that long."""
        self._paused_until = max(self._paused_until, time.monotonic() + seconds)
