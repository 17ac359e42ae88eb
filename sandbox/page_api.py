"""The page, and what it talks to; tests in other processes talk to it too.

    GET  /                      the page: ``?as=U0…&channel=C0…&thread=<ts>`` opens it at a place
    GET  /page/state?as=U0…     everything this person sees, as JSON
    GET  /page/live?as=U0…      a WebSocket: first the state, then each change as it happens
    POST /page/say              {"as", "channel", "text", "thread_ts"?} → the message
    POST /page/click            {"as", "channel", "ts", "action_id", "block_id"?, "value"?}
    POST /page/invite           {"as", "channel"}: take the app into the channel
    GET  /page/faults           the switches (``faults.Faults``); POST sets those that are given
    POST /page/sockets          {"action": "drop" or "deafen"} → {"sockets": how many}
    GET  /page/calls?method=…   the Web API's calls so far, newest last
    GET  /page/deliveries       the envelopes so far, newest last
    GET  /handbook/<id>         a document of the sample handbook

People are named by id or handle, channels by id, name or ``dm``. A refusal is
``{"error": <Slack's name>, "message": <a sentence>}`` with status 400.
In the page, tests find their way by ``data-testid``: ``message`` (with ``data-ts``), ``messages``,
``thread``, ``replies``, ``composer`` and ``send``, ``thread-composer`` and ``thread-send``, ``suggestion``,
``person-switch`` with ``person-<id>``, ``channel-<id>``, ``button-<action_id>``, ``confirm``, ``faults``.

Only pages of this very address may write (the Origin header), and only names of this machine may be asked for
(the Host header), so that no web site can reach in.
"""

import dataclasses
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.browsers import Browser
from sandbox.conversations import Change, Changed
from sandbox.errors import SlackError
from sandbox.faults import Faults
from sandbox.handbook import Handbook
from sandbox.page_state import message_of, state_of
from sandbox.slack_events import Press, block_actions
from sandbox.socket_mode import SocketMode
from sandbox.web_api import Call, WebApi
from sandbox.workspace import Workspace

Json = dict[str, Any]

ShapeT = TypeVar("ShapeT", bound=BaseModel)


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: str
    text: str
    thread_ts: str | None = None


class _Clicked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: str
    ts: str
    action_id: str
    block_id: str | None = None
    value: str | None = None


class _Invited(BaseModel):
    model_config = ConfigDict(extra="forbid")

    channel: str


