"""Slack's own streaming of messages: ``chat.startStream``, ``appendStream``, ``stopStream``."""

from typing import Any

from bot.slack.native_ports import Calls


class SlackStreams:
    """One workspace's."""

    def __init__(self, slack: Calls) -> None:
        self._slack = slack

    async def start(
        self, *, channel: str, thread_ts: str, text: str, recipient: str | None, team: str
    ) -> str:
        """Begin a message with these words; gives its ``ts``."""
        seen_by = {"recipient_user_id": recipient, "recipient_team_id": team} if recipient else {}
        started = await self._slack.call(
            "chat.startStream", channel=channel, thread_ts=thread_ts, chunks=_chunks(text), **seen_by
        )
        return str(started["ts"])

    async def append(self, *, channel: str, ts: str, text: str) -> None:
        """More words."""
        await self._slack.call("chat.appendStream", channel=channel, ts=ts, chunks=_chunks(text))

    async def stop(self, *, channel: str, ts: str) -> None:
        """No more; from now on it can be edited."""
        await self._slack.call("chat.stopStream", channel=channel, ts=ts)


def _chunks(text: str) -> list[dict[str, Any]]:
    return [{"type": "markdown_text", "text": text}]
