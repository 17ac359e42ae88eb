"""The bot's HTTP server: whoever answers a route brings it, and one port serves them all."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from wire.errors import SettingsError

BODY_BYTES = 256 * 1024
"""Of a request: a long conversation, and more than Slack sends."""
STOP_WITHIN_S = 2.0
IDLE_S = 75.0
"""How long a connection may wait for its next request."""


@asynccontextmanager
async def serving_http(
    *, host: str, port: int, routes: Iterable[web.AbstractRouteDef], setting: str = "HTTP_PORT"
) -> AsyncIterator[int]:
    """Serve these routes while the block lasts; gives the port.

    Args:
        host: what to listen on.
        port: 0 picks a free one.
        routes: with their handlers.
        setting: which one says the port.

    Raises:
        SettingsError: the port is taken.
    """
    app = web.Application(client_max_size=BODY_BYTES)
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN_S, keepalive_timeout=IDLE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise SettingsError(f"{setting}: port {port} is taken; choose another") from error
        address = runner.addresses[0]
        yield int(address[1])
    finally:
        await runner.cleanup()
