"""Reach NATS for the length of a command: now or not at all, for a person waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from nats.aio.client import Client

from wire.errors import UnavailableError
from wire.nats_connection import connected

REACHED_WITHIN_S = 5.0


@asynccontextmanager
async def reached(url: str, *, name: str, within_s: float = REACHED_WITHIN_S) -> AsyncIterator[Client]:
    """A connection for as long as the block lasts.

    Raises:
        UnavailableError: no server lets us in within ``within_s`` seconds; says where none does.
    """
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(within_s):
                client = await stack.enter_async_context(connected(url, name=name))
        except (TimeoutError, UnavailableError) as error:
            where = urlsplit(url)
            raise UnavailableError(
                f"NATS at {where.hostname}:{where.port or 4222} does not let us in; is it running, and is "
                "NATS_URL right, password included?",
                service="nats",
            ) from error
        yield client
