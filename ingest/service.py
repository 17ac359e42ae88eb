"""Ingest as a process runs it: wires the use case over what the process has opened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from nats.aio.client import Client

from ingest.addresses import read_hosts
from ingest.aiohttp_fetch import AiohttpFetch
from ingest.fingerprint import all_readers
from ingest.indexing import Indexing
from ingest.leftovers import Leftovers
from ingest.metering import UNMETERED, IngestMeter
from ingest.nats_admin import serving_admin
from ingest.nats_consumer import NatsConsumer
from ingest.nats_files import serving_files
from ingest.nats_urgent import Apply, urgent_lane
from ingest.parser_processes import ParserProcesses
from ingest.parsing import Parsing
from ingest.sync_service import resyncing
from ingest.writing import EditionWriting
from retrieval.encoding import Encoder
from retrieval.heads import Heads
from retrieval.index import Index
from wire import subjects
from wire.nats_objects import open_objects
from wire.settings import Settings
from wire.stopping import stopped


async def run_ingest(
    client: Client,
    *,
    settings: Settings,
    index: Index,
    encoder: Encoder,
    heads: Heads,
    stop: asyncio.Event,
    also: EditionWriting | None = None,
    meter: IngestMeter = UNMETERED,
) -> None:
    """Index what is announced, and serve admins, until told to stop; the meter is told what became of it.

    ``also``: a second index, which is being built.

    Raises:
        SettingsError: a setting is wrong.
    """
    texts = await open_objects(client, subjects.TEXTS_BUCKET)
    processes = ParserProcesses()
    leftovers = Leftovers(index=index, heads=heads, texts=texts)
    indexing = Indexing(
        index=index,
        encoder=encoder,
        heads=heads,
        bodies=await open_objects(client, subjects.DOCUMENTS_BUCKET),
        texts=texts,
        leftovers=leftovers,
        parse=Parsing(processes).parse,
        fetch=_fetch(settings),
        also=also,
    )
    consumer = NatsConsumer(client, apply=indexing.apply, is_well=indexing.is_well, meter=meter)
    async with (
        _cleaning(leftovers),
        processes,
        _reading_files(client),
        resyncing(client, sources=settings.sources, pipeline=all_readers(), meter=meter) as resyncs,
        serving_admin(client, also=resyncs),
        _overtaking(client, consumer, apply=indexing.apply, heads=heads),
    ):
        await consumer.run(stop)


@asynccontextmanager
async def _cleaning(leftovers: Leftovers) -> AsyncIterator[None]:
    """What nobody can see any more goes, while the block lasts."""
    cleaning = asyncio.create_task(leftovers.run(), name="leftovers")
    try:
        yield
    finally:
        await stopped(cleaning)


@asynccontextmanager
async def _reading_files(client: Client) -> AsyncIterator[None]:
    """Files that come with questions, in processes apart: they don't wait behind a thousand documents."""
    files = await open_objects(client, subjects.FILES_BUCKET)
    async with (
        ParserProcesses() as processes,
        serving_files(client, files=files, parse=Parsing(processes).parse),
    ):
        yield


def _overtaking(
    client: Client, consumer: NatsConsumer, *, apply: Apply, heads: Heads
) -> AbstractAsyncContextManager[None]:
    """What is urgent goes before the queue that this consumer reads."""
    return urgent_lane(
        client,
        apply=apply,
        is_shown=lambda key: heads.shown(key).edition is not None,
        queued=lambda: consumer.queued,
        is_stuck=lambda: consumer.is_stuck,
    )


def _fetch(settings: Settings) -> AiohttpFetch:
    return AiohttpFetch(
        allowed=read_hosts(outside=settings.body_url_hosts, inside=settings.body_url_inside_hosts)
    )
