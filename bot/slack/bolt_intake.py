"""Slack's events over Socket Mode: each question is stored before Slack is told that it arrived.

The hand-off stands in a middleware, because Bolt acknowledges an event before its listener runs. It
stands before Bolt's authorization, which answers "200" to an event when auth.test fails, and so would
lose it. A question that can't be stored is answered with 500: Slack then brings it again.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from pydantic import SecretStr
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.events import Asked, read_asked
from bot.slack.ports import Identity
from wire.errors import AnswerdeskError, SettingsError, UnavailableError

PING_EVERY_S = 5.0
"""slack-sdk takes a socket for dead after four of its own unanswered pings: 20 s."""
CLOSE_WITHIN_S = 5.0
LOOK_EVERY_S = 5.0

_log = structlog.get_logger("intake")

Hear = Callable[[Asked], Awaitable[None]]
"""Takes what may be a question; raises UnavailableError where it can't be kept."""


def bolt_app(*, client: AsyncWebClient, identity: Identity, hear: Hear) -> AsyncApp:
    """The Bolt app: hands every event that may ask something to ``hear``."""

    async def hand_off(
        req: AsyncBoltRequest,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 — Bolt's name
    ) -> BoltResponse:
        if req.body.get("type") != "event_callback":
            return await next()
        asked = read_asked(req.body, bot_user=identity.user)
        try:
            if asked is not None:
                await hear(asked)
        except UnavailableError as error:
            _log.warning("event not acknowledged, Slack will bring it again", reason=str(error))
            return BoltResponse(status=500, body="")
        return BoltResponse(status=200, body="")

    return AsyncApp(client=client, before_authorize=hand_off)


class Socket:
    """Our connection to Slack's Socket Mode."""

    def __init__(self, handler: AsyncSocketModeHandler) -> None:
        self._handler = handler

    async def connected(self) -> bool:
        """Whether events can reach us right now."""
        return bool(await self._handler.client.is_connected())


@asynccontextmanager
async def listening(
    app: AsyncApp, *, app_token: SecretStr, check_token: Callable[[], Awaitable[None]]
) -> AsyncIterator[Socket]:
    """Slack's events reach the app while the block lasts; a socket that is lost or deaf is replaced.

    Args:
        app: what takes the events.
        app_token: the app-level token, ``xapp-…``.
        check_token: asked while the socket is away; a SettingsError from it ends the listening, since
            slack-sdk would ask for a new socket every few seconds for good.
    """
    handler = AsyncSocketModeHandler(app, app_token=app_token.get_secret_value(), ping_interval=PING_EVERY_S)
    watching = asyncio.create_task(_watch(handler, check_token))
    try:
        yield Socket(handler)
    finally:
        watching.cancel()
        await asyncio.wait([watching])
        await _close(handler)


async def _watch(handler: AsyncSocketModeHandler, check_token: Callable[[], Awaitable[None]]) -> None:
    connecting = asyncio.create_task(handler.client.connect())  # type: ignore[no-untyped-call]
    try:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if await handler.client.is_connected():
                continue
            try:
                await check_token()
            except SettingsError as error:
                _log.error("Slack has shut us out; no more events are taken", reason=str(error))
                await _close(handler)
                return
            except AnswerdeskError as error:
                _log.warning("no connection to Slack", reason=str(error))
    finally:
        connecting.cancel()
        await asyncio.wait([connecting])


async def _close(handler: AsyncSocketModeHandler) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await handler.client.close()  # type: ignore[no-untyped-call]
