"""All that a NATS server keeps, whatever it is of."""

from collections.abc import AsyncIterator

import nats.js.errors
from nats.aio.client import Client
from nats.js.api import RawStreamMsg


async def contents(client: Client) -> AsyncIterator[tuple[str, RawStreamMsg]]:
    """Every message of every stream, with the stream's name; buckets and object stores are streams, too."""
    jetstream = client.jetstream()
    for info in await jetstream.streams_info():
        name, after = info.config.name or "", 0
        while True:
            try:
                message = await jetstream.get_msg(name, after + 1, subject=">", next=True)
            except nats.js.errors.NotFoundError:
                break
            after = message.seq or 0
            yield name, message
