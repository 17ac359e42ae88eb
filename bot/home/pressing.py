"""Presses and choices in our messages, lists, modals and on Home tabs, seen to after Slack was told."""

from collections.abc import Mapping
from typing import Protocol

from bot.home import failure_view, front_view, home_view, resync_view
from bot.home.acts import Act
from bot.home.admins import Admins
from bot.home.following_runs import Place
from bot.home.mending import Mending
from bot.home.pieces import modal
from bot.home.ports import Board
from bot.home.resync_view import CANCEL, RESYNC, WATCH
from bot.home.resyncing import Resyncing
from bot.home.showing_home import ShowingHome
from bot.slack.commanding import answered
from bot.slack.mrkdwn import section
from bot.slack.shortcuts import ask_modal
from bot.slack.view import Payload
from wire.sync import SyncAccepted

_ABOUT_RUNS = frozenset({RESYNC, CANCEL, WATCH})
"""Their message is edited by whoever follows the run."""
_ADMINS_ACTS = _ABOUT_RUNS | {failure_view.FAILURES, failure_view.FAILURE, failure_view.REPLAY_ALL}
_CHOICES = frozenset({home_view.LANGUAGE, home_view.CACHED, home_view.MUTED})
_SHOWN_ALREADY = Payload(text="")
_LOOKING = "Looking…"
SEEN_TO_WITHIN_S = 90.0
"""Slack was told before; what erases or mends much takes its time, and must not be left half done."""


class Forget(Protocol):
    """Erases all that is kept about a person."""

    async def __call__(self, person: str, *, by: str) -> object:
        """Of ``T1:U2``; ``by`` is who asks for it. Raises UnavailableError."""


class Pressing:
    """Does what is pressed, and shows what came of it where it was pressed."""

    def __init__(
        self,
        *,
        admins: Admins,
        resyncing: Resyncing,
        mending: Mending,
        homes: ShowingHome,
        board: Board,
        forget: Forget,
    ) -> None:
        self._admins = admins
        self._resyncing = resyncing
        self._mending = mending
        self._homes = homes
        self._board = board
        self._forget = forget

    async def see_to(self, act: Act) -> None:
        """Do it, if this person may now.

        Raises:
            AnswerdeskError: Slack takes nothing that could be shown.
        """
        shown = await answered(self._allowed(act), within_s=SEEN_TO_WITHIN_S)
        if shown is not _SHOWN_ALREADY:
            await self._show(act, shown)
        if act.home:
            self._homes.show(act.user)

    async def _allowed(self, act: Act) -> Payload:
        if act.name in _ADMINS_ACTS and not await self._admins.may(act.user, team=act.team, tried=act.name):
            return front_view.only_admins()
        return await self._done(act)

    async def _show(self, act: Act, shown: Payload) -> None:
        if act.view and not act.home:
            await self._board.update_view(view_id=act.view, view=_window(shown))
        elif act.home or (act.name in _ABOUT_RUNS and not act.fleeting):
            await self._write(act.user, shown)
        else:
            await self._board.answer(url=act.answer_url, shown=shown)

    async def _done(self, act: Act) -> Payload:
        who: Mapping[str, str] = {"user": act.user, "team": act.team}
        if act.name in _ABOUT_RUNS:
            return await self._run(act, who)
        match act.name:
            case failure_view.FAILURE:
                return await self._mending.settle(act.value, **who)
            case failure_view.REPLAY_ALL:
                return await self._mending.replay_all(**who)
            case failure_view.FAILURES if act.home:
                await self._open_failures(act)
            case failure_view.FAILURES:
                return await self._mending.listed()
            case home_view.ASK:
                await self._board.open_view(trigger=act.trigger, view=ask_modal())
            case home_view.FORGET:
                person = f"{act.team}:{act.user}"
                await self._forget(person, by=person)
                return front_view.forgotten()
            case setting if setting in _CHOICES:
                await self._homes.choose(setting, act.value, user=act.user)
        return _SHOWN_ALREADY

    async def _run(self, act: Act, who: Mapping[str, str]) -> Payload:
        place = Place(act.channel, act.message) if act.message and not act.fleeting else None
        match act.name:
            case resync_view.RESYNC:
                shown = await self._resyncing.begin(resync_view.asked_by(act.value), **who)
            case resync_view.CANCEL:
                shown = await self._resyncing.cancel(act.value, place=place, **who)
            case _:
                source, _, run = act.value.partition(" ")
                if place is not None:
                    await self._resyncing.watch(SyncAccepted(run=run, source=source), place)
                return _SHOWN_ALREADY
        return shown if act.fleeting else _SHOWN_ALREADY

    async def _open_failures(self, act: Act) -> None:
        """At once, since the trigger holds for 3 s; then what the worker says."""
        window = modal(failure_view.TITLE, [section(_LOOKING)])
        view_id = await self._board.open_view(trigger=act.trigger, view=window)
        shown = await answered(self._mending.listed(), within_s=SEEN_TO_WITHIN_S)
        await self._board.update_view(view_id=view_id, view=_window(shown))

    async def _write(self, user: str, shown: Payload) -> None:
        channel = await self._board.open_direct(user=user)
        await self._board.write(channel=channel, shown=shown)


def _window(shown: Payload) -> dict[str, object]:
    return modal(failure_view.TITLE, shown.blocks or [section(shown.text)])