class _SocketsAction(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["drop", "deafen"]


class PageApi:
    """Serves the page to browsers and tells them what changes."""

    def __init__(
        self,
        *,
        workspace: Workspace,
        socket_mode: SocketMode,
        web_api: WebApi,
        faults: Faults,
        handbook: Handbook,
    ) -> None:
        self._workspace = workspace
        self._socket_mode = socket_mode
        self._web_api = web_api
        self._faults = faults
        self._handbook = handbook
        self._browsers: set[Browser] = set()

    def routes(self) -> list[web.RouteDef]:
        """Everything but the page's files."""
        return [
            web.get("/page/state", self._state),
            web.get("/page/live", self._live),
            web.post("/page/say", self._say),
            web.post("/page/click", self._click),
            web.post("/page/invite", self._invite),
            web.get("/page/faults", self._faults_now),
            web.post("/page/faults", self._set_faults),
            web.post("/page/sockets", self._sockets),
            web.get("/page/calls", self._calls),
            web.get("/page/deliveries", self._deliveries),
            web.get("/handbook/{name}", self._document),
        ]

    # -- telling browsers

    def push(self, change: Change) -> None:
        """Tell every browser that may see it."""
        for browser in list(self._browsers):
            for frame in self._frames(change, user=browser.user):
                browser.offer(frame)

    def push_sockets(self, sockets: int) -> None:
        """Tell every browser how many connections the app has."""
        for browser in list(self._browsers):
            browser.offer({"type": "app", "sockets": sockets})

    def _frames(self, change: Change, *, user: str) -> list[Json]:
        if not isinstance(change, Changed):
            return [{"type": "state", "state": self._state_of(user)}]
        message = change.message
        conversation = self._workspace.conversations[message.channel]
        if user not in conversation.members or message.visible_to not in (None, user):
            return []
        frames = [{"type": change.kind, "message": message_of(message, workspace=self._workspace)}]
        parent = conversation.messages.get(message.thread_ts or "")
        if parent is not None and change.kind != "changed" and message.visible_to is None:
            frames.append({"type": "changed", "message": message_of(parent, workspace=self._workspace)})
        return frames

    def close(self) -> None:
        """Say goodbye to every browser."""
        for browser in list(self._browsers):
            browser.cut()

    def _state_of(self, user: str) -> Json:
        return state_of(
            self._workspace, user=user, sockets=self._socket_mode.open_sockets, faults=self._faults
        )

    def _looking(self, request: web.Request) -> str:
        """Who looks; without a name, the first person of the company."""
        name = request.query.get("as")
        return self._workspace.person(name) if name else self._workspace.company.people[0].id

    # -- reading

    async def _state(self, request: web.Request) -> web.Response:
        user = self._looking(request)
        return web.json_response(self._state_of(user))

    async def _live(self, request: web.Request) -> web.StreamResponse:
        user = self._looking(request)
        stream = web.WebSocketResponse(heartbeat=20.0)
        await stream.prepare(request)
        browser = Browser(user, stream)
        browser.offer({"type": "state", "state": self._state_of(user)})
        self._browsers.add(browser)
        try:
            await browser.serve()
        finally:
            self._browsers.discard(browser)
        return stream

    async def _calls(self, request: web.Request) -> web.Response:
        method = request.query.get("method")
        calls = [_call_json(call) for call in self._web_api.calls if method in (None, call.method)]
        return web.json_response({"calls": calls})

    async def _deliveries(self, _request: web.Request) -> web.Response:
        sent = [dataclasses.asdict(delivery) for delivery in self._socket_mode.deliveries]
        return web.json_response({"deliveries": sent})

    async def _document(self, request: web.Request) -> web.Response:
        page = self._handbook.page(request.match_info["name"])
        if page is None:
            return web.Response(status=404, text="The handbook has no such document.")
        return web.Response(text=page, content_type="text/html")

    # -- acting

    async def _say(self, request: web.Request) -> web.Response:
        user, said = await self._read(request, _Said)
        message = self._workspace.say(
            user=user,
            channel=self._workspace.channel(said.channel, seen_by=user),
            text=said.text,
            thread_ts=said.thread_ts,
        )
        return web.json_response({"message": message_of(message, workspace=self._workspace)})

    async def _click(self, request: web.Request) -> web.Response:
        user, clicked = await self._read(request, _Clicked)
        channel = self._workspace.channel(clicked.channel, seen_by=user)
        payload = block_actions(
            self._workspace.message(channel, clicked.ts, seen_by=user),
            Press(action_id=clicked.action_id, block_id=clicked.block_id, value=clicked.value),
            user=user,
            workspace=self._workspace,
        )
        self._socket_mode.deliver_interaction(payload)
        return web.json_response({"sockets": self._socket_mode.open_sockets})

    async def _invite(self, request: web.Request) -> web.Response:
        user, invited = await self._read(request, _Invited)
        self._workspace.invite_app(channel=self._workspace.channel(invited.channel, seen_by=user), by=user)
        return web.json_response({})

    async def _faults_now(self, _request: web.Request) -> web.Response:
        return web.json_response(self._faults.model_dump())

    async def _set_faults(self, request: web.Request) -> web.Response:
        wanted = _checked(Faults, self._faults.model_dump() | await _body(request))
        for name in Faults.model_fields:
            setattr(self._faults, name, getattr(wanted, name))
        return web.json_response(self._faults.model_dump())

    async def _sockets(self, request: web.Request) -> web.Response:
        wanted = _checked(_SocketsAction, await _body(request))
        drop = wanted.action == "drop"
        count = self._socket_mode.drop_sockets() if drop else self._socket_mode.deafen_sockets()
        return web.json_response({"sockets": count})

    async def _read(self, request: web.Request, shape: type[ShapeT]) -> tuple[str, ShapeT]:
        body = await _body(request)
        user = self._workspace.person(str(body.pop("as", "")))
        return user, _checked(shape, body)


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SlackError("invalid_arguments", messages=("The body must be a JSON object.",))
    return body


def _checked(shape: type[ShapeT], body: Json) -> ShapeT:
    try:
        return shape.model_validate(body)
    except ValidationError as error:
        problems = tuple(
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        )
        raise SlackError("invalid_arguments", messages=problems) from None


def _call_json(call: Call) -> Json:
    return dataclasses.asdict(call) | {"arguments": dict(call.arguments)}
