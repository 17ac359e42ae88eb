"""``POST /slack/events``: the same events, commands and presses over HTTP, for where Slack reaches us.

A request without Slack's signature, with an old one, or with one that was taken before is a 401, and nothing
has happened. What can't be kept is a 500: Slack then brings an event again, under a new signature.
"""

import asyncio

import structlog
from aiohttp import web
from pydantic import SecretStr
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from bot.slack.manifest import EVENTS_PATH
from bot.slack.ports import Replays

BODY_WITHIN_S = 2.5
"""Slack wants its acknowledgement within 3 s."""
TIMESTAMP_DIGITS = 12
OK = range(200, 300)

_log = structlog.get_logger("intake")


class SlackOverHttp:
    """Takes Slack's requests to an app."""

    def __init__(self, app: AsyncApp, *, signing_secret: SecretStr, replays: Replays) -> None:
        """Listen.

        Args:
            app: what takes the events; it must know the same secret.
            signing_secret: of the Slack app.
            replays: the signatures that were taken.
        """
        self._app = app
        self._verifier = SignatureVerifier(signing_secret.get_secret_value())
        self._replays = replays

    def routes(self) -> list[web.RouteDef]:
        """For the bot's HTTP server."""
        return [web.post(EVENTS_PATH, self.take)]

    async def connected(self) -> bool:
        """Slack comes to us: there is nothing of ours to be up."""
        return True

    async def take(self, request: web.Request) -> web.Response:
        """Hand one request on, once."""
        signature = request.headers.get("X-Slack-Signature", "")
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await request.text()
        except (TimeoutError, UnicodeDecodeError, LookupError):
            return web.Response(status=400)
        if not self._is_slacks(request, body, signature) or not await self._replays.take(signature):
            _log.warning("a request that is not Slack's, or no longer, was refused")
            return web.json_response({"error": "invalid request"}, status=401)
        kept = False
        try:
            answered = await self._app.async_dispatch(await to_bolt_request(request))
            kept = answered.status in OK
        finally:
            if not kept:
                await self._replays.give_back(signature)
        return await to_aiohttp_response(answered)

    def _is_slacks(self, request: web.Request, body: str, signature: str) -> bool:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        # slack-sdk takes whatever it finds there for a number, and compares what is ASCII alone.
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= TIMESTAMP_DIGITS):
            return False
        return signature.isascii() and self._verifier.is_valid(body, timestamp, signature)
