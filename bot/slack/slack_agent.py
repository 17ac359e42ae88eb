"""What Slack shows of an agent beside its messages: ``assistant.threads.*`` and ``agents.sessions.*``."""

from collections.abc import Sequence
from typing import Any

from bot.slack.mrkdwn import short
from bot.slack.native_ports import Calls, Prompt, SessionStatus

LOADING_CHARS = 50
"""Of each loading message (docs.slack.dev, assistant.threads.setStatus)."""


class SlackAgent:
    """One workspace's."""

    def __init__(self, slack: Calls) -> None:
        self._slack = slack

    async def set_status(self, *, channel: str, thread_ts: str, doing: str) -> None:
        """What is being done, until the next message or for two minutes."""
        loading = {"loading_messages": [short(doing, LOADING_CHARS)]} if doing else {}
        await self._slack.call(
            "assistant.threads.setStatus",
            channel_id=channel,
            thread_ts=thread_ts,
            status=_behind_our_name(doing),
            **loading,
        )

    async def set_session(
        self, *, channel: str, thread_ts: str, status: SessionStatus, title: str, asker: str
    ) -> None:
        """Whether we are at work."""
        more = {"title": title, "initiator_user_id": asker} if title else {}
        await self._slack.call(
            "agents.sessions.setStatus", channel_id=channel, thread_ts=thread_ts, status=status, **more
        )

    async def set_title(self, *, channel: str, thread_ts: str, title: str) -> None:
        """What the thread is called in the list of threads."""
        await self._slack.call(
            "assistant.threads.setTitle", channel_id=channel, thread_ts=thread_ts, title=title
        )

    async def suggest(self, *, channel: str, title: str, prompts: Sequence[Prompt]) -> None:
        """Offer questions to pick from. With a ``thread_ts`` Slack would say ok and show nothing."""
        offered: list[dict[str, Any]] = [
            {"title": prompt.title, "message": prompt.message} for prompt in prompts
        ]
        await self._slack.call(
            "assistant.threads.setSuggestedPrompts", channel_id=channel, title=title, prompts=offered
        )


def _behind_our_name(doing: str) -> str:
    """As a client says it that shows no loading messages: ``Answerdesk is searching the documents``."""
    first, space, rest = doing.partition(" ")
    return f"is {first.lower()}{space}{rest}" if first.endswith("ing") else doing and "is at work"
