"""Announcements are seen through: done once, tried again, or reported."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from nats.aio.client import Client
from nats.js.api import ConsumerConfig

from ingest.client import IngestClient
from ingest.nats_consumer import FETCH_WITHIN_S, OUTAGES, Apply, IsWell, NatsConsumer, Patience
from tests.contract.ingest.workshop import Workshop, upsert
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged, DocumentFailed, DocumentUpsert
from wire.errors import MalformedError, UnavailableError
from wire.shapes import read_shape

HASTY = Patience(heartbeat_every_s=0.2, again_after_s=(0.05,), look_every_s=0.01, drain_within_s=0.5)


async def set_ack_wait(client: Client, seconds: float) -> None:
    jetstream = client.jetstream()
    config = (await jetstream.consumer_info(subjects.DOCUMENTS_STREAM, subjects.INGEST_CONSUMER)).config
    wanted: ConsumerConfig = dataclasses.replace(config, ack_wait=seconds)
    await jetstream.add_consumer(subjects.DOCUMENTS_STREAM, wanted)


@asynccontextmanager
async def consuming(
    client: Client,
    apply: Apply,
    *,
    is_well: IsWell | None = None,
    at_once: int = 4,
    patience: Patience = HASTY,
) -> AsyncIterator[None]:
    stop = asyncio.Event()
    consumer = NatsConsumer(
        client, apply=apply, is_well=is_well or _all_is_well, at_once=at_once, patience=patience
    )
    running = asyncio.create_task(consumer.run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(30):
            await running


async def _all_is_well() -> bool:
    return True


async def waiting(client: Client) -> int:
    return (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.messages


async def failures(client: Client) -> list[DocumentFailed]:
    jetstream = client.jetstream()
    state = (await jetstream.stream_info(subjects.DOCUMENTS_FAILED_STREAM)).state
    found: list[DocumentFailed] = []
    if not state.messages:
        return found
    for sequence in range(state.first_seq, state.last_seq + 1):
        message = await jetstream.get_msg(subjects.DOCUMENTS_FAILED_STREAM, sequence)
        found.append(read_shape(DocumentFailed, message.data or b""))
    return found


class Seen:
    """Applies nothing, and keeps what it was given."""

    def __init__(self) -> None:
        self.documents: list[str] = []

    async def apply(self, changed: DocumentChanged) -> None:
        self.documents.append(changed.id)


async def test_an_announcement_is_applied_once_and_then_off_the_queue(client: Client) -> None:
    seen = Seen()
    announce = IngestClient(client)
    await announce.announce(upsert("leave"))
    await announce.announce(upsert("leave"))
    async with consuming(client, seen.apply):
        await announce.announce(upsert("travel"))
        await until(lambda: len(seen.documents) == 2, within_s=30)
        await until(lambda: _is_zero(client), within_s=30)
    assert sorted(seen.documents) == ["leave", "travel"]


async def _is_zero(client: Client) -> bool:
    return await waiting(client) == 0


async def test_an_edit_within_the_dedupe_window_is_not_taken_for_a_repetition(client: Client) -> None:
    """Promise 16: the message id holds version and content."""
    announce = IngestClient(client)
    await announce.announce(upsert(version=1))
    await announce.announce(upsert(version=2))
    await announce.announce(upsert(version=2, body="Other words."))
    assert await waiting(client) == 3


async def test_a_slow_document_with_heartbeats_runs_once(client: Client) -> None:
    """Promise 14: five times ack_wait with heartbeats is one execution, though another worker is free."""
    await set_ack_wait(client, 2.0)
    runs = 0

    async def slow(_: DocumentChanged) -> None:
        nonlocal runs
        runs += 1
        await asyncio.sleep(10)

    async with consuming(client, slow), consuming(client, slow):
        await IngestClient(client).announce(upsert())
        await until(lambda: runs, within_s=30)
        await until(lambda: _is_zero(client), within_s=30)
    assert runs == 1


async def test_a_slow_document_without_heartbeats_runs_at_two_workers_with_one_effect(
    client: Client, workshop: Workshop
) -> None:
    """Promise 14: heartbeats stopped is two executions; the second finds the version there."""
    await set_ack_wait(client, 0.5)
    runs: list[str] = []
    both = asyncio.Event()

    def slow(worker: str) -> Apply:
        async def apply(changed: DocumentChanged) -> None:
            runs.append(worker)
            if len(set(runs)) == 2:
                both.set()
            await both.wait()
            await workshop.indexing.apply(changed)

        return apply

    mute = dataclasses.replace(HASTY, heartbeat_every_s=60)
    await IngestClient(client).announce(upsert())
    async with consuming(client, slow("first"), patience=mute):
        await until(lambda: runs, within_s=30)
        async with consuming(client, slow("second"), patience=mute):
            await until(both.is_set, within_s=20)
            await until(lambda: _is_zero(client), within_s=30)
    assert sorted(runs) == ["first", "second"]
    assert await workshop.found("annual leave") == {("leave", 1)}
    assert await workshop.stored() == 1


async def test_an_announcement_that_comes_twice_to_one_worker_runs_once(client: Client) -> None:
    """As when heartbeats were lost: who has it in hand answers for both."""
    await set_ack_wait(client, 0.3)
    runs = 0
    came_twice = asyncio.Event()

    async def slow(_: DocumentChanged) -> None:
        nonlocal runs
        runs += 1
        await came_twice.wait()

    async def delivered_again() -> bool:
        consumer = (subjects.DOCUMENTS_STREAM, subjects.INGEST_CONSUMER)
        return bool((await client.jetstream().consumer_info(*consumer)).num_redelivered)

    async with consuming(client, slow, patience=dataclasses.replace(HASTY, heartbeat_every_s=60)):
        await IngestClient(client).announce(upsert())
        await until(delivered_again, within_s=30)
        # So that it does not come once more just as it is done with.
        await set_ack_wait(client, 60)
        await asyncio.sleep(0.5)
        came_twice.set()
        await until(lambda: _is_zero(client), within_s=30)
    assert runs == 1


async def test_versions_of_a_slow_document_take_nobodys_place(client: Client) -> None:
    """Promise 13: five versions of one document wait outside, and are handled when it is done."""
    slow_may_end = asyncio.Event()
    done: list[tuple[str, int | None]] = []

    async def apply(changed: DocumentChanged) -> None:
        if changed.id == "slow":
            await slow_may_end.wait()
        done.append((changed.id, changed.version))

    announce = IngestClient(client)
    for version in range(1, 6):
        await announce.announce(upsert("slow", version=version))
    for n in range(10):
        await announce.announce(upsert(f"document {n}"))
    async with consuming(client, apply, at_once=2):
        await until(lambda: len(done) == 10, within_s=30)
        assert "slow" not in {document for document, _ in done}
        slow_may_end.set()
        await until(lambda: _is_zero(client), within_s=30)
    assert sorted(version for document, version in done if document == "slow" and version) == [1, 2, 3, 4, 5]
    assert await failures(client) == []


@pytest.mark.parametrize("outages", [1, OUTAGES])
async def test_an_outage_is_no_attempt_of_the_documents_in_it(client: Client, outages: int) -> None:
    """Promise 13: however long what every document needs is away, nobody is condemned for it."""
    left, looks, tries = outages, 0, 0

    async def is_well() -> bool:
        nonlocal left, looks
        looks += 1
        # Each outage lasts longer than all the attempts that a document has.
        if looks > 10 * HASTY.attempts:
            looks, left = 0, left - 1
            return True
        return False

    async def apply(_: DocumentChanged) -> None:
        nonlocal tries
        tries += 1
        if left:
            raise UnavailableError("the index failed", service="index")

    async with consuming(client, apply, is_well=is_well):
        await IngestClient(client).announce(upsert())
        await until(lambda: _is_zero(client), within_s=20)
    assert tries == outages + 1
    assert await failures(client) == []


async def test_a_document_that_brings_about_an_outage_each_time_is_given_up(client: Client) -> None:
    """Promise 13: or else it would be tried for ever, in others' place."""
    well = True

    async def is_well() -> bool:
        nonlocal well
        well = not well
        return well

    async def apply(_: DocumentChanged) -> None:
        raise UnavailableError("the index takes too long", service="index")

    async with consuming(client, apply, is_well=is_well):
        await IngestClient(client).announce(upsert())
        await until(lambda: _is_zero(client), within_s=20)
    (failed,) = await failures(client)
    assert failed.attempts == HASTY.attempts


