"""What a resync learns of the index, while others change it."""

from contextlib import aclosing

from nats.aio.client import Client

from ingest.nats_failures import NatsFailures
from ingest.nats_indexed import _messages, given_up_of
from tests.contract.ingest.workshop import upsert
from wire import subjects


async def test_failures_that_are_discarded_while_they_are_read_are_no_outage(client: Client) -> None:
    failures = NatsFailures(client)
    for n in range(2):
        event = upsert(f"document {n}").model_copy(update={"revision": f"{n}.1"}).to_json()
        name, document = f"{n}-a", f"document {n}"
        await failures.report(
            event, name=name, source="handbook", document=document, reason="broken", attempts=1
        )
    assert await given_up_of(client, "handbook") == {"document 0": (1, "0.1"), "document 1": (1, "1.1")}
    subject, read = subjects.documents_failed("handbook"), 0
    async with aclosing(_messages(client, subjects.DOCUMENTS_FAILED_STREAM, subject, batch=1)) as messages:
        async for _ in messages:
            read += 1
            await failures.discard("2")
    assert read == 1
