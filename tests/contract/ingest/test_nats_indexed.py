"""What a resync learns of the index."""

from nats.aio.client import Client

from ingest.nats_failures import NatsFailures
from ingest.nats_indexed import given_up_of
from tests.contract.ingest.workshop import upsert


async def test_what_was_given_up_is_known_by_its_version_and_mark(client: Client) -> None:
    failures = NatsFailures(client)
    for n in range(2):
        event = upsert(f"document {n}").model_copy(update={"revision": f"{n}.1"}).to_json()
        name, document = f"{n}-a", f"document {n}"
        await failures.report(
            event, name=name, source="handbook", document=document, reason="broken", attempts=1
        )
    assert await given_up_of(client, "handbook") == {"document 0": (1, "0.1"), "document 1": (1, "1.1")}
