"""Slack waits three seconds for an acknowledgement, so what takes longer has failed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wire.errors import UnavailableError


@asynccontextmanager
async def in_time(within_s: float, *, service: str = "nats") -> AsyncIterator[None]:
    """Give up after so many seconds; ``service`` is what it then was that did not answer.

    Raises:
        UnavailableError: it took longer.
    """
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError as error:
        raise UnavailableError("it could not be done in time", service=service) from error
