"""Resyncs from Slack: begun, followed in one message that is edited in place, and stopped."""

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from bot.home import resync_view
from bot.home.errands import Errands
from bot.home.ports import Board, Syncs
from bot.home.resync_view import Wish
from bot.slack.commands import said
from bot.slack.edit_budget import UPDATE
from bot.slack.mrkdwn import escaped
from bot.slack.ports import EditBudget
from bot.slack.view import Payload
from wire.audit import Audit, AuditLine
from wire.errors import AnswerdeskError, MalformedError, RefusedError, UnavailableError
from wire.sync import ANNOUNCED, SyncAccepted, SyncRequested, SyncRun

EDIT_EVERY_S = 3.0
"""Slack's advice for a message that is edited as it goes (docs.slack.dev, developing agents)."""
WATCHED_S = 12 * 3600.0
SHOWN_WITHIN_S = 120.0
"""How long the last edit is tried for."""
LEAVE_WITHIN_S = 0.4
"""Less than whoever stops us waits before asking again."""
_RESTARTED = "I am being restarted; it goes on meanwhile"
_WATCHED_LONG = "it has been running for half a day"
_log = structlog.get_logger("home")


@dataclass(frozen=True)
class Place:
    """The message that shows a run."""

    channel: str
    ts: str


class Resyncing:
    """Begins, follows and stops resyncs for admins."""

    def __init__(
        self,
        *,
        syncs: Syncs,
        board: Board,
        budget: EditBudget,
        errands: Errands,
        audit: Audit,
        edit_every_s: float = EDIT_EVERY_S,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._syncs = syncs
        self._board = board
        self._budget = budget
        self._errands = errands
        self._audit = audit
        self._edit_every_s = edit_every_s
        self._now = now
        self._followed: set[Place] = set()

    async def wished(self, wish: Wish, *, user: str, team: str) -> Payload:
        """What an admin who typed ``/resync`` is shown.

        Raises:
            UnavailableError: no worker answers.
        """
        if wish.odd:
            return resync_view.misread(wish)
        sources = (await self._syncs.sources()).sources
        if wish.source is None:
            return resync_view.pick_from(sources, now=self._now())
        kind = next((each.kind for each in sources if each.name == wish.source), None)
        if kind is None:
            return resync_view.unknown(wish.source, sources, now=self._now())
        if kind == ANNOUNCED:
            return resync_view.not_ours(wish.source)
        return await self._done(wish, wish.source, user=user, team=team)

    async def _done(self, wish: Wish, source: str, *, user: str, team: str) -> Payload:
        if wish.cancel:
            return await self.cancel(source, user=user, team=team)
        try:
            return await self.begin(wish.asked, user=user, team=team)
        except RefusedError as error:
            return resync_view.busy(source, str(error))

    async def begin(self, asked: SyncRequested, *, user: str, team: str) -> Payload:
        """Begin one, to the end even if that takes longer than whoever waits for it may wait.

        Raises:
            MalformedError, RefusedError: it can't be begun.
            UnavailableError: no worker answers.
        """
        return await self._errands.see_through(self._begin(asked, user=user, team=team))

    async def cancel(self, source: str, *, user: str, team: str, place: Place | None = None) -> Payload:
        """Stop the run of a source; ``place`` shows how it ends, whoever followed it there until now.

        Raises:
            MalformedError: there is none.
            UnavailableError: no worker answers.
        """
        try:
            accepted = await self._syncs.cancel(source)
        except MalformedError:
            if place is None or (last := await self._last_run(source)) is None:
                raise
            # Whoever followed it there was gone before it ended.
            self._errands.start(self._show_last(place, resync_view.ended(last)))
            return said(f"The resync of *{escaped(source)}* is over.")
        await self._note("resync_cancel", source, user=user, team=team)
        if place is not None:
            self.watch(accepted, place)
        return said(f"Stopping the resync of *{escaped(source)}*.")

    def watch(self, accepted: SyncAccepted, place: Place) -> None:
        """Follow a run in a message that stands already."""
        if place not in self._followed:
            self._errands.start(self._follow(SyncRequested(source=accepted.source), accepted, place))

    async def _last_run(self, source: str) -> SyncRun | None:
        listed = (await self._syncs.sources()).sources
        runs = next((each.runs for each in listed if each.name == source), ())
        return next((run for run in runs if run.ended), None)

    async def _begin(self, asked: SyncRequested, *, user: str, team: str) -> Payload:
        accepted = await self._syncs.sync(asked)
        how = {"full": asked.full, "dry_run": asked.dry_run, "accept_shrinking": asked.accept_shrinking}
        details = {name: "yes" for name, on in how.items() if on}
        await self._note("resync", asked.source, user=user, team=team, details=details)
        try:
            channel = await self._board.open_direct(user=user)
            ts = await self._board.write(channel=channel, shown=resync_view.going_on(asked, None))
        except AnswerdeskError as error:
            _log.warning("a resync can't be followed in Slack", reason=str(error))
            return resync_view.unseen(asked.source)
        self._errands.start(self._follow(asked, accepted, Place(channel, ts)))
        try:
            link = await self._board.link(channel=channel, ts=ts)
        except AnswerdeskError:
            link = None
        return resync_view.begun(link, source=asked.source)

    async def _follow(self, asked: SyncRequested, accepted: SyncAccepted, place: Place) -> None:
        self._followed.add(place)
        try:
            shown = await self._until_ended(asked, accepted, place)
        except TimeoutError:
            shown = resync_view.lost(accepted, _WATCHED_LONG)
        except UnavailableError as error:
            shown = resync_view.lost(accepted, str(error))
        except asyncio.CancelledError:
            await self._leave(accepted, place)
            raise
        finally:
            self._followed.discard(place)
        await self._show_last(place, shown)

    async def _until_ended(self, asked: SyncRequested, accepted: SyncAccepted, place: Place) -> Payload:
        """Show how far it is, until it has ended; gives how.

        Raises:
            TimeoutError: it goes on for too long.
            UnavailableError: nobody says how it goes.
        """
        edited_at = time.monotonic()
        async with asyncio.timeout(WATCHED_S), aclosing(self._syncs.follow(accepted)) as runs:
            async for run in runs:
                if run.ended:
                    return resync_view.ended(run)
                if time.monotonic() - edited_at < self._edit_every_s or await self._budget.take(
                    UPDATE, edit="growing"
                ):
                    continue
                edited_at = time.monotonic()
                with suppress(AnswerdeskError):
                    await self._edit(place, resync_view.going_on(asked, run))
        raise UnavailableError("it was lost sight of", service="worker")

    async def _show_last(self, place: Place, shown: Payload) -> None:
        """How it ended is shown, however long Slack makes us wait within reason."""
        try:
            async with asyncio.timeout(SHOWN_WITHIN_S):
                while True:
                    if wait_s := await self._budget.take(UPDATE, edit="last"):
                        await asyncio.sleep(wait_s)
                        continue
                    try:
                        return await self._edit(place, shown)
                    except UnavailableError as error:
                        await asyncio.sleep(error.retry_after_s or self._edit_every_s)
        except (TimeoutError, MalformedError, RefusedError) as error:
            _log.warning("a resync's end could not be shown", reason=str(error))

    async def _edit(self, place: Place, shown: Payload) -> None:
        await self._board.rewrite(channel=place.channel, ts=place.ts, shown=shown)

    async def _leave(self, accepted: SyncAccepted, place: Place) -> None:
        with suppress(AnswerdeskError, TimeoutError):
            async with asyncio.timeout(LEAVE_WITHIN_S):
                await self._edit(place, resync_view.lost(accepted, _RESTARTED))

    async def _note(
        self, action: str, source: str, *, user: str, team: str, details: dict[str, str] | None = None
    ) -> None:
        line = AuditLine.of(action, person=f"{team}:{user}", subject=source, outcome="done", details=details)
        await self._audit.note(line)
