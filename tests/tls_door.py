"""TLS in front of a server that has none: a port of its own, each connection passed through."""

import asyncio
import contextlib
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.certificates import Certificates

CHUNK = 64 * 1024
POSTGRES_ASKS_FOR_TLS = struct.pack("!ii", 8, 80877103)
"""What its clients send before the handshake, in the clear; "S" lets them begin."""

Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@contextlib.asynccontextmanager
async def tls_door(*, to_port: int, certificates: Certificates) -> AsyncIterator[int]:
    """The port at which that server of this machine is reached over TLS, while the block lasts."""

    async def there() -> Ends:
        return await asyncio.open_connection("127.0.0.1", to_port)

    async with _door(there, tls=_context(certificates)) as port:
        yield port


@contextlib.asynccontextmanager
async def postgres_tls_door(*, to_socket: Path, certificates: Certificates) -> AsyncIterator[int]:
    """The same for a PostgreSQL server, whose clients ask whether there is TLS before they begin it."""
    context = _context(certificates)

    async def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readexactly(len(POSTGRES_ASKS_FOR_TLS)) != POSTGRES_ASKS_FOR_TLS:
            raise ConnectionError("only over TLS")
        writer.write(b"S")
        await writer.start_tls(context)

    async def there() -> Ends:
        return await asyncio.open_unix_connection(to_socket)

    async with _door(there, before=begin) as port:
        yield port


def _context(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


@contextlib.asynccontextmanager
async def _door(
    there: Callable[[], Awaitable[Ends]],
    *,
    tls: ssl.SSLContext | None = None,
    before: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]] | None = None,
) -> AsyncIterator[int]:
    passing: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if before is not None:
            beginning = asyncio.create_task(_begun(before(reader, writer)))
            passing.add(beginning)
            await asyncio.wait([beginning])
            if beginning.cancelled() or not beginning.result():
                writer.close()
                return
        there_reader, there_writer = await there()
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

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for way in passing:
            way.cancel()
        await asyncio.gather(*passing, return_exceptions=True)


async def _begun(beginning: Awaitable[None]) -> bool:
    """Whether they want TLS, and with this certificate."""
    try:
        await beginning
    except (OSError, EOFError):
        return False
    return True


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
