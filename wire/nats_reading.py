"""Reading what a stream holds, in large steps: one request for hundreds of messages."""

import asyncio
from collections import deque
from datetime import datetime

import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from wire.errors import UnavailableError
from wire.nats_connection import FAULTS

STEP = 256
STEP_WITHIN_S = 2.0
"""A step that brings nothing for so long is the last: what was still to come has been erased meanwhile."""
FORGOTTEN_AFTER_S = 30.0
"""The server drops the consumer of a reader that has died."""


async def read_stream(
    client: Client,
    stream: str,
    *,
    subject: str = ">",
    since: datetime | None = None,
    newest: int = 1_000,
    within_s: float = 10.0,
) -> list[bytes]:
    """The messages that a stream holds at this moment, oldest first; nothing is taken from it.

    Args:
        client: the connection.
        stream: its name.
        subject: only those of this subject.
        since: only those that were stored at this time or later.
        newest: at the most so many, the last ones.
        within_s: the longest time it may take.

    Raises:
        UnavailableError: NATS does not answer in time.
    """
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.BY_START_TIME if since else DeliverPolicy.ALL,
        opt_start_time=since,
        inactive_threshold=FORGOTTEN_AFTER_S,
        mem_storage=True,
    )
    kept: deque[bytes] = deque(maxlen=newest)
    try:
        async with asyncio.timeout(within_s):
            reading = await client.jetstream().pull_subscribe(subject, stream=stream, config=config)
            try:
                left = (await reading.consumer_info()).num_pending or 0
                while left > 0:
                    try:
                        messages = await reading.fetch(min(left, STEP), timeout=STEP_WITHIN_S)
                    except nats.errors.TimeoutError:
                        break
                    kept.extend(message.data for message in messages)
                    left -= len(messages)
            finally:
                await reading.unsubscribe()
    except FAULTS as error:
        raise UnavailableError(f"the stream {stream} can't be read", service="nats") from error
    return list(kept)
