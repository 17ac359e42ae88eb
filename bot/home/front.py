"""Commands, presses and modals of ours: who may is asked first, then whoever does it does it."""

import difflib
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from bot.home import failure_view, front_view, resync_view
from bot.home.acts import Act, Submission, read_act, read_submission
from bot.home.admins import Admins
from bot.home.channel_setting import ChannelSetting
from bot.home.channel_view import CHANNEL
from bot.home.errands import Errands
from bot.home.front_view import ADMIN_COMMANDS, COMMANDS
from bot.home.mending import Mending
from bot.home.ports import Board
from bot.home.resync_view import CANCEL, RESYNC, WATCH
from bot.home.resyncing import Place, Resyncing
from bot.slack.commanding import answered
from bot.slack.commands import Command
from bot.slack.ports import Taken
from bot.slack.view import Payload
from wire.audit import Audit, AuditLine
from wire.sync import SyncAccepted

_log = structlog.get_logger("home")
_ABOUT_RUNS = frozenset({RESYNC, CANCEL, WATCH})
"""Their message is edited by whoever follows the run."""
_ADMINS_ACTS = _ABOUT_RUNS | {failure_view.FAILURES, failure_view.FAILURE, failure_view.REPLAY_ALL}
_SHOWN_ALREADY = Payload(text="")


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
        board: Board,
        errands: Errands,
        audit: Audit,
    ) -> None:
        """Put it together.

        Args:
            otherwise: carries the other commands out.
            admins: knows who is one.
            resyncing: begins and follows resyncs.
            mending: looks after failures.
            channels: shows and keeps channels' settings.
            board: shows what comes of it.
            errands: does what takes longer than Slack waits.
            audit: takes notes of what was tried by who may not.
        """
        self._otherwise = otherwise
        self._admins = admins
        self._resyncing = resyncing
        self._mending = mending
        self._channels = channels
        self._board = board
        self._errands = errands
        self._audit = audit

    async def run(self, command: Command) -> Payload:
        """What the person is shown; every failure is a sentence."""
        match command.name:
            case "resync":
                return await answered(self._resync(command))
            case "answerdesk":
                return await answered(self._answerdesk(command))
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
            self._errands.start(self._act(act))
            return Taken()
        return None

    # -- commands

    async def _resync(self, command: Command) -> Payload:
        if not await self._may(command.user, team=command.team, tried="resync"):
            return front_view.only_admins()
        wish = resync_view.read_wish(command.text)
        return await self._resyncing.wished(wish, user=command.user, team=command.team)

    async def _answerdesk(self, command: Command) -> Payload:
        word = (command.text.split() or ["help"])[0].lower()
        if word not in COMMANDS:
            near = difflib.get_close_matches(word, COMMANDS, n=1)
            return front_view.helped(
                admin=await self._is_admin(command), odd=word, near=next(iter(near), None)
            )
        if word in ADMIN_COMMANDS and not await self._may(command.user, team=command.team, tried=word):
            return front_view.only_admins()
        match word:
            case "sources":
                return await self._resyncing.wished(resync_view.Wish(), user=command.user, team=command.team)
            case "failures":
                return await self._mending.listed()
            case "channel":
                return await self._channels.open(command)
        return front_view.helped(admin=await self._is_admin(command))

    async def _is_admin(self, command: Command) -> bool:
        return await self._admins.is_admin(command.user)

    async def _may(self, user: str, *, team: str, tried: str) -> bool:
        """Whether this person is an admin now; it is noted where they are not."""
        if await self._admins.is_admin(user):
            return True
        await self._audit.note(
            AuditLine.of("refused", person=f"{team}:{user}", subject=tried, outcome="not_admin")
        )
        return False

    # -- modals and presses

    async def _submitted(self, submitted: Submission) -> dict[str, Any]:
        if not await self._may(submitted.user, team=submitted.team, tried=submitted.name):
            return {"response_action": "update", "view": front_view.only_admins_modal()}
        return await self._channels.save(submitted) if submitted.name == CHANNEL else {}

    async def _act(self, act: Act) -> None:
        if act.name in _ADMINS_ACTS and not await self._may(act.user, team=act.team, tried=act.name):
            channel = await self._board.open_direct(user=act.user)
            await self._board.write(channel=channel, shown=front_view.only_admins())
            return
        shown = await answered(self._done(act))
        if shown is _SHOWN_ALREADY:
            return
        if act.fleeting or act.name not in _ABOUT_RUNS:
            await self._board.answer(url=act.answer_url, shown=shown)
        else:
            await self._board.write(channel=act.channel, shown=shown)

    async def _done(self, act: Act) -> Payload:
        who: Mapping[str, str] = {"user": act.user, "team": act.team}
        place = Place(act.channel, act.message) if act.message and not act.fleeting else None
        match act.name:
            case resync_view.RESYNC:
                begun = await self._resyncing.begin(resync_view.asked_by(act.value), **who)
                return begun if act.fleeting else _SHOWN_ALREADY
            case resync_view.CANCEL:
                stopping = await self._resyncing.cancel(act.value, place=place, **who)
                return stopping if act.fleeting else _SHOWN_ALREADY
            case resync_view.WATCH:
                source, _, run = act.value.partition(" ")
                if place is not None:
                    self._resyncing.watch(SyncAccepted(run=run, source=source), place)
                return _SHOWN_ALREADY
            case failure_view.FAILURE:
                return await self._mending.settle(act.value, **who)
            case failure_view.REPLAY_ALL:
                return await self._mending.replay_all(**who)
        return await self._mending.listed()
