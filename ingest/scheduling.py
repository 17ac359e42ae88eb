"""A source's schedule: a resync for each slot, once across all workers, a missed one caught up once.

Any number of workers may look at the clock: whose run takes the slot's key first has it (`nats_runs`).
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

import structlog

from ingest.runs import Runs
from wire.errors import UnavailableError
from wire.sync import SyncAccepted, SyncRequested

LOOK_EVERY_S = 30.0
"""Between looks at the clock, which somebody may set."""
AGAIN_AFTER_S = 2.0
"""While the source is in another run, or NATS is away."""

_log = structlog.get_logger("schedule")


class Schedule(Protocol):
    """When a source's resyncs begin."""

    def is_open(self, moment: datetime) -> bool:
        """Whether a run may begin at that moment."""

    def next_after(self, moment: datetime) -> datetime | None:
        """The first slot after that moment; None where there is none."""

    def due(self, *, last: datetime | None, now: datetime) -> datetime | None:
        """The newest slot after the last one that had its run."""


class Start(Protocol):
    """Begins a run; None where the source is in another one."""

    def __call__(self, asked: SyncRequested, *, slot: datetime | None) -> Awaitable[SyncAccepted | None]:
        """Raises UnavailableError where NATS does not answer."""


def utc_now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


async def keep_schedule(
    source: str,
    schedule: Schedule,
    *,
    runs: Runs,
    start: Start,
    jitter_s: float = 0.0,
    now: Callable[[], datetime] = utc_now,
) -> None:
    """Begin each slot's run, until cancelled."""
    tried: datetime | None = None
    while True:
        try:
            _, last = await runs.history(source)
            known = max((slot for slot in (last, tried) if slot), default=None)
            slot = schedule.due(last=known, now=now())
            if slot is None or not schedule.is_open(now()):
                await asyncio.sleep(_pause_s(schedule.next_after(now()), now()))
                continue
            await asyncio.sleep(random.uniform(0, jitter_s))  # noqa: S311 — spreads load, keeps no secret
            if await start(SyncRequested(source=source), slot=slot) is None:
                await asyncio.sleep(AGAIN_AFTER_S)
            else:
                tried = slot
                _log.info("a scheduled resync begins", source=source, slot=slot.isoformat())
        except UnavailableError:
            _log.warning("a schedule can't be kept just now; trying again", source=source)
            await asyncio.sleep(AGAIN_AFTER_S)
        except Exception:  # noqa: BLE001 — a bug that ended this would leave a source to grow old
            _log.exception("a schedule can't be kept just now; trying again", source=source)
            await asyncio.sleep(LOOK_EVERY_S)


def _pause_s(slot: datetime | None, now: datetime) -> float:
    left_s = (slot - now).total_seconds() if slot else LOOK_EVERY_S
    return min(max(left_s, 0.0), LOOK_EVERY_S)
