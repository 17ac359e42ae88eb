"""The bot's HTTP server: whoever answers a route brings it, and one port serves them all.

Connections are bounded in number, and one that says nothing is closed: aiohttp itself waits for good for the
first request of a connection.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from wire.errors import SettingsError

BODY_BYTES = 1024 * 1024
"""Of a request; more than Slack sends. A route may want less."""
CONNECTIONS = 1_000
FIRST_REQUEST_WITHIN_S = 10.0
STOP_WITHIN_S = 2.0
IDLE_S = 75.0
"""How long a connection may wait for its next request."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_log = structlog.get_logger("web")


@asynccontextmanager
async def serving_http(
    *,
    host: str,
    port: int,
    routes: Iterable[web.AbstractRouteDef],
    setting: str = "HTTP_PORT",
    connections: int = CONNECTIONS,
    first_request_within_s: float = FIRST_REQUEST_WITHIN_S,
) -> AsyncIterator[int]:
    """Serve these routes while the block lasts; gives the port.

    Args:
        host: what to listen on.
        port: 0 picks a free one.
        routes: with their handlers.
        setting: which one says the port.
        connections: most at a time; the next ones are closed at once.
        first_request_within_s: how long a connection may say nothing.

    Raises:
        SettingsError: the port is taken.
    """
    door = _Door(connections=connections, speak_within_s=first_request_within_s)

    @web.middleware
    async def heard(request: web.Request, handler: Handler) -> web.StreamResponse:
        door.hear(request)
        return await handler(request)

    app = web.Application(client_max_size=BODY_BYTES, middlewares=[heard])
    app.add_routes(routes)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_WITHIN_S, keepalive_timeout=IDLE_S)
    await runner.setup()
    try:
        try:
            listening = await asyncio.get_running_loop().create_server(door.before(runner.server), host, port)
        except OSError as error:
            raise SettingsError(f"{setting}: port {port} is taken; choose another") from error
        try:
            yield int(listening.sockets[0].getsockname()[1])
        finally:
            listening.close()
    finally:
        door.close()
        await runner.cleanup()


class _Door:
    """Lets so many in, and shows out who says nothing."""

    def __init__(self, *, connections: int, speak_within_s: float) -> None:
        self._connections = connections
        self._speak_within_s = speak_within_s
        self._silent: dict[RequestHandler, asyncio.TimerHandle] = {}

    def before(self, server: web.Server | None) -> Callable[[], asyncio.BaseProtocol]:
        """What takes the connections to this server."""
        assert server is not None  # noqa: S101 — the runner has been set up
        loop = asyncio.get_running_loop()

        def enter() -> asyncio.BaseProtocol:
            if len(server.connections) >= self._connections:
                _log.warning("a connection was closed: there are too many", most=self._connections)
                return _Closed()
            handler = server()
            self._silent[handler] = loop.call_later(self._speak_within_s, self._show_out, handler)
            return handler

        return enter

    def hear(self, request: web.Request) -> None:
        """A connection has asked something."""
        timer = self._silent.pop(request.protocol, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """Nobody is waited for any more."""
        for timer in self._silent.values():
            timer.cancel()
        self._silent.clear()

    def _show_out(self, handler: RequestHandler) -> None:
        self._silent.pop(handler, None)
        handler.force_close()


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
