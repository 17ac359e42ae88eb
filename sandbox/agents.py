"""What an agent shows beside its messages: a thread's status, title and session; suggested prompts. Pure."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Literal

Json = dict[str, Any]
SessionStatus = Literal["active", "processing", "suspended", "closed"]

STATUS_FOR_S = 120.0
"""A status goes by itself after two minutes without a message (Slack's page on agents)."""
MOST_THREADS = 1_000


@dataclass
class AgentThread:
    """What an agent says of one thread."""

    status: str = ""
    loading_messages: tuple[str, ...] = ()
    until_s: float = 0.0
    title: str = ""
    session: SessionStatus | None = None


@dataclass
class Prompts:
    """Questions that the app suggests in its direct messages with somebody."""

    title: str = ""
    prompts: tuple[Json, ...] = ()


@dataclass
class Agents:
    """All of it, by channel and thread."""

    threads: OrderedDict[tuple[str, str], AgentThread] = field(default_factory=OrderedDict)
    prompts: dict[str, Prompts] = field(default_factory=dict)
    """By direct messages' id."""

    def thread(self, channel: str, thread_ts: str) -> AgentThread:
        """What is known of a thread, to be changed in place."""
        known = self.threads.setdefault((channel, thread_ts), AgentThread())
        if len(self.threads) > MOST_THREADS:
            self.threads.popitem(last=False)
        return known

    def set_status(
        self, channel: str, thread_ts: str, status: str, loading_messages: tuple[str, ...], *, now_s: float
    ) -> None:
        """Show a status, or none where it is empty."""
        thread = self.thread(channel, thread_ts)
        thread.status, thread.loading_messages = status, loading_messages if status else ()
        thread.until_s = now_s + STATUS_FOR_S

    def posted(self, channel: str, thread_ts: str) -> bool:
        """A message of the app takes the thread's status away: whether there was one."""
        known = self.threads.get((channel, thread_ts))
        if known is None or not known.status:
            return False
        known.status, known.loading_messages = "", ()
        return True

    def expire(self, *, now_s: float) -> set[str]:
        """Take away the statuses whose time is over; gives the channels they stood in."""
        over = {key: each for key, each in self.threads.items() if each.status and each.until_s <= now_s}
        for thread in over.values():
            thread.status, thread.loading_messages = "", ()
        return {channel for channel, _ in over}
