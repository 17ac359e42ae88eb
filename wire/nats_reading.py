"""Reading the newest of what a stream keeps."""

import asyncio
from collections import deque
from contextlib import aclosing
from datetime import datetime

from nats.aio.client import Client

from wire.errors import UnavailableError
from wire.nats_stream import stored


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
    kept: deque[bytes] = deque(maxlen=newest)
    try:
        async with (
            asyncio.timeout(within_s),
            aclosing(stored(client, stream=stream, subject=subject, since=since)) as messages,
        ):
            async for message in messages:
                kept.append(message.data)
    except TimeoutError as error:
        raise UnavailableError(f"the stream {stream} can't be read in time", service="nats") from error
    return list(kept)
