"""A Bolt app as anybody would write one, unmodified but for the address of the Web API."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.service import Sandbox

BOT_TOKEN = "xoxb-test"
APP_TOKEN = "xapp-test"
PING_EVERY_S = 0.2

Json = dict[str, Any]


def web_client(sandbox: Sandbox, *, token: str = BOT_TOKEN) -> AsyncWebClient:
    return AsyncWebClient(token=token, base_url=sandbox.api_url, timeout=10, retry_handlers=[])


class BoltApp:
    """The app, and what it has received; one that ``listens`` leaves the answers to Bolt's own listeners."""

    def __init__(self, sandbox: Sandbox, *, listens: bool = False) -> None:
        self.client = web_client(sandbox)
        self.acknowledges = True
        self._listens = listens
        self.bodies: list[Json] = []
        self.retries: list[str] = []
        self.bolt = AsyncApp(client=self.client)
        self.bolt.middleware(self._receive)
        self.socket_mode = AsyncSocketModeHandler(self.bolt, APP_TOKEN, ping_interval=PING_EVERY_S)

    async def _receive(
        self, req: AsyncBoltRequest, next_: Callable[[], Awaitable[BoltResponse]]
    ) -> BoltResponse:
        """Returning a response ends Bolt's chain: 200 acknowledges, 500 does not."""
        self.bodies.append(req.body)
        self.retries.append(req.headers.get("x-slack-retry-num", ["none"])[0])
        if self._listens:
            return await next_()
        return BoltResponse(status=200 if self.acknowledges else 500, body="")

    @property
    def events(self) -> list[Json]:
        return [body["event"] for body in self.bodies if body.get("type") == "event_callback"]

    def of_type(self, kind: str) -> list[Json]:
        """The events of a type, and the interactions."""
        return [event for event in self.events if event["type"] == kind] or [
            body for body in self.bodies if body.get("type") == kind
        ]

    def event_ids(self) -> list[str]:
        return [body["event_id"] for body in self.bodies if body.get("type") == "event_callback"]


@asynccontextmanager
async def connected_app(sandbox: Sandbox, *, listens: bool = False) -> AsyncIterator[BoltApp]:
    app = BoltApp(sandbox, listens=listens)
    await app.socket_mode.connect_async()  # type: ignore[no-untyped-call]
    try:
        yield app
    finally:
        await app.socket_mode.close_async()  # type: ignore[no-untyped-call]
