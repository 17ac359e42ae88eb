"""Many questions at the same moment: all who ask are told that we are at it before the answers take our time.

What an answer begins with (its search, its prompt, the call of the model) costs the processor many times what
its first sign does. So the last of fifty who ask at once would wait for the answers of all others to begin.
"""

import asyncio
import time

QUIET_S = 0.04
"""Without another question for so long, it is no rush. Slack itself takes longer to show a first sign."""
HELD_S = 0.3
"""The longest that an answer is held back: where questions never cease, they must not keep it."""


class Rush:
    """Knows when the last question came."""

    def __init__(self, *, quiet_s: float = QUIET_S, held_s: float = HELD_S) -> None:
        self._quiet_s = quiet_s
        self._held_s = held_s
        self._newest_at = float("-inf")

    def another(self) -> None:
        """A question has come."""
        self._newest_at = time.monotonic()

    async def over(self) -> None:
        """Wait until no more come, or for as long as an answer may be held back."""
        until = time.monotonic() + self._held_s
        while (wait_s := self._left_s(until)) > 0:  # noqa: ASYNC110 — what is waited for is a time
            await asyncio.sleep(wait_s)

    def _left_s(self, until: float) -> float:
        return min(self._newest_at + self._quiet_s, until) - time.monotonic()
