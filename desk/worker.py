"""The worker: ingest and retrieval in one process, over one index, since an embedded index admits one."""

import asyncio
from contextlib import AsyncExitStack

import structlog

from ingest.service import run_ingest
from retrieval.edge_index import open_edge_index
from retrieval.fastembed_encoder import open_encoder
from retrieval.nats_heads import open_heads
from retrieval.service import serving_retrieval
from wire.errors import SettingsError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.settings import Settings

_log = structlog.get_logger("worker")


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Index and answer searches until told to stop; top-down the start, bottom-up the stop.

    Raises:
        SettingsError: a setting is missing or wrong, or the index can't be opened with these.
        UnavailableError: NATS does not answer.
    """
    if settings.qdrant_url:
        raise SettingsError("QDRANT_URL: this release has no adapter for a Qdrant server yet; unset it")
    if not settings.nats_url:
        raise SettingsError("NATS_URL is missing; `answerdesk up` starts a NATS server of its own")
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(settings.nats_url, name="worker"))
        await ensure_topology(client)
        encoder = await stack.enter_async_context(
            open_encoder(model=settings.embedding_model, threads=settings.embedding_threads)
        )
        index = await stack.enter_async_context(
            open_edge_index(
                settings.data_dir / "index", dimensions=encoder.dimensions, fingerprint=encoder.fingerprint
            )
        )
        heads = await stack.enter_async_context(open_heads(client))
        await stack.enter_async_context(serving_retrieval(client, index=index, encoder=encoder, heads=heads))
        _log.info("worker ready")
        await run_ingest(client, settings=settings, index=index, encoder=encoder, heads=heads, stop=stop)
        _log.info("worker stopping")
