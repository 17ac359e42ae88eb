"""Does a server answer? Asked over bare connections, before there is anything to talk to it with."""

import asyncio
import json
from urllib.parse import unquote, urlsplit

ANSWER_WITHIN_S = 1.0
MOST_BYTES = 64 * 1024


async def nats_answers(url: str) -> bool:
    """Whether the NATS server there lets us in."""
    parts = urlsplit(url)
    login = {
        "user": unquote(parts.username or ""),
        "pass": unquote(parts.password or ""),
        "verbose": False,
        "pedantic": False,
    }
    hello = f"CONNECT {json.dumps(login)}\r\nPING\r\n".encode()
    return b"PONG" in await _exchange(parts.hostname, parts.port, hello, until=(b"PONG", b"-ERR"))


async def valkey_answers(url: str) -> bool:
    """Whether the Valkey server there lets us in and has read its data."""
    parts = urlsplit(url)
    hello = f"AUTH {unquote(parts.password or '')}\r\nPING\r\n".encode()
    return b"+PONG" in await _exchange(parts.hostname, parts.port, hello, until=(b"+PONG", b"-"))


async def page_answers(url: str) -> bool:
    """Whether an HTTP GET of this address is answered with 200."""
    parts = urlsplit(url)
    ask = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
    first_line, _, _ = (await _exchange(parts.hostname, parts.port, ask, until=(b"\r\n",))).partition(b"\r\n")
    return first_line.split(b" ")[1:2] == [b"200"]


async def _exchange(host: str | None, port: int | None, hello: bytes, *, until: tuple[bytes, ...]) -> bytes:
    """Say something and give back what comes, up to one of these marks; nothing where nobody is."""
    heard = b""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(hello)
                await writer.drain()
                while not any(mark in heard for mark in until) and len(heard) < MOST_BYTES:
                    chunk = await reader.read(MOST_BYTES)
                    if not chunk:
                        break
                    heard += chunk
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return b""
    return heard