async def test_what_can_never_succeed_is_reported_at_once_and_blocks_nobody(client: Client) -> None:
    """Promise 13, small: the poison is among the failures exactly once, with its reason and its event."""
    seen = Seen()

    async def refuse_pdf(changed: DocumentChanged) -> None:
        if isinstance(changed, DocumentUpsert) and changed.media_type == "application/pdf":
            raise MalformedError("field 'media_type': 'application/pdf' is not read")
        await seen.apply(changed)

    announce = IngestClient(client)
    poison = upsert("poison", media_type="application/pdf")
    await announce.announce(poison)
    for n in range(10):
        await announce.announce(upsert(f"document {n}"))
    async with consuming(client, refuse_pdf, at_once=2):
        await until(lambda: _is_zero(client), within_s=30)
        with pytest.raises(MalformedError, match="'application/pdf' is not read"):
            await announce.wait_until_indexed(poison, within_s=30)
    (failed,) = await failures(client)
    assert (failed.source, failed.document, failed.attempts) == ("handbook", "poison", 1)
    assert failed.event_base64 == poison.to_json()
    assert len(seen.documents) == 10


async def test_a_message_that_is_no_announcement_is_reported(client: Client) -> None:
    await client.jetstream().publish(subjects.documents_changed("handbook"), b"not json")
    async with consuming(client, Seen().apply):
        await until(lambda: _is_zero(client), within_s=30)
    (failed,) = await failures(client)
    assert failed.document is None
    assert failed.event_base64 == b"not json"


