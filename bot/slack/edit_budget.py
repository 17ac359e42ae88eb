"""How many calls of a method a workspace may make a minute, shared by every answer in it.

Slack counts them, in each workspace, for each method by itself. Growing text is spread evenly, so that
many answers at once each grow more slowly, rather than all for some seconds and then none.
"""

import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal

WINDOW_S = 60.0
UPDATE = "chat.update"
SESSION = "agents.sessions.setStatus"
PUBLISH = "views.publish"
PER_MINUTE = {
    UPDATE: 50,
    "chat.appendStream": 100,
    "chat.startStream": 20,
    "chat.stopStream": 20,
    SESSION: 50,
    PUBLISH: 100,
}
"""docs.slack.dev, Web API rate limits: tiers 3, 4, 2, 2, 3 and 4."""
SHARE = 0.9
"""How much of a tier we use: others count the same calls a little otherwise."""
ENDINGS_SHARE = 0.2
"""Of ours, what is left to last edits, which must not wait."""
FIRSTS_SHARE = 0.3
"""Of ours, what growing text leaves to first words besides."""
SESSION_ENDINGS_SHARE = 0.5
"""As many as begin."""
AHEAD = 8
"""Edits that may come at once before they are spread: a lone answer's first ten seconds need so many."""

Edit = Literal["growing", "first", "last"]
"""What an edit is for: more of a text, the first words of one, or its end. Only the first kind is spread."""


@dataclass(frozen=True, kw_only=True)
class Rate:
    """What is allowed.

    Attributes:
        in_window: calls in any minute.
        gap_s: seconds between two of them; 0 where they are not spread.
    """

    in_window: int
    gap_s: float


def rate(method: str, edit: Edit) -> Rate:
    """How often a method may be called for this."""
    ours = int(PER_MINUTE[method] * SHARE)
    for_text = ours - int(ours * (SESSION_ENDINGS_SHARE if method == SESSION else ENDINGS_SHARE))
    if edit == "growing":
        growing = for_text - int(ours * FIRSTS_SHARE)
        return Rate(in_window=growing, gap_s=WINDOW_S / growing)
    return Rate(in_window=ours if edit == "last" else for_text, gap_s=0.0)


@dataclass
class _Taken:
    calls: deque[float] = field(default_factory=deque)
    due: float = 0.0
    paused_until: float = 0.0


class OwnEditBudget:
    """The budget of one process alone, for when Valkey is away."""

    def __init__(self) -> None:
        self._taken = {method: _Taken() for method in PER_MINUTE}

    async def take(self, method: str, *, edit: Edit) -> float:
        """Take one call, or learn how long to wait."""
        now, taken, allowed = time.monotonic(), self._taken[method], rate(method, edit)
        if now < taken.paused_until:
            return taken.paused_until - now
        while taken.calls and taken.calls[0] <= now - WINDOW_S:
            taken.calls.popleft()
        if len(taken.calls) >= allowed.in_window:
            return taken.calls[len(taken.calls) - allowed.in_window] + WINDOW_S - now
        due = max(taken.due, now)
        if allowed.gap_s and (wait_s := due - now - (AHEAD - 1) * allowed.gap_s) > 0:
            return wait_s
        taken.due = due + allowed.gap_s
        taken.calls.append(now)
        return 0.0

    async def pause(self, method: str, *, seconds: float) -> None:
        """Nobody calls it for that long."""
        taken = self._taken[method]
        taken.paused_until = max(taken.paused_until, time.monotonic() + seconds)
