"""The record of runs in NATS KV: one run a source, one run a slot, whoever dies or comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.client import Client

from ingest.apscheduler_schedule import CronSchedule
from ingest.nats_runs import NatsRuns, open_runs
from ingest.runs import CancelledRunError, SupersededError
from ingest.scheduling import Backlog, keep_schedule
from tests.until import until
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.source_settings import ScheduleSettings
from wire.stopping import stopped
from wire.sync import SyncAccepted, SyncRequested, SyncRun

WIKI = SyncRequested(source="wiki")
SLOT = datetime(2026, 11, 25, 3, tzinfo=UTC)
LEASE_S = 0.5


@pytest.fixture
async def runs(client: Client) -> NatsRuns:
    return await open_runs(client, lease_s=LEASE_S)


async def nothing_queued(_source: str) -> int:
    return 0


async def test_of_many_that_begin_at_once_one_does(runs: NatsRuns) -> None:
    begun = await asyncio.gather(*(runs.begin(WIKI) for _ in range(10)))
    (held,) = [each for each in begun if each is not None]
    assert await runs.begin(SyncRequested(source="drive")) is not None, "another source is free"
    await held.release()
    assert await runs.begin(WIKI) is not None


async def test_a_slot_goes_to_one_run_even_after_that_is_over(runs: NatsRuns) -> None:
    """Promise 39: who comes late, by its clock or by being stopped, finds the slot taken."""
    first = await runs.begin(WIKI, slot=SLOT)
    assert first is not None
    assert await first.take_slot()
    assert await first.take_slot(), "again, after a crash"
    await first.release()
    second = await runs.begin(WIKI, slot=SLOT)
    assert second is not None
    assert not await second.take_slot()
    await second.release()
    third = await runs.begin(WIKI, slot=SLOT + timedelta(hours=1))
    assert third is not None
    assert await third.take_slot(), "the control"


async def test_a_former_owner_finds_that_its_run_is_another_s(runs: NatsRuns) -> None:
    held = await runs.begin(WIKI)
    assert held is not None
    await held.keep()
    claim, revision = await runs.standing("wiki")
    assert claim is not None
    successor = await runs.take_over(claim, over=revision)
    assert successor is not None
    assert await runs.take_over(claim, over=revision) is None, "one successor"
    assert (successor.claim.run, successor.claim.epoch) == (held.claim.run, 2)
    assert successor.claim.version > held.claim.version
    await asyncio.sleep(LEASE_S / 2)
    with pytest.raises(SupersededError):
        await held.keep()
    await held.release()
    assert (await runs.standing("wiki"))[0] == successor.claim, "it takes nothing along"
    await successor.keep()


async def test_a_run_that_is_over_is_over_whatever_was_asked_of_it_at_the_last_moment(
    runs: NatsRuns,
) -> None:
    for ask in (runs.hurry, runs.cancel):
        held = await runs.begin(WIKI)
        assert held is not None
        await ask("wiki")
        await held.release()
        assert (await runs.standing("wiki"))[0] is None


async def test_a_run_that_is_handed_back_was_not_lost(runs: NatsRuns) -> None:
    held = await runs.begin(WIKI)
    assert held is not None
    await held.hand_back()
    claim, revision = await runs.standing("wiki")
    assert claim is not None
    assert claim.handed_back
    successor = await runs.take_over(claim, over=revision)
    assert successor is not None
    assert (successor.claim.epoch, successor.claim.lost, successor.claim.handed_back) == (2, 0, False)
    await held.hand_back()
    claim, revision = await runs.standing("wiki")
    assert claim == successor.claim, "it is not for a former owner to give away"
    third = await runs.take_over(successor.claim, over=revision)
    assert third is not None
    assert (third.claim.epoch, third.claim.lost) == (3, 1), "the control: a silent one was lost"


async def test_a_run_is_handed_back_whatever_was_asked_of_it_at_the_last_moment(runs: NatsRuns) -> None:
    held = await runs.begin(WIKI)
    assert held is not None
    await runs.hurry("wiki")
    await held.hand_back()
    claim, _ = await runs.standing("wiki")
    assert claim is not None
    assert (claim.handed_back, claim.hurried) == (True, True)


async def test_a_cancelled_run_learns_of_it(runs: NatsRuns) -> None:
    held = await runs.begin(WIKI)
    assert held is not None
    assert (await runs.cancel("wiki")) is not None
    await asyncio.sleep(LEASE_S / 2)
    with pytest.raises(CancelledRunError):
        await held.keep()
    await held.release()
    assert await runs.cancel("wiki") is None


async def test_the_last_ten_runs_are_kept_and_the_last_slot_for_good(runs: NatsRuns) -> None:
    for number in range(12):
        held = await runs.begin(WIKI, slot=SLOT if number == 0 else None)
        assert held is not None
        begun = SyncRun(run=f"run-{number}", source="wiki", slot=held.claim.slot, started_at=SLOT)
        await held.record(begun)
        await held.record(begun.model_copy(update={"state": "done"}))
        await held.release()
    history = await runs.history("wiki")
    assert [run.run for run in history.runs] == [f"run-{number}" for number in range(11, 1, -1)]
    assert {run.state for run in history.runs} == {"done"}
    assert history.last_slot == SLOT


async def test_when_all_of_a_source_was_seen_is_known_however_many_runs_failed_since(runs: NatsRuns) -> None:
    held = await runs.begin(WIKI)
    assert held is not None
    begun = SyncRun(run="run", source="wiki", started_at=SLOT)
    await held.record(begun, pipeline="p1", rules="r1")
    assert (await runs.history("wiki")).synced_at is None, "not over yet"
    await held.record(begun.model_copy(update={"state": "done"}), pipeline="p1", rules="r1")
    others: dict[str, dict[str, object]] = {
        "failed": {"state": "failed"},
        "dry": {"state": "done", "dry_run": True},
        "short": {"state": "done", "withheld": 3},
    }
    for number in range(5):
        for name, changes in others.items():
            later = {"run": f"{name}-{number}", "started_at": SLOT + timedelta(hours=1)}
            await held.record(begun.model_copy(update={**later, **changes}), pipeline="p2", rules="r2")
    history = await runs.history("wiki")
    assert "run" not in [run.run for run in history.runs], "it is one of the last ten no longer"
    assert (history.synced_at, history.pipeline, history.rules) == (SLOT, "p1", "r1")


async def test_a_run_stays_ours_while_the_record_does_not_answer_for_a_moment(
    client: Client, nats_url: str
) -> None:
    """Within the lease nobody takes it; after that nobody can tell."""
    async with connected(nats_url, name="test") as lost:
        held = await (await open_runs(lost, lease_s=4.0)).begin(WIKI)
        assert held is not None
        await asyncio.sleep(1)
    await held.keep()
    await asyncio.sleep(3.2)
    with pytest.raises(UnavailableError):
        await held.keep()


async def test_a_cancelled_run_stays_cancelled_however_often_it_asks(runs: NatsRuns) -> None:
    held = await runs.begin(WIKI)
    assert held is not None
    await runs.cancel("wiki")
    await asyncio.sleep(LEASE_S / 2)
    for _ in range(2):
        with pytest.raises(CancelledRunError):
            await held.keep()
        await asyncio.sleep(LEASE_S / 2)
    standing, _ = await runs.standing("wiki")
    assert standing is not None
    assert standing.cancelled, "whoever takes it over is told, too"


async def test_a_slot_missed_while_nobody_ran_is_caught_up_once_and_waits_for_its_turn(
    runs: NatsRuns,
) -> None:
    slots: list[datetime] = []
    busy = True

    async def start(asked: SyncRequested, *, slot: datetime | None) -> SyncAccepted | None:
        assert slot is not None
        if busy:
            return None
        slots.append(slot)
        return SyncAccepted(run="run", source=asked.source)

    held = await runs.begin(WIKI, slot=SLOT)
    assert held is not None
    await held.record(SyncRun(run="run", source="wiki", slot=SLOT, started_at=SLOT))
    schedule = CronSchedule("wiki", ScheduleSettings(cron="0 * * * *"))
    keeping = asyncio.create_task(
        keep_schedule(
            "wiki",
            schedule,
            runs=runs,
            start=start,
            backlog=nothing_queued,
            now=lambda: SLOT + timedelta(hours=5.5),
        )
    )
    await asyncio.sleep(0.3)
    assert slots == []
    busy = False
    await until(lambda: slots, within_s=5)
    await asyncio.sleep(0.3)
    await stopped(keeping)
    assert slots == [SLOT + timedelta(hours=5)], "the newest of five, once"


class Clock:
    """Goes on from a moment, at the pace of this machine's."""

    def __init__(self, moment: datetime) -> None:
        self._ahead = moment - datetime.now(UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def go_on(self, by: timedelta) -> None:
        self._ahead += by


@asynccontextmanager
async def kept(
    runs: NatsRuns, clock: Clock, settings: ScheduleSettings, *, backlog: Backlog
) -> AsyncIterator[list[datetime]]:
    """The slots that were begun, as they are."""
    slots: list[datetime] = []

    async def start(asked: SyncRequested, *, slot: datetime | None) -> SyncAccepted | None:
        assert slot is not None
        slots.append(slot)
        return SyncAccepted(run="run", source=asked.source)

    keeping = asyncio.create_task(
        keep_schedule(
            "wiki",
            CronSchedule("wiki", settings),
            runs=runs,
            start=start,
            backlog=backlog,
            jitter_s=settings.jitter_s,
            now=clock.now,
            look_every_s=0.1,
        )
    )
    try:
        yield slots
    finally:
        await stopped(keeping)


async def test_a_slot_waits_until_what_was_announced_is_indexed_but_not_for_ever(runs: NatsRuns) -> None:
    """Or else a long first load would be announced again by each slot that comes meanwhile."""
    waiting = {"wiki": 7}

    async def backlog(source: str) -> int:
        return waiting[source]

    clock = Clock(SLOT + timedelta(minutes=1))
    async with kept(runs, clock, ScheduleSettings(cron="0 3 * * *"), backlog=backlog) as slots:
        await asyncio.sleep(0.5)
        assert slots == []
        waiting["wiki"] = 0
        await until(lambda: slots == [SLOT], within_s=10)
        waiting["wiki"] = 1
        clock.go_on(timedelta(days=1))
    async with kept(runs, clock, ScheduleSettings(cron="0 3 * * *"), backlog=backlog) as slots:
        await asyncio.sleep(0.5)
        assert slots == []
        clock.go_on(timedelta(minutes=61))
        await until(lambda: slots == [SLOT + timedelta(days=1)], within_s=10)


async def test_a_late_start_stays_within_the_window(runs: NatsRuns) -> None:
    settings = ScheduleSettings(cron="0 3 * * *", window="03:00-03:10", jitter_s=3600.0)
    clock = Clock(SLOT)
    async with kept(runs, clock, settings, backlog=nothing_queued) as slots:
        await asyncio.sleep(0.3)
        clock.go_on(timedelta(minutes=20))
        await asyncio.sleep(0.5)
        assert slots == []
    whenever = settings.model_copy(update={"window": None})
    async with kept(runs, clock, whenever, backlog=nothing_queued) as slots:
        await asyncio.sleep(0.3)
        clock.go_on(timedelta(hours=1))
        await until(lambda: slots == [SLOT], within_s=10)
