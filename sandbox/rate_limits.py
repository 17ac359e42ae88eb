"""How often a method may be called: Slack's tiers. Pure; the time is passed in."""

import math
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

WINDOW_S = 60.0

TIER_2, TIER_3, TIER_4, SPECIAL = 20, 50, 100, 600
"""Calls a minute for a method of that tier, per workspace (Slack's rate limit page)."""

SLACK_PER_MINUTE = {
    "agents.sessions.rename": TIER_3,
    "agents.sessions.setStatus": TIER_3,
    "apps.connections.open": TIER_4,
    "assistant.threads.setStatus": 60,
    "assistant.threads.setSuggestedPrompts": TIER_4,
    "assistant.threads.setTitle": TIER_4,
    "auth.test": SPECIAL,
    "chat.appendStream": TIER_4,
    "chat.delete": TIER_3,
    "chat.getPermalink": SPECIAL,
    "chat.postEphemeral": TIER_4,
    "chat.startStream": TIER_2,
    "chat.stopStream": TIER_2,
    "chat.update": TIER_3,
    "conversations.history": TIER_3,
    "conversations.info": TIER_3,
    "conversations.list": TIER_2,
    "conversations.members": TIER_4,
    "conversations.open": TIER_3,
    "conversations.replies": TIER_3,
    "files.info": TIER_4,
    "reactions.add": TIER_3,
    "reactions.get": TIER_3,
    "reactions.remove": TIER_2,
    "usergroups.list": TIER_2,
    "usergroups.users.list": TIER_2,
    "users.conversations": TIER_3,
    "users.info": TIER_4,
    "users.list": TIER_2,
    "users.lookupByEmail": TIER_3,
    "views.open": TIER_4,
    "views.publish": TIER_4,
    "views.push": TIER_4,
    "views.update": TIER_4,
}
PER_CHANNEL = {"assistant.threads.setStatus"}
"""Counted in each channel by itself (java-slack-sdk's table)."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is allowed. ``chat.postMessage`` has its own rule: so many a second in each channel."""

    per_minute: Mapping[str, int] = field(default_factory=lambda: SLACK_PER_MINUTE)
    posts_per_s: float = 1.0
    """Slack: about one a second per channel ..."""
    post_burst: int = 5
    """... with short bursts allowed. Slack names no number."""


SLACK_LIMITS = Limits()
NO_LIMITS = Limits(per_minute={}, posts_per_s=math.inf)


class RateLimits:
    """Counts calls, and says when one comes too soon."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def wait_s(self, method: str, *, channel: str, now_s: float) -> int | None:
        """Count this call; one that comes too soon does not count: gives the whole seconds to wait."""
        if method == "chat.postMessage":
            return self._post(channel, now_s)
        most = self._limits.per_minute.get(method)
        if most is None:
            return None
        calls = self._calls[method, channel if method in PER_CHANNEL else ""]
        while calls and calls[0] <= now_s - WINDOW_S:
            calls.popleft()
        if len(calls) >= most:
            return max(1, math.ceil(calls[0] + WINDOW_S - now_s)) if calls else int(WINDOW_S)
        calls.append(now_s)
        return None

    def _post(self, channel: str, now_s: float) -> int | None:
        """A token bucket: ``post_burst`` deep, filled at ``posts_per_s``."""
        rate = self._limits.posts_per_s
        if math.isinf(rate):
            return None
        left, since = self._posts.get(channel, (float(self._limits.post_burst), now_s))
        left = min(float(self._limits.post_burst), left + (now_s - since) * rate)
        taken = left >= 1
        self._posts[channel] = (left - 1 if taken else left, now_s)
        return None if taken else max(1, math.ceil((1 - left) / rate))
