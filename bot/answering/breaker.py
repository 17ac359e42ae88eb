"""Leaving a model alone that is down (pure, but for the clock that it is given).

After some failures in a row nothing is asked of it for a while; then a single call tries it, and if that
goes well everybody may call again. So an answer does not wait for what is known not to come.
"""

from collections.abc import Callable

FAILURES = 5
"""So many in a row; fewer may be a bad moment."""
FIRST_S = 5.0
"""Many calls at once fail together at a short break of the line: then it is left alone for hardly longer."""
LONGEST_S = 120.0
"""Twice as long after each further failure, and as long as the server asks for, but no longer than this."""


class Breaker:
    """Knows whether a model is worth calling. Each call that is begun ends in one of the three ways."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._alone_s = 0.0
        self._until = 0.0
        self._trial = False

    def begin(self) -> bool:
        """Whether to call; once it has been left alone, for one caller at a time."""
        if not self._alone_s:
            return True
        if self._trial or self._clock() < self._until:
            return False
        self._trial = True
        return True

    def went_well(self) -> None:
        """The model writes."""
        self._failures = 0
        self._alone_s = 0.0
        self._trial = False

    def failed(self, *, retry_after_s: float | None = None) -> None:
        """The model did not come to its first word."""
        self._failures += 1
        if self._trial or (self._failures >= FAILURES and not self._alone_s):
            self._alone_s = min(LONGEST_S, max(FIRST_S, 2 * self._alone_s, retry_after_s or 0.0))
            self._until = self._clock() + self._alone_s
        self._trial = False

    def given_up(self) -> None:
        """The caller went away, which says nothing of the model."""
        self._trial = False
