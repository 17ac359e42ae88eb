"""What a JetStream stream keeps: read oldest first, a few hundred messages a round trip; or erased."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncGenerator
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from wire.errors import UnavailableError
from wire.nats_connection import FAULTS

BATCH = 256
DAY_S = 86_400
CALL_WITHIN_S = 5.0
FORGOTTEN_AFTER_S = 30.0
"""A reader that has died leaves nothing behind on the server for longer."""


async def stored(
    client: Client, *, stream: str, subject: str, since: datetime | None = None
) -> AsyncGenerator[Msg, None]:
    """What is kept under a subject as the reading begins; what comes meanwhile may be among it.

    Raises:
        UnavailableError: NATS does not answer in time.
    """
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.ALL if since is None else DeliverPolicy.BY_START_TIME,
        opt_start_time=since.isoformat() if since else None,  # type: ignore[arg-type] # must be sent as text
        ack_policy=AckPolicy.NONE,
        inactive_threshold=FORGOTTEN_AFTER_S,
        mem_storage=True,
    )
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            reading = await client.jetstream().pull_subscribe(subject, stream=stream, config=config)
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                left = (await reading.consumer_info()).num_pending or 0
            while left:
                try:
                    messages = await reading.fetch(min(left, BATCH), timeout=CALL_WITHIN_S)
                except nats.errors.TimeoutError:
                    # What was left may have been erased, or become too old, meanwhile.
                    async with asyncio.timeout(CALL_WITHIN_S):
                        if (await reading.consumer_info()).num_pending:
                            raise
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