async def test_what_may_pass_is_tried_again_until_it_does(client: Client) -> None:
    tries = 0

    async def third_time(_: DocumentChanged) -> None:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise UnavailableError("the index failed", service="index")

    async with consuming(client, third_time):
        await IngestClient(client).announce(upsert())
        await until(lambda: _is_zero(client), within_s=30)
    assert tries == 3
    assert await failures(client) == []


@pytest.mark.parametrize("error", [UnavailableError("the index failed", service="index"), KeyError("secret")])
async def test_five_failed_attempts_end_among_the_failures(client: Client, error: Exception) -> None:
    """A bug's text stays in the log: it may hold a document's words."""
    tries = 0

    async def fail(_: DocumentChanged) -> None:
        nonlocal tries
        tries += 1
        raise error

    async with consuming(client, fail):
        await IngestClient(client).announce(upsert())
        await until(lambda: _is_zero(client), within_s=30)
    assert tries == 5
    (failed,) = await failures(client)
    assert failed.attempts == 5
    assert "secret" not in failed.reason


async def test_a_documents_announcements_are_handled_one_at_a_time_and_others_beside_it(
    client: Client,
) -> None:
    running: set[str] = set()
    most = 0

    async def apply(changed: DocumentChanged) -> None:
        nonlocal most
        assert changed.id not in running
        running.add(changed.id)
        most = max(most, len(running))
        await asyncio.sleep(0.05)
        running.remove(changed.id)

    announce = IngestClient(client)
    for version in range(1, 6):
        await announce.announce(upsert("leave", version=version))
    for n in range(5):
        await announce.announce(upsert(f"document {n}"))
    async with consuming(client, apply):
        await until(lambda: _is_zero(client), within_s=30)
    assert await failures(client) == []
    assert most > 1


async def test_stopping_gives_back_at_once_what_could_not_be_finished(client: Client) -> None:
    started = asyncio.Event()

    async def endless(_: DocumentChanged) -> None:
        started.set()
        await asyncio.sleep(3600)

    await IngestClient(client).announce(upsert())
    consumer = NatsConsumer(client, apply=endless, patience=HASTY)
    running = asyncio.create_task(consumer.run(asyncio.Event()))
    async with asyncio.timeout(30):
        await started.wait()
    running.cancel()
    async with asyncio.timeout(30):
        await asyncio.wait([running])
    seen = Seen()
    async with consuming(client, seen.apply):
        await until(lambda: seen.documents == ["leave"], within_s=30)


async def test_a_consumer_whose_slots_are_all_taken_for_long_says_so(client: Client) -> None:
    """It learns only by taking some how many wait; a document may take an hour."""
    may_go_on, stop = asyncio.Event(), asyncio.Event()

    async def apply(_: DocumentChanged) -> None:
        await may_go_on.wait()

    consumer = NatsConsumer(client, apply=apply, at_once=2, patience=HASTY)
    running = asyncio.create_task(consumer.run(stop))
    await IngestClient(client).announce(upsert("first"))
    await asyncio.sleep(FETCH_WITHIN_S + 1)
    assert not consumer.is_stuck, "there is room for another"
    await IngestClient(client).announce(upsert("second"))
    await until(lambda: consumer.is_stuck, within_s=30)
    may_go_on.set()
    await until(lambda: not consumer.is_stuck, within_s=30)
    stop.set()
    async with asyncio.timeout(30):
        await running
