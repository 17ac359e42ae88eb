"""The Web API over HTTP: tokens, rate limits, faults, and a log of every call, around ``methods``."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.errors import SlackError
from sandbox.faults import Faults
from sandbox.methods.arguments import Arguments
from sandbox.methods.table import METHODS
from sandbox.rate_limits import RateLimits
from sandbox.responding import Responding
from sandbox.socket_mode import SocketMode
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_CALLS = 10_000
OPEN_CONNECTION = "apps.connections.open"
POSTING = {
    "chat.postMessage",
    "chat.postEphemeral",
    "chat.startStream",
    "chat.appendStream",
    "chat.stopStream",
}
"""The methods whose pages call it ``rate_limited`` where others say ``ratelimited``."""
SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:read,chat:write,commands,files:read,"
    "groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,reactions:read,reactions:write,usergroups:read,users:read,"
    "users:read.email"
)
RESPONSE_URL = "response_url"
"""What the log of calls has for an answer to a command or a press by its response URL."""
DOWNLOAD = "download"
"""And for a file's download."""
GONE_URLS = {"invalid_url", "used_url", "expired_url"}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that was made, its token left out."""

    method: str
    at: float
    """When it came, in Unix seconds."""
    arguments: Mapping[str, Any]
    error: str | None
    """Slack's error name; None where it went well."""
    retry_after_s: int | None = None
    answered: bool = True
    """False where the answer was lost on purpose."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Tokens:
    """What the app must show; never printed."""

    bot: str
    app: str


@dataclass(frozen=True)
class _Outcome:
    answer: Json
    retry_after_s: int | None = None
    answered: bool = True

    @property
    def error(self) -> str | None:
        return None if self.answer["ok"] else self.answer["error"]


class WebApi:
    """Answers ``/api/<method>``."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        socket_mode: SocketMode,
        responding: Responding,
        tokens: Tokens,
        limits: RateLimits,
        faults: Faults,
        now: Callable[[], float],
    ) -> None:
        self.calls: deque[Call] = deque(maxlen=MOST_CALLS)
        self._workspace = workspace
        self._socket_mode = socket_mode
        self._responding = responding
        self._tokens = tokens
        self._limits = limits
        self._faults = faults
        self._now = now

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One call."""
        method, at = request.match_info["method"], self._now()
        await self._slow_down()
        arguments: Json = {}
        try:
            arguments = await _arguments(request)
            token = _token(request, arguments)
            outcome = self._outcome(method, arguments, token=token, request=request)
        except SlackError as error:
            outcome = _Outcome(_refusal(error, method=method))
        self._remember(method, at, arguments, outcome)
        if not outcome.answered and request.transport is not None:
            request.transport.abort()
        return _response(outcome, scopes=self._scopes())

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """An answer to a command or a press, at the URL that came with it; the URL is its own key."""
        at = self._now()
        await self._slow_down()
        body: Json = {}
        try:
            body = await _json(request)
            self._responding.respond(request.match_info["name"], body)
        except SlackError as error:
            answer = _refusal(error, method=RESPONSE_URL)
            self._remember(RESPONSE_URL, at, body, _Outcome(answer))
            return web.json_response(answer, status=404 if error.error in GONE_URLS else 400)
        self._remember(RESPONSE_URL, at, body, _Outcome({"ok": True}))
        return web.Response(text="ok")

    async def download(self, request: web.Request) -> web.StreamResponse:
        """A file's bytes, for who shows the app's token; anybody else is sent to log in, as Slack does."""
        await self._slow_down()
        file, shown = request.match_info["file"], _token(request, {})
        error = None if shown == self._tokens.bot else "not_authed"
        error = self._faults.take_refusal(DOWNLOAD) or error
        self._remember(DOWNLOAD, self._now(), {"file": file}, _Outcome({"ok": error is None, "error": error}))
        if error is not None:
            raise web.HTTPFound("/?redir=file")
        found, body = self._workspace.files.file(file)
        return web.Response(body=body, content_type=found.media_type)

    def _scopes(self) -> str:
        return ",".join(scope for scope in SCOPES.split(",") if scope not in self._faults.missing_scopes)

    async def _slow_down(self) -> None:
        if self._faults.slow_api_s:
            await asyncio.sleep(self._faults.slow_api_s)

    def _remember(self, method: str, at: float, arguments: Json, outcome: _Outcome) -> None:
        self.calls.append(
            Call(
                method=method,
                at=at,
                arguments=arguments,
                error=outcome.error,
                retry_after_s=outcome.retry_after_s,
                answered=outcome.answered,
            )
        )

    def _outcome(self, method: str, arguments: Json, *, token: str, request: web.Request) -> _Outcome:
        if method not in METHODS and method != OPEN_CONNECTION:
            raise SlackError("unknown_method")
        self._check_token(token, method=method)
        wait_s = self._faults.take_rate_limit(method)
        if wait_s is None:
            channel = str(arguments.get("channel", arguments.get("channel_id", "")))
            wait_s = self._limits.wait_s(method, channel=channel, now_s=time.monotonic())
        if wait_s is not None:
            name = "rate_limited" if method in POSTING else "ratelimited"
            return _Outcome({"ok": False, "error": name}, retry_after_s=wait_s)
        if (error := self._faults.take_refusal(method)) is not None:
            raise SlackError(error)
        if method == OPEN_CONNECTION:
            url = f"ws://{request.host}/link?ticket={self._socket_mode.new_ticket()}"
            return _Outcome({"ok": True, "url": url})
        answer = {"ok": True, **METHODS[method](self._workspace, Arguments(arguments))}
        return _Outcome(answer, answered=not self._faults.take_lost_answer(method))

    def _check_token(self, token: str, *, method: str) -> None:
        if not token:
            raise SlackError("not_authed")
        if token not in (self._tokens.bot, self._tokens.app):
            raise SlackError("invalid_auth")
        if (token == self._tokens.app) != (method == OPEN_CONNECTION):
            raise SlackError("not_allowed_token_type")
        if self._faults.auth_error is not None and token == self._tokens.bot:
            raise SlackError(self._faults.auth_error)


async def _arguments(request: web.Request) -> Json:
    """Query, form and JSON together, as Slack takes them."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        return given | await _json(request)
    return given | dict(await request.post())


async def _json(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


def _token(request: web.Request, arguments: Json) -> str:
    """Take the token out of the call, so that nothing keeps it."""
    argument = str(arguments.pop("token", ""))
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else argument


def _refusal(error: SlackError, *, method: str) -> Json:
    answer: Json = {"ok": False, "error": error.error}
    if error.error == "unknown_method":
        answer["req_method"] = method
    if error.messages:
        answer |= {"errors": list(error.messages), "response_metadata": {"messages": list(error.messages)}}
    return answer


def _response(outcome: _Outcome, *, scopes: str) -> web.Response:
    headers = {"X-OAuth-Scopes": scopes}
    if outcome.retry_after_s is None:
        return web.json_response(outcome.answer, headers=headers)
    headers["Retry-After"] = str(outcome.retry_after_s)
    return web.json_response(outcome.answer, status=429, headers=headers)
