"""What changes for readers goes before what is new to them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.nats_urgent import LONG_QUEUE, ROOM, urgent_lane
from tests.contract.ingest.workshop import Workshop, delete, upsert
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged, document_key
from wire.errors import UnavailableError


@asynccontextmanager
async def lane(
    client: Client,
    workshop: Workshop,
    *,
    queued: Callable[[], int] = lambda: LONG_QUEUE,
    is_stuck: bool = False,
) -> AsyncIterator[None]:
    """As the worker has it, with nobody at the queue: what is applied, the lane applied."""
    async with urgent_lane(
        client,
        apply=workshop.indexing.apply,
        is_shown=lambda key: workshop.heads.shown(key).edition is not None,
        queued=queued,
        is_stuck=lambda: is_stuck,
    ):
        yield


async def test_a_removed_reader_waits_behind_nobody(client: Client, workshop: Workshop) -> None:
    """Promise 29: however long the queue, and it keeps the announcement, in case the lane dies of it."""
    await workshop.indexing.apply(upsert(version=1))
    ingest, fewer = IngestClient(client), upsert(version=2, allow=("user:U1",))
    async with lane(client, workshop):
        announced = await ingest.announce(fewer)
        await ingest.wait_until_indexed(fewer, within_s=30, announced=announced)
    assert await _is_hidden(workshop)
    assert (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages == 1


async def _is_hidden(workshop: Workshop) -> bool:
    return await workshop.found("annual leave") == set()


async def test_a_queue_that_stands_still_counts_as_a_long_one(client: Client, workshop: Workshop) -> None:
    """Nobody knows then how long it is."""
    await workshop.indexing.apply(upsert(version=1))
    async with lane(client, workshop, queued=lambda: 0, is_stuck=True):
        await IngestClient(client).announce(upsert(version=2, allow=("user:U1",)))
        await until(lambda: _is_hidden(workshop), within_s=30)


async def test_a_deletion_waits_behind_nobody_and_keeps_a_late_upsert_out(
    client: Client, workshop: Workshop
) -> None:
    await workshop.indexing.apply(upsert(version=1))
    async with lane(client, workshop):
        await IngestClient(client).announce(delete(version=3))
        await until(lambda: _is_hidden(workshop), within_s=30)
    await workshop.indexing.apply(upsert(version=2))
    assert await workshop.found("annual leave") == set()


@pytest.mark.parametrize(
    ("queued", "changed"),
    [
        (LONG_QUEUE, upsert("new")),
        (LONG_QUEUE - 1, upsert(version=2)),
        (LONG_QUEUE, delete(if_version=1)),
    ],
)
async def test_what_is_new_or_soon_through_takes_its_turn(
    client: Client, workshop: Workshop, queued: int, changed: DocumentChanged
) -> None:
    ingest, lengths = IngestClient(client), [LONG_QUEUE, queued]
    await workshop.indexing.apply(upsert(version=1))
    async with lane(client, workshop, queued=lambda: lengths.pop() if len(lengths) > 1 else lengths[0]):
        await ingest.announce(changed)
        await until(lambda: lengths == [LONG_QUEUE], within_s=30)
        # The lane goes in order: what comes after is through, so this one was not taken.
        last = delete("travel", version=1)
        announced = await ingest.announce(last)
        await ingest.wait_until_indexed(last, within_s=30, announced=announced)
    assert await workshop.found("annual leave") == {("leave", 1)}


async def test_what_fails_or_finds_no_room_is_left_to_the_queue(client: Client) -> None:
    """And the lane goes on."""
    tried: list[str] = []
    may_go_on = asyncio.Event()

    async def apply(changed: DocumentChanged) -> None:
        tried.append(changed.id)
        await may_go_on.wait()
        if changed.id == "document 0":
            raise UnavailableError("the index failed", service="index")
        if changed.id == "document 1":
            raise KeyError

    ingest, every = IngestClient(client), ROOM + 20
    async with urgent_lane(
        client, apply=apply, is_shown=lambda _: True, queued=lambda: LONG_QUEUE, is_stuck=lambda: False
    ):
        for n in range(every):
            await ingest.announce(upsert(f"document {n}"))
        await until(lambda: tried == ["document 0"], within_s=30)
        may_go_on.set()
        await until(lambda: len(tried) == ROOM + 1, within_s=30)
    assert (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages == every


async def test_what_is_no_announcement_is_the_queues_to_report(client: Client, workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=1))
    async with lane(client, workshop):
        await client.jetstream().publish(subjects.documents_changed("handbook"), b"not json")
        await IngestClient(client).announce(delete(version=2))
        await until(lambda: _is_hidden(workshop), within_s=30)
    assert workshop.heads.shown(document_key("handbook", "leave")).edition is None
