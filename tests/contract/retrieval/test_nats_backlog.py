"""What is said of how far the index is behind, is known, or said not to be."""

from nats.aio.client import Client

from retrieval.nats_backlog import NatsBacklog
from tests.until import until
from wire import subjects
from wire.search import IndexFreshness

UP_TO_DATE = IndexFreshness(pending=0, lag_seconds=0.0)


async def test_a_stream_that_answers_with_an_error_does_not_look_up_to_date(client: Client) -> None:
    backlog = NatsBacklog(known_for_s=0.3)
    await client.jetstream().publish(subjects.documents_changed("handbook"), b"not yet indexed")
    await backlog.look(client)
    assert backlog.freshness().pending == 1
    await client.jetstream().delete_stream(subjects.DOCUMENTS_STREAM)
    await backlog.look(client)
    assert backlog.freshness().pending == 1, "the last that is known"
    await until(lambda: backlog.freshness().lag_seconds > 0.5, within_s=5)


async def test_what_was_up_to_date_is_not_for_ever(client: Client) -> None:
    backlog = NatsBacklog(known_for_s=0.3)
    await backlog.look(client)
    assert backlog.freshness() == UP_TO_DATE
    await client.jetstream().delete_stream(subjects.DOCUMENTS_STREAM)

    async def unknown() -> bool:
        await backlog.look(client)
        return backlog.freshness().lag_seconds > 0.3

    await until(unknown, within_s=5)
