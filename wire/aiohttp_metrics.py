"""``GET /metrics``, for whoever shows ``METRICS_TOKEN``.

Without that setting it answers only where the server listens on this machine alone, and nobody who comes
through a proxy: counts and costs are nobody else's business. API keys open no metrics, and the token opens
nothing else, so that what scrapes can't read documents.
"""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web
from pydantic import SecretStr

from wire.aiohttp_from_here import is_from_here, is_loopback

NOT_FOR_YOU = (
    "Metrics are for whoever shows METRICS_TOKEN (Authorization: Bearer ...). Where that is not set, they "
    "are served on loopback alone."
)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_route(
    exposition: Callable[[], Awaitable[bytes]], *, token: SecretStr | None, host: str
) -> web.RouteDef:
    """The route.

    Args:
        exposition: makes the page.
        token: what a caller must show; None: nothing, where ``host`` is loopback and they come from this
            machine, and else nobody is served.
        host: what the server listens on.
    """
    expected = f"Bearer {token.get_secret_value()}".encode() if token else None
    is_open = expected is None and is_loopback(host)

    async def metrics(request: web.Request) -> web.Response:
        # A header may hold any bytes, as surrogates.
        shown = request.headers.get("Authorization", "").encode(errors="surrogateescape")
        if not (is_open and is_from_here(request)) and not (
            expected is not None and hmac.compare_digest(shown, expected)
        ):
            return web.json_response(
                {"error": NOT_FOR_YOU}, status=401, headers={"WWW-Authenticate": "Bearer"}
            )
        return web.Response(body=await exposition(), headers={"Content-Type": CONTENT_TYPE})

    return web.get("/metrics", metrics)
