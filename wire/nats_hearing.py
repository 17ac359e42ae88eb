"""Hearing plain messages for as long as something lasts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import DEFAULT_SUB_PENDING_BYTES_LIMIT, DEFAULT_SUB_PENDING_MSGS_LIMIT

from wire.nats_connection import FAULTS

SAID_WITHIN_S = 2.0

_log = structlog.get_logger("nats")


@asynccontextmanager
async def hearing(
    client: Client,
    subject: str,
    heard: Callable[[Msg], Awaitable[None]],
    *,
    queue: str = "",
    most_waiting: int = DEFAULT_SUB_PENDING_MSGS_LIMIT,
    most_waiting_bytes: int = DEFAULT_SUB_PENDING_BYTES_LIMIT,
) -> AsyncIterator[None]:
    """Hear what is said on a subject while the block lasts, from its first line on.

    Where the server is away or late, it learns of it afterwards. What still waits for `heard` when the block
    ends is dropped.

    Args:
        client: the connection.
        subject: may have wildcards.
        heard: called with one message after the other.
        queue: of all that hear under this name one is told; none: each is.
        most_waiting: messages that may wait for `heard`; what comes beyond is lost.
        most_waiting_bytes: the same in bytes.
    """
    subscription = await client.subscribe(
        subject,
        queue=queue,
        cb=heard,
        pending_msgs_limit=most_waiting,
        pending_bytes_limit=most_waiting_bytes,
    )
    try:
        await _in_time(client.flush(), client)
        yield
    finally:
        await _in_time(subscription.unsubscribe(), client)


async def _in_time(said: Awaitable[None], client: Client) -> None:
    try:
        async with asyncio.timeout(SAID_WITHIN_S):
            await said
    except FAULTS as error:
        _log.info(
            "the server could not be told yet", connected=client.is_connected, reason=type(error).__name__
        )
