"""Workers that resync, in this process, each on a connection of its own."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from nats.aio.client import Client

from ingest.nats_admin import serving_admin
from ingest.scheduling import utc_now
from ingest.sync_client import SyncClient
from ingest.sync_service import resyncing
from tests.document_service_stand_in import TOKEN, DocumentServiceStandIn
from tests.until import until
from wire import subjects
from wire.nats_connection import connected
from wire.source_settings import SourceSettings
from wire.sync import SyncRequested, SyncRun

LEASE_S = 1.0


def wiki_settings(wiki: DocumentServiceStandIn, **changes: object) -> SourceSettings:
    said = {
        "kind": "http",
        "url": wiki.base,
        "token": TOKEN,
        "allow_from_source": True,
        "private_addresses": True,
        "announce_per_s": 1000.0,
    }
    return SourceSettings.model_validate({**said, **changes})


@asynccontextmanager
async def worker(
    nats_url: str,
    settings: SourceSettings,
    *,
    lease_s: float = LEASE_S,
    pipeline: str = "",
    now: Callable[[], datetime] = utc_now,
) -> AsyncIterator[Client]:
    """Resyncs the source ``wiki``."""
    async with (
        connected(nats_url, name="a worker that resyncs") as client,
        resyncing(
            client, sources={"wiki": settings}, lease_s=lease_s, pipeline=pipeline, now=now
        ) as endpoints,
        serving_admin(client, also=endpoints),
    ):
        # The library's PING overtakes what it has not written yet; by the second one, that is written.
        await client.flush()
        yield client


async def synced(client: Client, **asked: bool) -> SyncRun:
    """Ask for a resync of ``wiki``, and see it through."""
    admin = SyncClient(client)
    accepted = await admin.sync(SyncRequested(source="wiki", **asked))
    last: SyncRun | None = None
    async for run in admin.follow(accepted):
        last = run
    assert last is not None
    return last


async def all_indexed(client: Client) -> None:
    """Wait until nothing that was announced waits."""

    async def empty() -> bool:
        return (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages == 0

    await until(empty, within_s=20)


async def announced(client: Client) -> int:
    """How many announcements were ever stored."""
    return (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.last_seq
