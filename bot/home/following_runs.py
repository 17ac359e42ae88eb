"""Resyncs followed in Slack, each in one message that is edited until it tells how the run has ended.

Which message shows which run stands in a queue from the moment that the message does: a bot that dies, or is
stopped, leaves it to another, or to itself when it comes back.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from bot.home import resync_view
from bot.home.ports import Board, Syncs
from bot.slack.edit_budget import UPDATE
from bot.slack.ports import EditBudget
from bot.slack.view import Payload
from wire.errors import AnswerdeskError, MalformedError, RefusedError, SettingsError, UnavailableError
from wire.nats_work import Delivery, hand_out
from wire.stopping import stopped, tasks_beside
from wire.sync import SyncAccepted, SyncFollowed, SyncRequested

EDIT_EVERY_S = 3.0
"""Slack's advice for a message that is edited as it goes (docs.slack.dev, developing agents)."""
WATCHED_S = 12 * 3600.0
SHOWN_WITHIN_S = 120.0
"""How long the last edit is tried for."""
AT_ONCE = 50
"""Followed by one bot: each asks for nothing but a look a second, and an edit now and then."""
AGAIN_AFTER_S = 5.0
LONGEST_DELAY_S = 60.0
_WATCHED_LONG = "it has been running for half a day"
_log = structlog.get_logger("home")


@dataclass(frozen=True)
class Place:
    """The message that shows a run."""

    channel: str
    ts: str


class Followed(Protocol):
    """Where it stands which message shows which run."""

    async def store(self, followed: SyncFollowed) -> None:
        """Have some bot follow it, if none does so already. Raises UnavailableError."""
        ...

    async def take(self, *, most: int) -> Sequence[Delivery[SyncFollowed]]:
        """What nobody follows, one at the least, however long it takes to come."""
        ...


class FollowingRuns:
    """Keeps such messages up to date; made by ``following_runs``."""

    def __init__(
        self, *, syncs: Syncs, board: Board, budget: EditBudget, followed: Followed, edit_every_s: float
    ) -> None:
        self._syncs = syncs
        self._board = board
        self._budget = budget
        self._followed = followed
        self._edit_every_s = edit_every_s

    async def watch(self, asked: SyncRequested, accepted: SyncAccepted, place: Place) -> None:
        """From now on this message tells how far a run is.

        Raises:
            UnavailableError: nobody can be told to follow it.
        """
        await self._followed.store(
            SyncFollowed(asked=asked, accepted=accepted, channel=place.channel, ts=place.ts)
        )

    async def show_last(self, place: Place, shown: Payload) -> None:
        """How it ended is shown, however long Slack makes us wait within reason.

        Raises:
            SettingsError: Slack refuses our token.
        """
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

    async def keep_following(self, under_way: "set[asyncio.Task[None]]") -> None:
        """Take up what nobody follows, until cancelled."""
        await hand_out(self._followed.take, self._see_to, at_once=AT_ONCE, under_way=under_way)

    async def _see_to(self, delivery: Delivery[SyncFollowed]) -> None:
        try:
            async with delivery.kept():
                await self._follow(delivery.item)
        except asyncio.CancelledError:
            await asyncio.shield(delivery.put_back(delay_s=0.1))
            raise
        except SettingsError as error:
            # Left in the queue: whoever has a good token by then is given it after the queue's ack_wait.
            _log.warning("left for a bot with a good token", reason=str(error))
        except UnavailableError as error:
            _log.warning("a resync is followed again later", reason=str(error))
            await delivery.put_back(delay_s=AGAIN_AFTER_S)
        except Exception:  # noqa: BLE001 — a bug in one must not end the others
            _log.exception("following a resync failed")
            await delivery.put_back(delay_s=min(AGAIN_AFTER_S * delivery.number, LONGEST_DELAY_S))
        else:
            await delivery.done()

    async def _follow(self, followed: SyncFollowed) -> None:
        place = Place(followed.channel, followed.ts)
        try:
            async with asyncio.timeout(WATCHED_S):
                shown = await self._until_ended(followed, place)
        except TimeoutError:
            shown = resync_view.lost(followed.accepted, _WATCHED_LONG)
        except UnavailableError as error:
            if error.service == "nats":
                raise
            shown = resync_view.lost(followed.accepted, str(error))
        await self.show_last(place, shown)

    async def _until_ended(self, followed: SyncFollowed, place: Place) -> Payload:
        """Show how far it is, until it has ended; gives how.

        Raises:
            UnavailableError: nobody says how it goes.
        """
        edited_at = time.monotonic()
        async with aclosing(self._syncs.follow(followed.accepted)) as runs:
            async for run in runs:
                if run.ended:
                    return resync_view.ended(run)
                if time.monotonic() - edited_at < self._edit_every_s or await self._budget.take(
                    UPDATE, edit="growing"
                ):
                    continue
                edited_at = time.monotonic()
                with suppress(AnswerdeskError):
                    await self._edit(place, resync_view.going_on(followed.asked, run))
        raise UnavailableError("it was lost sight of", service="worker")

    async def _edit(self, place: Place, shown: Payload) -> None:
        await self._board.rewrite(channel=place.channel, ts=place.ts, shown=shown)


@asynccontextmanager
async def following_runs(
    *,
    syncs: Syncs,
    board: Board,
    budget: EditBudget,
    followed: Followed,
    edit_every_s: float = EDIT_EVERY_S,
) -> AsyncIterator[FollowingRuns]:
    """Follow what nobody follows while the block lasts; what has not ended by then is left to others.

    Args:
        syncs: tells how far a run is.
        board: where the messages stand.
        budget: of the workspace's edits.
        followed: where it stands which message shows which run.
        edit_every_s: how often a message is edited at the most.
    """
    following = FollowingRuns(
        syncs=syncs, board=board, budget=budget, followed=followed, edit_every_s=edit_every_s
    )
    under_way: set[asyncio.Task[None]] = set()
    async with tasks_beside() as group:
        keeping = group.create_task(following.keep_following(under_way), name="follow resyncs")
        try:
            yield following
        finally:
            await stopped(keeping, *under_way)
