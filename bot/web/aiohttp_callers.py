"""Who asks over HTTP, and whether they may: a key, or this machine where that is allowed.

A page of another site is refused unless its origin is listed, whatever key it sends. Without a key only who
comes from this machine is let in, only where ``API_OPEN`` says so, and only as everybody in the company; a
page that a browser here has open can't borrow that, since its origin or the host that it names gives it away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.web.http_errors import RETRY_AFTER_S, TooSlowError, UnauthorizedError, status_of
from bot.web.keys import ANYBODY_HERE, Holder, Keyring
from wire.aiohttp_from_here import is_from_here
from wire.errors import AnswerdeskError, MalformedError, RefusedError
from wire.nats_service import ErrorBody, ErrorReply
from wire.opentelemetry_spans import span

BODY_BYTES = 256 * 1024
"""Of a request: a long question and a long conversation."""
BODY_WITHIN_S = 10.0
BEARER = "bearer "
SUBPROTOCOL = "answerdesk"
SUBPROTOCOL_KEY = "bearer."
"""A browser's WebSocket sends no headers of its own, but names subprotocols: ``answerdesk, bearer.<key>``."""
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
PREFLIGHT_KEPT_S = 600
_NO_KEY = "Send one of the keys of API_KEYS: Authorization: Bearer <key>."


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks.

    Attributes:
        holder: of which key.
        headers: what every answer to them carries.
    """

    holder: Holder
    headers: Mapping[str, str]


Handler = Callable[[web.Request, Caller], Awaitable[web.StreamResponse]]


class Callers:
    """Knows the keys."""

    def __init__(self, keyring: Keyring, *, origins: Collection[str], open_here: bool) -> None:
        """Let in who may come.

        Args:
            keyring: the keys.
            origins: of pages that may ask, such as ``https://intranet.example.com``.
            open_here: whether who comes from this machine needs no key.
        """
        self._keyring = keyring
        self._origins = frozenset(origins)
        self._open_here = open_here

    def caller(self, request: web.Request) -> Caller:
        """Who this is.

        Raises:
            UnauthorizedError: no key, or a wrong one.
            RefusedError: a page of another site asks.
        """
        key = _key(request)
        if key is not None:
            holder = self._keyring.holder(key)
        else:
            holder = ANYBODY_HERE if self._open_here and is_from_here(request) else None
        if holder is None:
            raise UnauthorizedError(_NO_KEY)
        if not self._may_ask(request):
            raise RefusedError("Pages of that origin may not ask here: see CORS_ORIGINS.")
        return Caller(holder=holder, headers=self.headers(request))

    def headers(self, request: web.Request) -> dict[str, str]:
        """What an answer to this request carries, whoever sends it."""
        origin = request.headers.get("Origin")
        if origin not in self._origins:
            return {**SAFE, "Vary": "Origin"}
        return {**SAFE, "Vary": "Origin", "Access-Control-Allow-Origin": origin}

    def _may_ask(self, request: web.Request) -> bool:
        origin = request.headers.get("Origin")
        return origin is None or origin in self._origins or origin.partition("://")[2] == request.host

    def protecting(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """The handler behind all of this; what it raises becomes a status and an error's body."""

        async def protected(request: web.Request) -> web.StreamResponse:
            try:
                caller = self.caller(request)
            except AnswerdeskError as error:
                return answered(request, error)
            # Not before: a stranger's header would have us trace whatever they send.
            resource = request.match_info.route.resource
            name = f"{request.method} {resource.canonical if resource else 'somewhere'}"
            with span(name, kind="server", headers=request.headers):
                try:
                    return await handler(request, caller)
                except AnswerdeskError as error:
                    return answered(request, error)

        def answered(request: web.Request, error: AnswerdeskError) -> web.Response:
            status, body = status_of(error)
            return error_response(status, body, headers=self.headers(request))

        return protected

    async def preflight(self, request: web.Request) -> web.Response:
        """What a browser asks before it lets a page of another origin ask."""
        headers = self.headers(request)
        if "Access-Control-Allow-Origin" not in headers:
            return web.Response(status=403, headers=headers)
        return web.Response(
            status=204,
            headers=headers
            | {
                "Access-Control-Allow-Methods": "POST, DELETE",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, Last-Event-ID",
                "Access-Control-Max-Age": str(PREFLIGHT_KEPT_S),
            },
        )


def error_response(status: int, body: ErrorBody, *, headers: Mapping[str, str]) -> web.Response:
    """An error, as every route says it."""
    extra: dict[str, str] = {}
    match status:
        case 401:
            extra = {"WWW-Authenticate": 'Bearer realm="answerdesk"'}
        case 503:
            extra = {"Retry-After": str(RETRY_AFTER_S)}
    return web.Response(
        status=status,
        body=ErrorReply(error=body).to_json(),
        content_type="application/json",
        headers={**headers, **extra},
    )


async def json_body(request: web.Request, caller: Caller) -> bytes:
    """The request's body.

    Who sends a key may call it what they like: a browser asks before it lets a page send one.

    Raises:
        RefusedError: it is too long.
        MalformedError: it does not say that it is JSON, so a browser would let any page send it.
        TooSlowError: it does not come to its end.
    """
    if caller.holder is ANYBODY_HERE and request.content_type != "application/json":
        raise MalformedError("the body must be JSON, and say so: Content-Type: application/json")
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            body = await request.read()
    except TimeoutError:
        raise TooSlowError("The request did not come to its end.") from None
    except web.HTTPRequestEntityTooLarge:
        raise _too_long() from None
    if len(body) > BODY_BYTES:
        raise _too_long()
    return body


def _too_long() -> RefusedError:
    return RefusedError(
        f"The request is too long: it may have {BODY_BYTES // 1024} KiB.", code="question_too_long"
    )


def _key(request: web.Request) -> str | None:
    header = request.headers.get("Authorization")
    if header is not None:
        # Whatever else stands there is a key that we do not know.
        return header[len(BEARER) :].strip() if header.lower().startswith(BEARER) else header
    for name in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        if name.strip().startswith(SUBPROTOCOL_KEY):
            return name.strip().removeprefix(SUBPROTOCOL_KEY)
    return None
