"""Resyncs from Slack: begun, with a message in which they are followed, and stopped."""

from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from bot.home import resync_view
from bot.home.errands import Errands
from bot.home.following_runs import FollowingRuns, Place
from bot.home.ports import Board, Syncs
from bot.home.resync_view import Wish
from bot.slack.commands import said
from bot.slack.mrkdwn import escaped
from bot.slack.view import Payload
from wire.audit import Audit, AuditLine
from wire.errors import AnswerdeskError, MalformedError, RefusedError, UnavailableError
from wire.sync import ANNOUNCED, SyncAccepted, SyncRequested, SyncRun

_log = structlog.get_logger("home")


class Resyncing:
    """Begins, follows and stops resyncs for admins."""

    def __init__(
        self,
        *,
        syncs: Syncs,
        board: Board,
        following: FollowingRuns,
        errands: Errands,
        audit: Audit,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._syncs = syncs
        self._board = board
        self._following = following
        self._errands = errands
        self._audit = audit
        self._now = now

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
            self._errands.start(self._following.show_last(place, resync_view.ended(last)))
            return said(f"The resync of *{escaped(source)}* is over.")
        await self._note("resync_cancel", source, user=user, team=team)
        if place is not None:
            await self.watch(accepted, place)
        return said(f"Stopping the resync of *{escaped(source)}*.")

    async def watch(self, accepted: SyncAccepted, place: Place) -> None:
        """Follow a run in a message that stands already.

        Raises:
            UnavailableError: nobody can be told to.
        """
        await self._following.watch(SyncRequested(source=accepted.source), accepted, place)

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
        place = Place(channel, ts)
        try:
            await self._following.watch(asked, accepted, place)
        except UnavailableError as error:
            self._errands.start(self._following.show_last(place, resync_view.lost(accepted, str(error))))
        try:
            link = await self._board.link(channel=channel, ts=ts)
        except AnswerdeskError:
            link = None
        return resync_view.begun(link, source=asked.source)

    async def _note(
        self, action: str, source: str, *, user: str, team: str, details: dict[str, str] | None = None
    ) -> None:
        line = AuditLine.of(action, person=f"{team}:{user}", subject=source, outcome="done", details=details)
        await self._audit.note(line)
