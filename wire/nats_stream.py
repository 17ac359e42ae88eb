"""What a JetStream stream keeps: read oldest first, a few hundred messages a round trip; or erased."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator
from datetime import datetime

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from wire.errors import UnavailableError
from wire.nats_connection import FAULTS

BATCH = 256
DAY_S = 86_400
CALL_WITHIN_S = 5.0
FORGOTTEN_AFTER_S = 30.0
"""A reader that has died leaves nothing behind on the server for longer."""


async def stored(
    client: Client,
    *,
    stream: str,
    subject: str,
    since: datetime | None = None,
    newest_each: bool = False,
    batch: int = BATCH,
) -> AsyncGenerator[Msg, None]:
    """What is kept under a subject as the reading begins; what comes meanwhile may be among it.

    Args:
        client: the connection.
        stream: its name.
        subject: only what is of this one, or matches it.
        since: only what was stored at this time or later.
        newest_each: only the newest of each subject, where it is not asked since when.
        batch: messages a round trip.

    Raises:
        UnavailableError: NATS does not answer in time.
    """
    policy = DeliverPolicy.LAST_PER_SUBJECT if newest_each else DeliverPolicy.ALL
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_TIME if since else policy,
        opt_start_time=since.isoformat() if since else None,  # type: ignore[arg-type] # must be sent as text
        ack_policy=AckPolicy.NONE,
        inactive_threshold=FORGOTTEN_AFTER_S,
        mem_storage=True,
    )
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            reading = await client.jetstream().pull_subscribe(subject, stream=stream, config=config)
        try:
            left = await _left(reading)
            while left:
                messages = await _fetched(reading, min(left, batch))
                if not messages:
                    return
                for message in messages:
                    yield message
                    left = message.metadata.num_pending
        finally:
            with contextlib.suppress(*FAULTS):
                async with asyncio.timeout(CALL_WITHIN_S):
                    await reading.unsubscribe()
    except FAULTS as error:
        raise UnavailableError(f"the stream {stream} can't be read", service="nats") from error


async def _fetched(reading: JetStreamContext.PullSubscription, most: int) -> list[Msg]:
    """None where what was left has been erased, or become too old, meanwhile."""
    # That the time is up, nats-py says in an error of its own, in Python's, or by an empty list.
    with contextlib.suppress(TimeoutError):
        if messages := await reading.fetch(most, timeout=CALL_WITHIN_S):
            return messages
    if await _left(reading):
        raise TimeoutError
    return []


async def _left(reading: JetStreamContext.PullSubscription) -> int:
    async with asyncio.timeout(CALL_WITHIN_S):
        return (await reading.consumer_info()).num_pending or 0


async def purged(client: Client, *, stream: str, subject: str) -> int:
    """Erase what is kept under a subject; gives how many messages that were.

    Raises:
        UnavailableError: NATS does not answer in time.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            jetstream = client.jetstream()
            found = (await jetstream.stream_info(stream, subjects_filter=subject)).state.subjects
            await jetstream.purge_stream(stream, subject=subject)
    except FAULTS as error:
        raise UnavailableError(f"the stream {stream} does not answer", service="nats") from error
    return sum((found or {}).values())


async def purged_key(client: Client, *, bucket: str, key: str) -> int:
    """Erase entries of a KV bucket, their keys included, which `KeyValue.purge` leaves; gives how many.

    ``*`` stands for any part of the key, ``>`` for all that follow.

    Raises:
        UnavailableError: NATS does not answer in time.
    """
    return await purged(client, stream=f"KV_{bucket}", subject=f"$KV.{bucket}.{key}")


async def keep_for(client: Client, *, stream: str, days: int) -> None:
    """Keep what is in a stream for so many days from now on.

    Raises:
        UnavailableError: NATS does not answer in time.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            jetstream = client.jetstream()
            config = (await jetstream.stream_info(stream)).config
            if config.max_age != days * DAY_S:
                await jetstream.update_stream(dataclasses.replace(config, max_age=days * DAY_S))
    except FAULTS as error:
        raise UnavailableError(f"the stream {stream} does not answer", service="nats") from error
