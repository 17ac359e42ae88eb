"""What another program sees of ingest."""

import asyncio

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.nats_consumer import NatsConsumer
from tests.contract.ingest.workshop import Workshop, delete, upsert
from wire import subjects
from wire.documents import DocumentUpsert, read_document_changed
from wire.errors import MalformedError, UnavailableError


async def announced(client: Client, sequence: int) -> DocumentUpsert:
    message = await client.jetstream().get_msg(subjects.DOCUMENTS_STREAM, sequence)
    changed = read_document_changed(message.data or b"", source="handbook")
    assert isinstance(changed, DocumentUpsert)
    return changed


@pytest.mark.parametrize("size", [1, 500_000, 1024 * 1024 - 1, 1024 * 1024 + 1, 5_000_000])
async def test_a_body_of_any_size_goes_through(client: Client, workshop: Workshop, size: int) -> None:
    """Promise 17, small: around and beyond the message limit of 1 MiB, with no connection lost."""
    body = ("Annual leave. " * (size // 14 + 1))[:size]
    await IngestClient(client).announce(upsert(body=body))
    changed = await announced(client, 1)
    if size > 500_000:
        assert changed.body is None
        assert changed.body_object is not None
        assert await workshop.bodies.get(changed.body_object, max_bytes=10_000_000) == body.encode()
    else:
        assert changed.body == body
    assert client.is_connected


async def test_a_long_body_announced_again_is_kept_while_it_is_needed_and_no_longer(
    client: Client, workshop: Workshop
) -> None:
    ingest, long = IngestClient(client), upsert(body="Annual leave is 28 days.\n\n" * 20_000)
    await ingest.announce(long)
    await ingest.announce(long)
    (name,) = await workshop.bodies.names()
    # As the worker leaves it: indexed, off the queue, the body removed.
    await workshop.indexing.apply(upsert())
    await client.jetstream().delete_msg(subjects.DOCUMENTS_STREAM, 1)
    await workshop.bodies.remove(name)
    await ingest.announce(long)
    assert await workshop.bodies.names() == []


async def test_waiting_ends_when_the_document_shows_and_not_before(
    client: Client, workshop: Workshop
) -> None:
    ingest = IngestClient(client)
    assert await ingest.is_empty()
    await ingest.announce(upsert())
    with pytest.raises(UnavailableError, match="is a worker running"):
        await ingest.wait_until_indexed(upsert(), within_s=0.3)
    stop = asyncio.Event()
    running = asyncio.create_task(NatsConsumer(client, apply=workshop.indexing.apply).run(stop))
    await ingest.wait_until_indexed(upsert(), within_s=10)
    assert await workshop.found("annual leave") == {("leave", 1)}
    await ingest.announce(delete(version=2))
    await ingest.wait_until_indexed(delete(version=2), within_s=10)
    assert await workshop.found("annual leave") == set()
    await ingest.wait_until_indexed(upsert(), within_s=1)
    assert not await ingest.is_empty()
    stop.set()
    await running


async def test_a_resyncs_deletion_is_waited_for_until_that_version_is_gone(
    client: Client, workshop: Workshop
) -> None:
    ingest = IngestClient(client)
    await ingest.wait_until_indexed(delete(if_version=1), within_s=1)
    await workshop.indexing.apply(upsert(version=1))
    with pytest.raises(UnavailableError):
        await ingest.wait_until_indexed(delete(if_version=1), within_s=0.2)
    await workshop.indexing.apply(delete(if_version=1))
    await ingest.wait_until_indexed(delete(if_version=1), within_s=1)


async def test_a_document_that_fails_tells_its_reason_to_who_waits(
    client: Client, workshop: Workshop
) -> None:
    ingest = IngestClient(client)
    stop = asyncio.Event()
    running = asyncio.create_task(NatsConsumer(client, apply=workshop.indexing.apply).run(stop))
    image = upsert("logo", media_type="image/png")
    await ingest.announce(image)
    with pytest.raises(MalformedError, match="'image/png' is not read"):
        await ingest.wait_until_indexed(image, within_s=10)
    stop.set()
    await running
