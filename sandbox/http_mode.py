"""Slack over HTTP: what would go over a socket, posted to the app's request URL under Slack's signature.

An answer of 2xx within 3 s is the acknowledgement, and its body the answer; anything else is none.
"""

import asyncio
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.errors import SlackError

Json = dict[str, Any]

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
OK = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
MOST_BYTES = 1024 * 1024
"""Of an acknowledgement; Slack names no number, and takes less of a message or a view."""


def signature(body: str, *, secret: str, timestamp: str) -> str:
    """Slack's ``X-Slack-Signature`` (docs.slack.dev, verifying requests from Slack)."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


def request_body(payload: Json, *, kind: str) -> tuple[str, str]:
    """What is posted for a payload of this kind, and its media type."""
    match kind:
        case "events_api":
            return json.dumps(payload), JSON
        case "slash_commands":
            return urlencode(payload), FORM
    return urlencode({"payload": json.dumps(payload)}), FORM


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one attempt.

    Attributes:
        answer: the acknowledgement's body, empty where it has none; None where there was none.
        reason: why not, as ``X-Slack-Retry-Reason`` names it.
        retried: whether the app lets Slack try again.
    """

    answer: Json | None
    reason: str = ""
    retried: bool = True


class RequestUrl:
    """The app's address."""

    def __init__(
        self,
        url: str,
        *,
        signing_secret: str,
        http: aiohttp.ClientSession,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._url = url
        self._secret = signing_secret
        self._http = http
        self._now = now

    async def verify(self, *, within_s: float) -> None:
        """Have the app give a challenge back, as Slack does before it takes an address.

        Raises:
            SlackError: ``url_verification_failed`` (ours; Slack's page says it in a sentence).
        """
        challenge = uuid.uuid4().hex
        payload = {"type": "url_verification", "challenge": challenge, "token": "verification-token"}
        try:
            status, said, _ = await self._post(payload, kind="events_api", headers={}, within_s=within_s)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            status, said = 0, ""
        if status not in OK or challenge not in said:
            raise SlackError("url_verification_failed")

    async def send(self, payload: Json, *, kind: str, attempt: int, reason: str, within_s: float) -> Outcome:
        """One attempt; ``attempt`` counts from 0, and ``reason`` is why the one before came to nothing."""
        retry = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
        try:
            status, said, headers = await self._post(payload, kind=kind, headers=retry, within_s=within_s)
        except TimeoutError:
            return Outcome(answer=None, reason="http_timeout")
        except aiohttp.ClientConnectionError:
            return Outcome(answer=None, reason="connection_failed")
        except (aiohttp.ClientError, OSError, ValueError):
            return Outcome(answer=None, reason="unknown_error")
        if status not in OK:
            return Outcome(answer=None, reason="http_error", retried=headers.get("X-Slack-No-Retry") != "1")
        return Outcome(answer=_answer(said, headers.get("Content-Type", "")))

    async def _post(
        self, payload: Json, *, kind: str, headers: dict[str, str], within_s: float
    ) -> tuple[int, str, Mapping[str, str]]:
        body, media_type = request_body(payload, kind=kind)
        timestamp = str(int(self._now()))
        signed = {
            "Content-Type": media_type,
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": signature(body, secret=self._secret, timestamp=timestamp),
        }
        async with (
            asyncio.timeout(within_s),
            self._http.post(self._url, data=body, headers=signed | headers, allow_redirects=False) as reply,
        ):
            said = bytearray()
            async for piece in reply.content.iter_any():
                said += piece
                if len(said) > MOST_BYTES:
                    raise ValueError
            return reply.status, said.decode(errors="replace"), reply.headers


def _answer(said: str, media_type: str) -> Json:
    """A command's answer may be mere words."""
    if not media_type.startswith(JSON):
        return {"text": said} if said.strip() else {}
    try:
        read = json.loads(said) if said else {}
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
