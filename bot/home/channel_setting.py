"""A channel's settings: shown to an admin in a modal, and kept."""

import asyncio
from typing import Any, Protocol

from bot.home import channel_view
from bot.home.acts import Submission
from bot.home.ports import Board, Syncs
from bot.slack.commands import Command, said
from bot.slack.view import Payload
from wire.audit import Audit, AuditLine
from wire.errors import AnswerdeskError
from wire.preferences import ChannelPreferences

NAMED_WITHIN_S = 1.0
"""The trigger that opens the modal holds for 3 s."""
_ONLY_CHANNELS = "Type `/answerdesk channel` in the channel that you want to set up; here only you read."
_OPENED = "The settings of this channel are open before you."


class Kept(Protocol):
    """Where channels' settings are kept; raises UnavailableError."""

    async def of_channel(self, channel: str, *, team: str) -> ChannelPreferences:
        """As set by an admin, or as it is by itself."""
        ...

    async def set_channel(self, channel: str, preferences: ChannelPreferences, *, team: str) -> None:
        """From the next question on."""
        ...


class ChannelSetting:
    """Shows and keeps a channel's settings, for admins."""

    def __init__(self, *, kept: Kept, syncs: Syncs, board: Board, audit: Audit) -> None:
        self._kept = kept
        self._syncs = syncs
        self._board = board
        self._audit = audit

    async def open(self, command: Command) -> Payload:
        """Put the modal before whoever typed the command.

        Raises:
            UnavailableError: the settings can't be read, or Slack does not answer.
        """
        if command.channel.startswith("D"):
            return said(_ONLY_CHANNELS)
        preferences = await self._kept.of_channel(command.channel, team=command.team)
        sources = await self._names()
        view = channel_view.channel_modal(command.channel, preferences, sources=sources)
        await self._board.open_view(trigger=command.trigger, view=view)
        return said(_OPENED)

    async def save(self, submitted: Submission) -> dict[str, Any]:
        """Keep what was submitted; gives what Slack is answered: what is wrong, or what holds now.

        Raises:
            UnavailableError: it could not be kept.
        """
        channel = submitted.about
        before = await self._kept.of_channel(channel, team=submitted.team)
        wanted, problems = channel_view.read_channel(submitted, before)
        if problems:
            return {"response_action": "errors", "errors": dict(problems)}
        await self._kept.set_channel(channel, wanted, team=submitted.team)
        await self._audit.note(
            AuditLine.of(
                "channel_settings",
                person=f"{submitted.team}:{submitted.user}",
                subject=channel,
                outcome="done",
                details=channel_view.told(wanted),
            )
        )
        return {"response_action": "update", "view": channel_view.saved(channel, wanted)}

    async def _names(self) -> list[str]:
        """The sources' names; none, where no worker says in time."""
        try:
            async with asyncio.timeout(NAMED_WITHIN_S):
                return [source.name for source in (await self._syncs.sources()).sources]
        except (AnswerdeskError, TimeoutError):
            return []
