"""Resyncs as a process runs them: wires sources, schedules and the record of runs."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial

from nats.aio.client import Client

from ingest.apscheduler_schedule import CronSchedule
from ingest.client import IngestClient
from ingest.metering import UNMETERED, SyncMeter
from ingest.nats_indexed import counts, given_up_of, indexed_of, queued
from ingest.nats_runs import LEASE_S, open_runs
from ingest.nats_touches import following_touches
from ingest.scheduling import keep_schedule, utc_now
from ingest.sources.opening import check_source, open_source
from ingest.sync_endpoints import sync_endpoints
from ingest.syncing import Syncing
from wire import subjects
from wire.errors import SettingsError
from wire.nats_service import Endpoint
from wire.source_settings import SourceSettings
from wire.stopping import stopped
from wire.sync import SyncRun


@asynccontextmanager
async def resyncing(
    client: Client,
    *,
    sources: Mapping[str, SourceSettings],
    pipeline: str = "",
    lease_s: float = LEASE_S,
    meter: SyncMeter = UNMETERED,
    now: Callable[[], datetime] = utc_now,
) -> AsyncIterator[dict[str, Endpoint]]:
    """Keep the sources' schedules while the block lasts; gives what answers admins.

    Raises:
        SettingsError: names every source that can't be one, a line each.
        UnavailableError: NATS does not answer.
    """
    schedules = _schedules(sources)
    runs = await open_runs(client, lease_s=lease_s)
    announce = IngestClient(client).announce

    syncing = Syncing(
        sources=sources,
        runs=runs,
        open_source=open_source,
        indexed_of=partial(indexed_of, client),
        given_up_of=partial(given_up_of, client),
        announce=announce,
        tell=partial(_tell, client, meter),
        schedules=schedules,
        pipeline=pipeline,
        now=now,
    )
    tasks = [asyncio.create_task(syncing.run(), name="resyncs")]
    for name, schedule in schedules.items():
        keeping = keep_schedule(
            name,
            schedule,
            runs=runs,
            start=syncing.start,
            backlog=partial(queued, client),
            jitter_s=_jitter_s(sources[name]),
            now=now,
        )
        tasks.append(asyncio.create_task(keeping, name=f"schedule of {name}"))
    try:
        async with following_touches(client, sources=sources, announce=announce):
            yield sync_endpoints(
                syncing, sources=sources, schedules=schedules, runs=runs, counts=partial(counts, client)
            )
    finally:
        await stopped(*reversed(tasks))


async def _tell(client: Client, meter: SyncMeter, run: SyncRun) -> None:
    if run.ended:
        meter.ended(run)
    # Only for those who watch: the record is kept by the run itself.
    if client.is_connected:
        await client.publish(subjects.sync_progress(run.run), run.to_json())


def _jitter_s(source: SourceSettings) -> float:
    return source.schedule.jitter_s if source.schedule else 0.0


def _schedules(sources: Mapping[str, SourceSettings]) -> dict[str, CronSchedule]:
    schedules: dict[str, CronSchedule] = {}
    wrong: list[str] = []
    for name, settings in sources.items():
        try:
            check_source(name, settings)
        except SettingsError as error:
            wrong.append(str(error))
        try:
            if settings.schedule is not None:
                schedules[name] = CronSchedule(name, settings.schedule)
        except SettingsError as error:
            wrong.append(str(error))
    if wrong:
        raise SettingsError("\n".join(wrong))
    return schedules
