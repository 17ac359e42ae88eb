"""The page, and what it talks to; tests in other processes talk to it too.

    GET  /                      the page: ``?as=U0…&channel=C0…&thread=<ts>`` opens it at a place
    GET  /page/state?as=U0…     everything this person sees, as JSON
    GET  /page/live?as=U0…      a WebSocket: first the state, then each change as it happens
    GET  /page/faults           the switches (``faults.Faults``); POST sets those that are given
    POST /page/sockets          {"action": "drop", "deafen" or "refresh"} → {"sockets": how many}
    GET  /page/calls?method=…   the Web API's calls so far, newest last
    GET  /page/deliveries       the envelopes so far, newest last
    GET  /handbook/<id>         a document of the sample handbook
    POST /page/<what people do> ``page_actions``

People are named by id or handle, channels by id, name or ``dm``. A refusal is
``{"error": <Slack's name>, "message": <a sentence>}`` with status 400.
In the page, tests find their way by ``data-testid``: ``message`` (with ``data-ts``), ``messages``,
``thread``, ``replies``, ``composer`` and ``send``, ``attach`` and ``attached``, ``file``,
``thread-composer`` and ``thread-send``, ``thread-attach``, ``suggestion``,
``person-switch`` with ``person-<id>``, ``channel-<id>``, ``button-<action_id>``, ``confirm``, ``faults``,
``modal`` with ``submit``, ``home``, ``tab-home`` and ``tab-messages``, ``message-menu``, ``shortcuts``,
``reaction-<emoji>``, ``agent-open``, ``status``, ``prompt``, ``stop``.

Only pages of this very address may write (the Origin header), and only names of this machine may be asked for
(the Host header), so that no web site can reach in.
"""

import dataclasses
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from sandbox.browsers import Browser
from sandbox.changes import Change
from sandbox.faults import Faults
from sandbox.handbook import Handbook
from sandbox.page_actions import checked, read_body
from sandbox.page_state import frames_of, state_of
from sandbox.socket_mode import SocketMode
from sandbox.web_api import Call, WebApi
from sandbox.workspace import Workspace

Json = dict[str, Any]


class _SocketsAction(BaseModel):
    model_config = ConfigDict(extra="forbid")

    action: Literal["drop", "deafen", "refresh"]


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
        """Everything but the page's files and what people do in it."""
        return [
            web.get("/page/state", self._state),
            web.get("/page/live", self._live),
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
        sockets = self._socket_mode.open_sockets
        for browser in list(self._browsers):
            for frame in frames_of(change, self._workspace, user=browser.user, sockets=sockets):
                browser.offer(frame)

    def push_sockets(self, sockets: int) -> None:
        """Tell every browser how many connections the app has."""
        for browser in list(self._browsers):
            browser.offer({"type": "app", "sockets": sockets})

    def close(self) -> None:
        """Say goodbye to every browser."""
        for browser in list(self._browsers):
            browser.cut()

    def _state_of(self, user: str) -> Json:
        return state_of(self._workspace, user=user, sockets=self._socket_mode.open_sockets)

    def _looking(self, request: web.Request) -> str:
        """Who looks; without a name, the first person of the company."""
        name = request.query.get("as")
        return self._workspace.person(name) if name else self._workspace.company.people[0].id

    # -- reading

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(self._state_of(self._looking(request)))

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

    # -- faults

    async def _faults_now(self, _request: web.Request) -> web.Response:
        return web.json_response(self._faults.model_dump(mode="json"))

    async def _set_faults(self, request: web.Request) -> web.Response:
        wanted = checked(Faults, self._faults.model_dump() | await read_body(request))
        for name in Faults.model_fields:
            setattr(self._faults, name, getattr(wanted, name))
        return web.json_response(self._faults.model_dump(mode="json"))

    async def _sockets(self, request: web.Request) -> web.Response:
        wanted, sockets = checked(_SocketsAction, await read_body(request)), self._socket_mode
        if wanted.action == "refresh":
            count = sockets.open_sockets
            sockets.start(sockets.refresh_sockets())
        else:
            count = sockets.drop_sockets() if wanted.action == "drop" else sockets.deafen_sockets()
        return web.json_response({"sockets": count})


def _call_json(call: Call) -> Json:
    return dataclasses.asdict(call) | {"arguments": dict(call.arguments)}
