"""Slack's side of its HTTP mode: signed requests, and a bridge that sends what the sandbox has to say so."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

import aiohttp

from wire.stopping import stopped

SECRET = "a-signing-secret-of-slack"


def signed(
    body: str, *, form: bool = False, secret: str = SECRET, age_s: float = 0.0, at: str | None = None
) -> dict[str, str]:
    """The headers that Slack would send with this body."""
    timestamp = at if at is not None else str(int(time.time() - age_s))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest}",
    }


def request_of(envelope: dict[str, Any]) -> tuple[str, dict[str, str]]:
    """The body and the headers of what would have come over a socket in this envelope."""
    payload = envelope["payload"]
    match envelope["type"]:
        case "events_api":
            body = json.dumps(payload)
            return body, signed(body)
        case "slash_commands":
            body = urlencode(payload)
        case _:
            body = urlencode({"payload": json.dumps(payload)})
    return body, signed(body, form=True)


@asynccontextmanager
async def slack_over_http(api_url: str, *, app_token: str, to: str) -> AsyncIterator[None]:
    """Bring everything that the sandbox sends to this address while the block lasts."""
    headers = {"Authorization": f"Bearer {app_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{api_url}apps.connections.open", headers=headers) as opened:
            address = (await opened.json())["url"]
        async with session.ws_connect(address) as socket:
            bridging = asyncio.create_task(_bridge(session, socket, to))
            try:
                yield
            finally:
                await stopped(bridging)


async def _bridge(session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse, to: str) -> None:
    async for message in socket:
        envelope = message.json()
        if "envelope_id" not in envelope:
            continue
        body, headers = request_of(envelope)
        async with session.post(to, data=body, headers=headers) as reply:
            said = await reply.text()
            if reply.ok:
                payload = {"payload": json.loads(said)} if said else {}
                await socket.send_json({"envelope_id": envelope["envelope_id"], **payload})
