"""Resyncs on real parts: NATS, an index that is written as announced, a document service over HTTP."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from ingest.nats_consumer import NatsConsumer
from tests.contract.ingest.workshop import Workshop
from tests.document_service_stand_in import DocumentServiceStandIn, document_service
from wire.stopping import stopped


@pytest.fixture
async def wiki() -> AsyncIterator[DocumentServiceStandIn]:
    async with document_service() as running:
        yield running


@pytest.fixture
async def indexed(client: Client, workshop: Workshop) -> AsyncIterator[Workshop]:
    """A workshop that indexes what is announced."""
    stop = asyncio.Event()
    consuming = asyncio.create_task(NatsConsumer(client, apply=workshop.indexing.apply).run(stop))
    yield workshop
    stop.set()
    await asyncio.wait([consuming], timeout=5)
    await stopped(consuming)
