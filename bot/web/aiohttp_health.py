"""``/healthz`` and ``/readyz``: is the bot alive, and can it answer, each dependency by name."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

from wire.errors import SettingsError

CHECK_WITHIN_S = 2.0

Check = Callable[[], Awaitable[bool]]


@asynccontextmanager
async def serving_health(*, host: str, port: int, checks: Mapping[str, Check]) -> AsyncIterator[int]:
    """Serve both routes while the block lasts; gives the port.

    Args:
        host: what to listen on.
        port: 0 picks a free one.
        checks: what must hold for ``/readyz`` to answer 200, by dependency.

    Raises:
        SettingsError: the port is taken.
    """

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def ready(_: web.Request) -> web.Response:
        names = list(checks)
        holds = await asyncio.gather(*(_holds(checks[name]) for name in names))
        status = 200 if all(holds) else 503
        return web.json_response(
            {
                "status": "ready" if all(holds) else "not ready",
                "dependencies": {name: "ok" if ok else "away" for name, ok in zip(names, holds, strict=True)},
            },
            status=status,
        )

    app = web.Application()
    app.add_routes([web.get("/healthz", alive), web.get("/readyz", ready)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise SettingsError(f"HTTP_PORT: port {port} is taken; choose another") from error
        address = runner.addresses[0]
        yield int(address[1])
    finally:
        await runner.cleanup()


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            return await check()
    except Exception:  # noqa: BLE001 — whatever keeps a check from saying yes is a no
        return False
