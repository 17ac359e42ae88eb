"""When a method of Slack's may be called again, as far as this process knows."""

import time

from wire.errors import OverloadedError

POSTS_PER_S = 1.0
"""docs.slack.dev, rate limits: chat.postMessage takes about one message a second in each channel ..."""
POSTS_AT_ONCE = 3
"""... and short bursts. Slack names no number."""
PER_CHANNEL = frozenset({"chat.postMessage", "assistant.threads.setStatus"})
"""What Slack counts in each channel by itself."""


class CallLimits:
    """What Slack has told us to wait for, and the pace of posts in each channel."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._posts_due: dict[str, float] = {}

    def note(self, method: str, *, channel: str | None, wait_s: float) -> None:
        """Slack said not to call this again for so long; some limits are their channel's own."""
        self._until = _coming(self._until)
        self._until[_limited(method, channel)] = time.monotonic() + wait_s

    def check(self, method: str, *, channel: str | None) -> None:
        """Go on, or be told how long to wait.

        Raises:
            OverloadedError: it is too soon.
        """
        wait_s = self._until.get(_limited(method, channel), 0.0) - time.monotonic()
        if wait_s <= 0 and method == "chat.postMessage" and channel:
            wait_s = self._post_wait_s(channel)
        if wait_s > 0:
            raise OverloadedError(f"Slack limits {method}", service="slack", retry_after_s=wait_s)

    def _post_wait_s(self, channel: str) -> float:
        """Generic cell rate: posts fall due a second apart, and a few may come before they are due."""
        now = time.monotonic()
        due = max(self._posts_due.get(channel, 0.0), now) + 1 / POSTS_PER_S
        wait_s = due - now - POSTS_AT_ONCE / POSTS_PER_S
        if wait_s <= 0:
            self._posts_due = _coming(self._posts_due)
            self._posts_due[channel] = due
        return wait_s


def _limited(method: str, channel: str | None) -> str:
    return f"{method} {channel}" if method in PER_CHANNEL else method


def _coming(times: dict[str, float]) -> dict[str, float]:
    now = time.monotonic()
    return {key: at for key, at in times.items() if at > now}
