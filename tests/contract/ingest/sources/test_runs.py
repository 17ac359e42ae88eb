"""The record of runs in NATS KV: one run a source, one run a slot, whoever dies or comes back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.client import Client

from ingest.apscheduler_schedule import CronSchedule
from ingest.nats_runs import NatsRuns, open_runs
from ingest.runs import CancelledRunError, SupersededError
from ingest.scheduling import keep_schedule
from tests.until import until
from wire.source_settings import ScheduleSettings
from wire.stopping import stopped
from wire.sync import SyncAccepted, SyncRequested, SyncRun

WIKI = SyncRequested(source="wiki")
SLOT = datetime(2026, 11, 25, 3, tzinfo=UTC)
LEASE_S = 0.5


@pytest.fixture
async def runs(client: Client) -> NatsRuns:
    return await open_runs(client, lease_s=LEASE_S)


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
    history, last_slot = await runs.history("wiki")
    assert [run.run for run in history] == [f"run-{number}" for number in range(11, 1, -1)]
    assert {run.state for run in history} == {"done"}
    assert last_slot == SLOT


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
        keep_schedule("wiki", schedule, runs=runs, start=start, now=lambda: SLOT + timedelta(hours=5.5))
    )
    await asyncio.sleep(0.3)
    assert slots == []
    busy = False
    await until(lambda: slots, within_s=5)
    await asyncio.sleep(0.3)
    await stopped(keeping)
    assert slots == [SLOT + timedelta(hours=5)], "the newest of five, once"
