"""What another program sees of ingest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.nats_consumer import NatsConsumer
from tests.contract.ingest.test_nats_consumer import consuming
from tests.contract.ingest.workshop import Workshop, delete, upsert
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged, DocumentUpsert, read_document_changed
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


@asynccontextmanager
async def working(client: Client, workshop: Workshop) -> AsyncIterator[None]:
    """A worker as it is, whose documents are indexed by the workshop."""
    stop = asyncio.Event()
    running = asyncio.create_task(NatsConsumer(client, apply=workshop.indexing.apply).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_a_long_body_announced_again_is_kept_while_it_is_needed_and_no_longer(
    client: Client, workshop: Workshop
) -> None:
    ingest, long = IngestClient(client), upsert(body="Annual leave is 28 days.\n\n" * 20_000)
    await ingest.announce(long)
    await ingest.announce(long)
    assert len(await workshop.bodies.names()) == 1
    async with working(client, workshop):
        for _ in range(2):
            await until(lambda: nothing_is_left(client, workshop), within_s=60)
            await ingest.announce(long)
        await until(lambda: nothing_is_left(client, workshop), within_s=60)


async def nothing_is_left(client: Client, workshop: Workshop) -> bool:
    queued = (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages
    return not queued and not await workshop.bodies.names()


async def test_what_a_resync_deleted_comes_back_by_the_very_same_announcement(
    client: Client, workshop: Workshop
) -> None:
    """Promise 16: within the two minutes in which the queue takes it for a repetition."""
    ingest = IngestClient(client)
    async with working(client, workshop):
        for changed in (upsert(), delete(if_version=1), upsert()):
            announced = await ingest.announce(changed)
            await ingest.wait_until_indexed(changed, within_s=30, announced=announced)
    assert await workshop.found("annual leave") == {("leave", 1)}


async def test_what_is_still_queued_is_not_queued_again(client: Client) -> None:
    ingest = IngestClient(client)
    first = await ingest.announce(upsert())
    second = await ingest.announce(upsert())
    assert first.sequence == second.sequence == 1
    assert (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages == 1


async def test_a_former_failure_is_not_taken_for_that_of_an_announcement_made_anew(
    client: Client, workshop: Workshop
) -> None:
    """Its reason is mended, and the same announcement is made again, all within two minutes."""
    ingest, changed, mended = IngestClient(client), upsert(), False

    async def apply(given: DocumentChanged) -> None:
        if not mended:
            raise MalformedError("its host is not among BODY_URL_HOSTS")
        await workshop.indexing.apply(given)

    async with consuming(client, apply):
        announced = await ingest.announce(changed)
        with pytest.raises(MalformedError, match="BODY_URL_HOSTS"):
            await ingest.wait_until_indexed(changed, within_s=30, announced=announced)
        mended = True
        announced = await ingest.announce(changed)
        await ingest.wait_until_indexed(changed, within_s=30, announced=announced)
    assert await workshop.found("annual leave") == {("leave", 1)}


async def test_a_failure_with_more_metadata_than_its_report_can_hold_is_told(
    client: Client, workshop: Workshop
) -> None:
    ingest = IngestClient(client)
    image = upsert("logo", media_type="image/png").model_copy(update={"metadata": {"note": "x" * 600_000}})
    async with working(client, workshop):
        announced = await ingest.announce(image)
        with pytest.raises(MalformedError, match="'image/png' is not read"):
            await ingest.wait_until_indexed(image, within_s=30, announced=announced)


async def test_an_equal_version_is_waited_for_although_a_former_one_shows(
    client: Client, workshop: Workshop
) -> None:
    """Promise 29: who waits for an unchanged version's new readers hears of no success before it is one."""
    ingest, fewer = IngestClient(client), upsert(allow=("user:U1",))
    await workshop.indexing.apply(upsert())
    announced = await ingest.announce(fewer)
    with pytest.raises(UnavailableError):
        await ingest.wait_until_indexed(fewer, within_s=0.5, announced=announced)
    async with working(client, workshop):
        await ingest.wait_until_indexed(fewer, within_s=30, announced=announced)
    assert await workshop.found("annual leave") == set()


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
