"""How a face reads an answer: events go out as they come; who has left is noticed, a slow one cut off."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from bot.web.readable import Numbered, Readable
from wire.errors import AnswerdeskError

LOOK_EVERY_S = 1.0
HEARTBEAT_S = 15.0
SEND_WITHIN_S = 30.0
"""A reader that takes nothing for so long is cut off; it may go on where it was."""
SENDING_BYTES = 64 * 1024
"""What the kernel may hold for a reader, so that one that reads nothing costs no more than that."""

_log = structlog.get_logger("web")


class ReaderGoneError(AnswerdeskError):
    """The reader has left, or takes nothing."""


async def send_all(
    stream: Readable,
    request: web.Request,
    *,
    after: int,
    send: Callable[[Numbered], Awaitable[None]],
    beat: Callable[[], Awaitable[None]],
    send_within_s: float,
) -> None:
    """Send every event after this one until the answer has ended.

    Args:
        stream: the answer.
        request: whose connection it goes to.
        after: the last event that the reader has.
        send: sends one.
        beat: sends a sign of life.
        send_within_s: how long sending may take.

    Raises:
        ReaderGoneError: the connection is closed, or was cut because nothing is read.
    """
    beaten_at = time.monotonic()
    while not stream.told_all(after):
        events = await stream.after(after, within_s=LOOK_EVERY_S)
        for event in events:
            await _sent(send(event), request, within_s=send_within_s)
            after = event.number
        if is_gone(request):
            raise ReaderGoneError("The reader has left.")
        if events:
            beaten_at = time.monotonic()
        elif time.monotonic() - beaten_at >= HEARTBEAT_S:
            await _sent(beat(), request, within_s=send_within_s)
            beaten_at = time.monotonic()


def keep_little(request: web.Request) -> None:
    """Hold little for this connection's reader."""
    if (transport := request.transport) is not None:
        transport.set_write_buffer_limits(high=SENDING_BYTES)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENDING_BYTES)


def is_gone(request: web.Request) -> bool:
    """Whether the connection is closed."""
    return request.transport is None or request.transport.is_closing()


async def _sent(sending: Awaitable[None], request: web.Request, *, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await sending
    except TimeoutError:
        _log.warning("a reader was cut off: it has taken nothing for too long", seconds=within_s)
        if request.transport is not None:
            request.transport.abort()
        raise ReaderGoneError("The reader takes nothing.") from None
    except OSError:
        raise ReaderGoneError("The reader has left.") from None
