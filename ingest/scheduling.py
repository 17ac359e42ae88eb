"""A source's schedule: a resync for each slot, once across all workers, a missed one caught up once.

Any number of workers may look at the clock: whose run takes the slot's key first has it (`nats_runs`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from ingest.runs import Runs
from wire.errors import UnavailableError
from wire.sync import SyncAccepted, SyncRequested

LOOK_EVERY_S = 30.0
"""Between looks at the clock, which somebody may set."""
AGAIN_AFTER_S = 2.0
"""While the source is in another run, or NATS is away."""
BACKLOG_WITHIN = timedelta(hours=1)
"""For so long a run waits until what was announced of its source is indexed, because it would announce that
once more; some sources announce by themselves, and always have something that waits."""

_log = structlog.get_logger("schedule")


class Schedule(Protocol):
    """When a source's resyncs begin."""

    def is_open(self, moment: datetime) -> bool:
        """Whether a run may begin, or go on, at that moment."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first slot after that moment; None where there is none."""

    def due(self, *, last: datetime | None, now: datetime) -> datetime | None:
        """The newest slot after the last one that had its run."""


class Start(Protocol):
    """Begins a run; None where the source is in another one."""

    def __call__(self, asked: SyncRequested, *, slot: datetime | None) -> Awaitable[SyncAccepted | None]:
        """Raises UnavailableError where NATS does not answer."""


Backlog = Callable[[str], Awaitable[int]]
"""How many announcements of a source wait to be indexed; may raise UnavailableError."""


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


async def keep_schedule(
    source: str,
    schedule: Schedule,
    *,
    runs: Runs,
    start: Start,
    backlog: Backlog,
    jitter_s: float = 0.0,
    now: Callable[[], datetime] = utc_now,
    look_every_s: float = LOOK_EVERY_S,
) -> None:
    """Begin each slot's run, until cancelled."""
    tried = begins_at = None
    while True:
        try:
            last = (await runs.history(source)).last_slot
            known = max((slot for slot in (last, tried) if slot), default=None)
            slot = schedule.due(last=known, now=now())
            if slot is None or not schedule.is_open(now()):
                begins_at = None
                await asyncio.sleep(_pause_s(schedule.next_after(now()), now(), most_s=look_every_s))
                continue
            # A newer slot that comes meanwhile waits no longer than the first did.
            begins_at = begins_at or now() + timedelta(seconds=_jitter_s(jitter_s))
            if now() < begins_at:
                await asyncio.sleep(_pause_s(begins_at, now(), most_s=look_every_s))
                continue
            waits = now() - begins_at < BACKLOG_WITHIN and await backlog(source) > 0
            if waits or await start(SyncRequested(source=source), slot=slot) is None:
                await asyncio.sleep(AGAIN_AFTER_S)
                continue
            tried, begins_at = slot, None
            _log.info("a scheduled resync begins", source=source, slot=slot.isoformat())
        except UnavailableError:
            _log.warning("a schedule can't be kept just now; trying again", source=source)
            await asyncio.sleep(AGAIN_AFTER_S)
        except Exception:  # noqa: BLE001 — a bug that ended this would leave a source to grow old
            _log.exception("a schedule can't be kept just now; trying again", source=source)
            await asyncio.sleep(LOOK_EVERY_S)


def _jitter_s(most_s: float) -> float:
    return random.uniform(0, most_s)  # noqa: S311 — spreads load, keeps no secret


def _pause_s(until: datetime | None, now: datetime, *, most_s: float) -> float:
    left_s = (until - now).total_seconds() if until else most_s
    return min(max(left_s, 0.0), most_s)
