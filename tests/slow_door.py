"""A TCP door before a server on loopback, behind which everything takes a while longer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from wire.stopping import stopped

CHUNK = 65_536
MOST_WAITING = 10_000


@asynccontextmanager
async def slow_door(url: str, *, delay_s: float) -> AsyncIterator[str]:
    """The same address through the door: whatever is said arrives ``delay_s`` later, each way."""
    behind = urlsplit(url)
    carrying: set[asyncio.Task[None]] = set()

    async def let_in(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(behind.hostname, behind.port)
        for source, target in ((reader, back), (there, writer)):
            task = asyncio.create_task(_carry(source, target, delay_s=delay_s))
            carrying.add(task)
            task.add_done_callback(carrying.discard)

    server = await asyncio.start_server(let_in, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield behind._replace(netloc=f"{behind.username}:{behind.password}@127.0.0.1:{port}").geturl()
    finally:
        server.close()
        await stopped(*carrying)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, *, delay_s: float) -> None:
    """In order, each piece so much later; nothing waits for the piece before it."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(MOST_WAITING)

    async def deliver() -> None:
        while True:
            due, data = await waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            target.write(data)
            if not data:
                return
            await target.drain()

    delivering = asyncio.create_task(deliver())
    try:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(CHUNK):
                await waiting.put((loop.time() + delay_s, data))
            await waiting.put((loop.time() + delay_s, b""))
            await delivering
    finally:
        await stopped(delivering)
        target.close()
