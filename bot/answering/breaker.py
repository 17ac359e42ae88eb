"""Leaving a model alone that is down (pure, but for the clock that it is given).

After some failures in a row nothing is asked of it for a while; then a single call tries it, and if that
goes well everybody may call again. So an answer does not wait for what is known not to come.
"""

from collections.abc import Callable

FAILURES = 5
"""So many in a row; fewer may be a bad moment."""
LEFT_ALONE_S = 30.0
LONGEST_S = 120.0
"""However long the server asks to be left alone: by then its trouble may be over."""


class Breaker:
    """Knows whether a model is worth calling. Each call that is begun ends in one of the three ways."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._trial = False

    def begin(self) -> bool:
        """Whether to call; once it has been left alone, for one caller at a time."""
        if self._failures < FAILURES:
            return True
        if self._trial or self._clock() < self._until:
            return False
        self._trial = True
        return True

    def went_well(self) -> None:
        """The model writes."""
        self._failures = 0
        self._trial = False

    def failed(self, *, retry_after_s: float | None = None) -> None:
        """The model did not come to its first word."""
        self._failures += 1
        self._trial = False
        self._until = self._clock() + min(LONGEST_S, max(LEFT_ALONE_S, retry_after_s or 0.0))

    def given_up(self) -> None:
        """The caller went away, which says nothing of the model."""
        self._trial = False
