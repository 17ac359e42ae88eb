"""One way to connect to NATS, with limits that notice a silent server in seconds.

nats-py's defaults take minutes to notice a hung server and give up for good after 60 reconnects.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import DEFAULT_FLUSH_TIMEOUT, Client

from wire.errors import SettingsError, UnavailableError
from wire.nats_address import NatsAddress, read_address

CONNECT_WITHIN_S = 5
DEFAULT_PORT = 4222
PING_EVERY_S = 3
MISSED_PINGS = 2
"""A silent server is given up after PING_EVERY_S * (MISSED_PINGS + 1) = 9 s."""
CLOSE_WITHIN_S = 5.0
PENDING_BYTES = 8 * 1024 * 1024
FOREVER = -1
FAULTS = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)
"""Whatever nats-py raises where the server is away, late, or refuses."""

_log = structlog.get_logger("nats")


@asynccontextmanager
async def connected(url: str, *, name: str, within_s: float = CONNECT_WITHIN_S) -> AsyncIterator[Client]:
    """A connection that mends itself for as long as the block lasts.

    Credentials travel in the URL (``nats://user:password@host:port``); a cluster's are parted by commas, and
    `wire.nats_address` tells what may stand behind them.

    Raises:
        SettingsError: a file that the URL names can't be used, or the server has no TLS and the URL wants it.
        UnavailableError: no server answered at first.
    """
    address = read_address(url)
    client = _Client(tls=address.tls)
    try:
        # nats-py would try the first connection, too, for as long as it may try to reconnect: for good.
        async with asyncio.timeout(within_s):
            await _connect(client, address, name=name)
    except SettingsError:
        await client.close()
        raise
    except (nats.errors.Error, OSError, TimeoutError) as error:
        await client.close()
        where = urlsplit(address.servers[0])
        raise UnavailableError(
            f"NATS at {where.hostname}:{where.port or DEFAULT_PORT} does not let us in; is it running, and "
            "is NATS_URL right, password included?",
            service="nats",
        ) from error
    client.let_in = True
    try:
        yield client
    finally:
        # drain() was seen to hang after pull fetches and fails while reconnecting.
        await _close(client)


class _Client(Client):
    """Shows our login to no server without TLS where the URL wants it, and flushes what was said before.

    nats-py leaves it to the server whether a connection is encrypted, whatever the URL says, at every
    reconnection. The ping of its flush overtakes what waits to be sent, and without a server it succeeds.
    Where a pong comes for a flush that nobody waits for any more, it stops reading until its pings find the
    connection dead.

    Attributes:
        let_in: whether a server has let us in before: from then on another one is tried.
    """

    def __init__(self, *, tls: bool) -> None:
        super().__init__()
        self._tls = tls
        self.let_in = False

    def _connect_command(self) -> bytes:
        if self._tls and not self._server_info.get("tls_required"):
            if self._transport:
                # nats-py leaves it to the garbage collector, try after try.
                self._transport.close()  # type: ignore[no-untyped-call]
            if self.let_in:
                raise nats.errors.Error("that server has no TLS")
            raise SettingsError(
                "NATS_URL: that server has no TLS; set it up there, or say nats:// without ca and certificate"
            )
        return super()._connect_command()

    async def flush(self, timeout: int = DEFAULT_FLUSH_TIMEOUT) -> None:  # noqa: ASYNC109 — as nats-py
        if self.is_reconnecting:
            raise nats.errors.ConnectionReconnectingError
        if self.is_connected and self._transport and self._pending:
            # As its own flusher does, which would be waited for while the server reads nothing.
            self._transport.writelines(self._pending)
            self._pending, self._pending_data_size = [], 0
        await super().flush(timeout)

    async def _process_pong(self) -> None:
        if self._pongs and self._pongs[0].done():
            self._pongs[0] = asyncio.get_running_loop().create_future()
        await super()._process_pong()


async def _connect(client: Client, address: NatsAddress, *, name: str) -> None:
    async def on_error(error: Exception) -> None:
        _log.warning("nats error", kind=type(error).__name__)

    async def on_disconnected() -> None:
        if not client.is_closed:
            _log.warning("nats connection lost")

    async def on_reconnected() -> None:
        _log.info("nats connection back")

    await client.connect(
        servers=address.servers,
        name=name,
        connect_timeout=CONNECT_WITHIN_S,
        ping_interval=PING_EVERY_S,
        max_outstanding_pings=MISSED_PINGS,
        max_reconnect_attempts=FOREVER,
        reconnect_time_wait=1,
        pending_size=PENDING_BYTES,
        allow_reconnect=True,
        error_cb=on_error,
        disconnected_cb=on_disconnected,
        reconnected_cb=on_reconnected,
        **address.options,
    )


async def _close(client: Client) -> None:
    try:
        async with asyncio.timeout(CLOSE_WITHIN_S):
            if client.is_connected:
                await client.flush()
            await client.close()
    except (nats.errors.Error, TimeoutError, OSError):
        _log.warning("nats did not close in time")
