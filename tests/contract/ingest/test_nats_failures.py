"""Failures are kept whole, listed by page and by source, announced again, and let go."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.failures_client import FailuresClient
from ingest.nats_admin import serving_admin
from ingest.nats_failures import EVENT_BYTES, NatsFailures
from tests.contract.ingest.test_nats_consumer import consuming, waiting
from tests.contract.ingest.workshop import upsert
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged
from wire.errors import MalformedError, UnavailableError
from wire.failures import PAGE, Failure, ListFailuresRequest


@pytest.fixture
async def failures(client: Client) -> AsyncIterator[FailuresClient]:
    async with serving_admin(client):
        yield FailuresClient(client)


async def report(
    client: Client, event: bytes | None = None, *, name: str = "1-a", source: str = "handbook"
) -> None:
    await NatsFailures(client).report(
        upsert("leave").to_json() if event is None else event,
        name=name,
        source=source,
        document="leave",
        reason="the media type is not read",
        attempts=1,
    )


async def listed(failures: FailuresClient, source: str | None = None) -> list[Failure]:
    return [failure async for page in failures.pages(source=source) for failure in page.failures]


async def objects(client: Client) -> list[str | None]:
    """Every name in the bucket of large bodies, chunks of vanished ones not forgotten."""
    jetstream = client.jetstream()
    bucket = await jetstream.object_store(subjects.DOCUMENTS_BUCKET)
    left = (await jetstream.stream_info(f"OBJ_{subjects.DOCUMENTS_BUCKET}")).state.messages
    return [info.name for info in await bucket.list()] if left else []


async def test_the_same_announcement_reported_twice_is_one_failure(
    client: Client, failures: FailuresClient
) -> None:
    """Promise 13: exactly once, also where the worker died between report and settlement."""
    await report(client)
    await report(client)
    (failure,) = await listed(failures)
    assert (failure.id, failure.source, failure.document, failure.attempts) == ("1", "handbook", "leave", 1)
    assert failure.reason == "the media type is not read"


async def test_a_replay_announces_the_very_bytes_and_takes_the_failure_off(
    client: Client, failures: FailuresClient
) -> None:
    await report(client)
    reply = await failures.replay(["1"])
    assert (reply.done, reply.missing) == (("1",), ())
    message = await client.jetstream().get_msg(subjects.DOCUMENTS_STREAM, 1)
    assert (message.subject, message.data) == ("documents.changed.handbook", upsert("leave").to_json())
    assert await listed(failures) == []
    again = await failures.replay(["1"])
    assert (again.done, again.missing) == ((), ("1",))
    assert await waiting(client) == 1


async def test_a_replay_is_no_repetition_of_the_first_announcement_and_one_of_its_own(client: Client) -> None:
    """A new message id; and the same one where a replay was interrupted before the failure was off."""
    await IngestClient(client).announce(upsert("leave"))
    await report(client)
    message = await client.jetstream().get_msg(subjects.DOCUMENTS_FAILED_STREAM, 1)
    assert await NatsFailures(client).replay("1")
    assert await waiting(client) == 2
    # As if the first replay had died before it took the failure off: the same place, the same id.
    await client.jetstream().delete_stream(subjects.DOCUMENTS_FAILED_STREAM)
    await client.jetstream().add_stream(
        name=subjects.DOCUMENTS_FAILED_STREAM, subjects=[subjects.DOCUMENTS_FAILED_ALL]
    )
    await client.jetstream().publish("documents.failed.handbook", message.data or b"")
    assert await NatsFailures(client).replay("1")
    assert await waiting(client) == 2


@pytest.mark.parametrize("size", [EVENT_BYTES, EVENT_BYTES + 1, 1_000_000])
async def test_a_long_announcement_is_kept_whole(client: Client, failures: FailuresClient, size: int) -> None:
    event = (b'{"action": "upsert", "body": "' + b"x" * size)[: size - 2] + b'"}'

    async def refuse(_: DocumentChanged) -> None:
        raise AssertionError("it can't be read")

    await client.jetstream().publish("documents.changed.handbook", event)
    async with consuming(client, refuse):

        async def reported() -> list[Failure]:
            return await listed(failures)

        ((failure),) = await until(reported, within_s=10)
        assert "source" in failure.reason
    assert len(await objects(client)) == (size > EVENT_BYTES)
    assert (await failures.replay([failure.id])).done == (failure.id,)
    message = await client.jetstream().get_msg(subjects.DOCUMENTS_STREAM, 2)
    assert message.data == event
    assert await objects(client) == []


async def test_a_discarded_failure_leaves_nothing_behind(client: Client, failures: FailuresClient) -> None:
    body = "Annual leave. " * 100_000
    await IngestClient(client).announce(upsert("leave", body=body))
    message = await client.jetstream().get_msg(subjects.DOCUMENTS_STREAM, 1)
    await report(client, message.data)
    assert len(await objects(client)) == 1
    assert (await failures.discard(["1", "7"])).missing == ("7",)
    assert await listed(failures) == []
    assert await objects(client) == []


async def test_failures_come_by_page_and_by_source(client: Client, failures: FailuresClient) -> None:
    for n in range(PAGE + 5):
        await report(client, name=f"{n}-a", source="wiki" if n % 3 else "handbook")
    everything = await listed(failures)
    assert [failure.id for failure in everything] == [str(n + 1) for n in range(PAGE + 5)]
    handbook = await listed(failures, "handbook")
    assert [failure.source for failure in handbook] == ["handbook"] * 35
    page = await failures.page(ListFailuresRequest(source="wiki", after=100, limit=2))
    assert ([failure.id for failure in page.failures], page.total) == (["101", "102"], 70)


async def test_replaying_all_ends_although_they_fail_again(client: Client, failures: FailuresClient) -> None:
    for n in range(PAGE + 5):
        await report(client, upsert(f"document {n}").to_json(), name=f"{n}-a")

    async def fail(_: DocumentChanged) -> None:
        raise MalformedError("the media type is still not read")

    async with consuming(client, fail):
        async with asyncio.timeout(30):
            async for page in failures.pages():
                await failures.replay([failure.id for failure in page.failures])

        async def all_failed_again() -> bool:
            found = await listed(failures)
            return len(found) == PAGE + 5 and {failure.reason for failure in found} == {
                "the media type is still not read"
            }

        await until(all_failed_again, within_s=20)


UNREADABLE = b"not a report"
WITHOUT_EVENT = (
    b'{"id": "1-a", "source": "handbook", "reason": "it is not read", "attempts": 1, '
    b'"failed_at": "2026-01-01T00:00:00Z", "event_object": "gone"}'
)


@pytest.mark.parametrize("lost", [UNREADABLE, WITHOUT_EVENT])
async def test_a_report_whose_announcement_is_lost_says_so_and_can_be_discarded(
    client: Client, failures: FailuresClient, lost: bytes
) -> None:
    await client.jetstream().publish("documents.failed.handbook", lost)
    await report(client)
    reply = await failures.replay(["1", "2"])
    assert (reply.done, [refused.id for refused in reply.refused]) == (("2",), ["1"])
    assert [failure.id for failure in await listed(failures)] == ["1"]
    assert (await failures.discard(["1"])).done == ("1",)
    assert await listed(failures) == []


async def test_without_a_worker_it_is_said_and_a_bad_id_is_refused(client: Client) -> None:
    with pytest.raises(UnavailableError, match="worker does not answer"):
        await FailuresClient(client).page(ListFailuresRequest())
    async with serving_admin(client):
        answered = await client.request(subjects.FAILURES_REPLAY, b'{"ids": ["../7"]}')
    assert b"ids.0" in answered.data
