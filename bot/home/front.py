"""Commands, presses and modals of ours: who may is asked first, then whoever does it does it."""

import difflib
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog

from bot.home import front_view, resync_view
from bot.home.acts import Submission, read_act, read_home_opened, read_submission
from bot.home.admins import Admins
from bot.home.channel_setting import ChannelSetting
from bot.home.channel_view import CHANNEL
from bot.home.errands import Errands
from bot.home.front_view import ADMIN_COMMANDS, COMMANDS
from bot.home.keeping_fresh import KeepingFresh
from bot.home.looking_over import LookingOver
from bot.home.mending import Mending
from bot.home.pressing import Pressing
from bot.home.resyncing import Resyncing
from bot.slack.commanding import ANSWERED_WITHIN_S, AWAY, LATE, answered
from bot.slack.commands import Command
from bot.slack.deadline import in_time
from bot.slack.ports import Taken
from bot.slack.view import Payload
from wire.errors import OverloadedError

_log = structlog.get_logger("home")


class Commands(Protocol):
    """Carries slash commands out."""

    async def run(self, command: Command) -> Payload:
        """What the person who typed it is shown."""


class Front:
    """Takes what is ours, and leaves the rest to others."""

    def __init__(
        self,
        *,
        otherwise: Commands,
        admins: Admins,
        resyncing: Resyncing,
        mending: Mending,
        channels: ChannelSetting,
        looking_over: LookingOver,
        homes: KeepingFresh,
        pressing: Pressing,
        errands: Errands,
    ) -> None:
        """Put it together.

        Args:
            otherwise: carries the other commands out.
            admins: knows who is one.
            resyncing: begins and follows resyncs.
            mending: looks after failures.
            channels: shows and keeps channels' settings.
            looking_over: gathers what admins look at.
            homes: publishes Home tabs, and keeps them fresh.
            pressing: sees to presses.
            errands: does what takes longer than Slack waits.
        """
        self._otherwise = otherwise
        self._admins = admins
        self._resyncing = resyncing
        self._mending = mending
        self._channels = channels
        self._looking_over = looking_over
        self._homes = homes
        self._pressing = pressing
        self._errands = errands

    async def run(self, command: Command) -> Payload:
        """What the person is shown; every failure is a sentence."""
        match command.name:
            case "resync":
                return await answered(self._resync(command), late=LATE if command.text else AWAY)
            case "answerdesk":
                return await answered(self._answerdesk(command), late=AWAY)
        return await self._otherwise.run(command)

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to a press of ours, after Slack was told that we heard, or to a modal of ours at once.

        Raises:
            OverloadedError: too much is under way.
            AnswerdeskError: a modal's content could not be kept; Slack tells who sent it.
        """
        if (submitted := read_submission(body)) is not None:
            return Taken(reply=await self._submitted(submitted))
        if (act := read_act(body)) is not None:
            self._errands.start(self._pressing.see_to(act))
            return Taken()
        return None

    async def overhear(self, body: dict[str, Any]) -> None:
        """Publish the Home tab of whoever opens theirs."""
        if (user := read_home_opened(body)) is not None:
            try:
                self._homes.opened(user)
            except OverloadedError as error:
                _log.warning("a Home tab is not published", reason=str(error))

    async def _submitted(self, submitted: Submission) -> dict[str, Any]:
        async with in_time(ANSWERED_WITHIN_S):
            if not await self._admins.may(submitted.user, team=submitted.team, tried=submitted.name):
                return {"response_action": "update", "view": front_view.only_admins_modal()}
            return await self._channels.save(submitted) if submitted.name == CHANNEL else {}

    async def _resync(self, command: Command) -> Payload:
        if not await self._admins.may(command.user, team=command.team, tried="resync"):
            return front_view.only_admins()
        wish = resync_view.read_wish(command.text)
        return await self._resyncing.wished(wish, user=command.user, team=command.team)

    async def _answerdesk(self, command: Command) -> Payload:
        word = (command.text.split() or ["help"])[0].lower()
        if word not in COMMANDS:
            near = next(iter(difflib.get_close_matches(word, COMMANDS, n=1)), None)
            return front_view.helped(admin=await self._is_admin(command), odd=word, near=near)
        if word in ADMIN_COMMANDS:
            if not await self._admins.may(command.user, team=command.team, tried=word):
                return front_view.only_admins()
            return await self._for_admin(word, command)
        match word:
            case "status":
                return front_view.status(await self._looking_over.freshness(command.user))
            case "forget-me":
                return front_view.forgetting()
        return front_view.helped(admin=await self._is_admin(command))

    async def _for_admin(self, word: str, command: Command) -> Payload:
        match word:
            case "sources":
                everything = resync_view.Wish()
                return await self._resyncing.wished(everything, user=command.user, team=command.team)
            case "failures":
                return await self._mending.listed()
            case "channel":
                return await self._channels.open(command)
        return front_view.overviewed(await self._looking_over.facts(), now=datetime.now(UTC))

    async def _is_admin(self, command: Command) -> bool:
        return await self._admins.is_admin(command.user)
