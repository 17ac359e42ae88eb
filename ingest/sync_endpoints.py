"""What admins may ask of resyncs: ``sync.requested``, ``sync.cancel``, ``sources.list``."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from ingest.runs import Runs
from ingest.scheduling import Schedule
from ingest.syncing import Syncing
from wire import subjects
from wire.nats_service import Endpoint
from wire.shapes import read_shape
from wire.source_settings import SourceSettings
from wire.sync import (
    ANNOUNCED,
    SourcesReply,
    SourcesRequest,
    SourceStatus,
    SyncAccepted,
    SyncCancel,
    SyncRequested,
    SyncRun,
)

Counts = Callable[[], Awaitable[Mapping[str, tuple[int, datetime]]]]


def sync_endpoints(
    syncing: Syncing,
    *,
    sources: Mapping[str, SourceSettings],
    schedules: Mapping[str, Schedule],
    runs: Runs,
    counts: Counts,
) -> dict[str, Endpoint]:
    """What answers each subject."""

    async def requested(data: bytes) -> SyncAccepted:
        return await syncing.request(read_shape(SyncRequested, data))

    async def cancel(data: bytes) -> SyncAccepted:
        return await syncing.cancel(read_shape(SyncCancel, data).source)

    async def listed(data: bytes) -> SourcesReply:
        read_shape(SourcesRequest, data)
        counted = await counts()
        names = sorted({*sources, *(name for name, (number, _) in counted.items() if number)})
        return SourcesReply(sources=tuple([await status(name, counted) for name in names]))

    async def status(name: str, counted: Mapping[str, tuple[int, datetime]]) -> SourceStatus:
        number, changed_at = counted.get(name, (0, None))
        history = await runs.history(name)
        schedule = schedules.get(name)
        return SourceStatus(
            name=name,
            kind=sources[name].kind if name in sources else ANNOUNCED,
            documents=number,
            changed_at=changed_at,
            synced_at=history.synced_at,
            next_slot=schedule.next_after(datetime.now(UTC)) if schedule else None,
            runs=tuple(_shown(run, newest=not number) for number, run in enumerate(history.runs)),
        )

    return {
        subjects.SYNC_REQUESTED: requested,
        subjects.SYNC_CANCEL: cancel,
        subjects.SOURCES_LIST: listed,
    }


def _shown(run: SyncRun, *, newest: bool) -> SyncRun:
    return run.model_copy(update={"planned": ()}) if newest else run.without_lists()
