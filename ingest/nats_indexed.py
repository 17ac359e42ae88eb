"""What is indexed of a source, read from the documents' heads."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from ingest.reconcile import Indexed
from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.heads import Head
from wire.shapes import read_shape

BATCH = 500
BATCH_WITHIN_S = 5.0
STREAM = f"KV_{subjects.HEADS_BUCKET}"


async def indexed_of(client: Client, source: str) -> dict[str, Indexed]:
    """A source's documents, those that were deleted too, some 300 bytes of memory each.

    Raises:
        UnavailableError: NATS does not answer.
    """
    async with aclosing(_heads(client, f"$KV.{subjects.HEADS_BUCKET}.{source}.>")) as heads:
        return {
            head.document: Indexed(head.version, head.revision, live=head.state == "live")
            async for head in heads
        }


async def counts(client: Client) -> dict[str, tuple[int, datetime]]:
    """For each source: how many live documents it has, and when one of them last changed.

    Raises:
        UnavailableError: NATS does not answer.
    """
    found: dict[str, tuple[int, datetime]] = {}
    async with aclosing(_heads(client, f"$KV.{subjects.HEADS_BUCKET}.>")) as heads:
        async for head in heads:
            number, changed_at = found.get(head.source, (0, head.changed_at))
            found[head.source] = (number + (head.state == "live"), max(changed_at, head.changed_at))
    return found


async def _heads(client: Client, subject: str) -> AsyncGenerator[Head, None]:
    """All of them, in one pass over the bucket."""
    try:
        subscription = await client.jetstream().pull_subscribe(
            subject,
            stream=STREAM,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=60,
                mem_storage=True,
            ),
        )
        try:
            pending = (await subscription.consumer_info()).num_pending or 0
            while pending:
                for message in await subscription.fetch(BATCH, timeout=BATCH_WITHIN_S):
                    pending = message.metadata.num_pending
                    head = _head(message.data)
                    if head is not None:
                        yield head
        finally:
            async with asyncio.timeout(BATCH_WITHIN_S):
                await subscription.unsubscribe()
    except (nats.errors.Error, TimeoutError, OSError) as error:
        raise UnavailableError("the documents' heads can't be read", service="nats") from error


def _head(data: bytes) -> Head | None:
    try:
        return read_shape(Head, data) if data else None
    except MalformedError:
        return None
