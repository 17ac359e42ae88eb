"""TLS in front of a server that has none: a port of its own, each connection passed through."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator

from tests.certificates import Certificates

CHUNK = 64 * 1024


@contextlib.asynccontextmanager
async def tls_door(*, to_port: int, certificates: Certificates) -> AsyncIterator[int]:
    """The port at which that server of this machine is reached over TLS, while the block lasts."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    passing: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", to_port)
        ways = [
            asyncio.create_task(_pass(reader, there_writer)),
            asyncio.create_task(_pass(there_reader, writer)),
        ]
        passing.update(ways)
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        for end in (writer, there_writer):
            end.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for way in passing:
            way.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
