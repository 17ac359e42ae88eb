"""``/healthz`` and ``/readyz``: is the bot alive, and can it answer, each dependency by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

CHECK_WITHIN_S = 2.0

Check = Callable[[], Awaitable[bool]]


def health_routes(checks: Mapping[str, Check]) -> list[web.RouteDef]:
    """Both routes.

    Args:
        checks: what must hold for ``/readyz`` to answer 200, by dependency.
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

    return [web.get("/healthz", alive), web.get("/readyz", ready)]


async def _holds(check: Check) -> bool:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            return await check()
    except Exception:  # noqa: BLE001 — whatever keeps a check from saying yes is a no
        return False
