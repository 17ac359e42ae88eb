"""Socket Mode: up to ten open sockets, envelopes, acknowledgement, redelivery.

An event goes to one of the open sockets, or to the app's request URL if it has one (``http_mode``). Where it
is not acknowledged within 3 s, or the socket is lost, it goes out again: at once, after one minute, after
five more; then Slack gives up. While no socket is open it waits for the next one. Interactions and commands
are sent once: Slack does not redeliver those.
"""

import asyncio
import itertools
import json
import time
import uuid
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

import structlog
from aiohttp import WSMsgType, web

from sandbox.faults import Faults
from sandbox.http_mode import Outcome, RequestUrl

Json = dict[str, Any]

MOST_SOCKETS = 10
"""Slack's limit for an app."""
MOST_PENDING = 10_000
"""Envelopes on their way at a time; more are dropped, loudly."""
MOST_REMEMBERED = 10_000
CONNECTION_S = 18_060
"""What Slack's hello says of how long a connection lasts, in seconds (about five hours)."""
CLOSE_WITHIN_S = 0.5
WARNED_S = 10.0
"""About so long before it closes a connection, Slack says so."""

CARRIES_ANSWER = {"slash_commands", "view_submission"}
"""What may be acknowledged with a body: a message, or what to do with the modal."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Redelivery:
    """When an event goes out again (Slack's Events API page)."""

    ack_within_s: float = 3.0
    delays_s: tuple[float, ...] = (0.0, 60.0, 300.0)
    socket_within_s: float = 3600.0
    """How long an event waits for a socket to open. Slack's own patience is shorter and not documented."""


SLACK_REDELIVERY = Redelivery()


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One envelope that was sent, and how it ended."""

    kind: str
    """The inner event's type, the interaction's, or ``slash_commands``."""
    event_id: str
    socket: int
    """Counted from 1; 0 where it went to the app's address."""
    attempt: int
    acknowledged: bool
    took_s: float
    """From sending it to the end of the wait for its acknowledgement."""


class _Socket:
    """One connection of the app."""

    def __init__(self, number: int, stream: web.WebSocketResponse, request: web.Request) -> None:
        self.number = number
        self.stream = stream
        self.transport = request.transport
        self.deaf = False
        self.waiting: dict[str, asyncio.Future[Json | None]] = {}

    async def send(self, message: Json) -> None:
        if not self.deaf:
            await self.stream.send_json(message)

    def lost(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_result(None)


class SocketMode:
    """The sockets of the one app, and what is on its way to it. Use as an async context manager."""

    def __init__(self, *, app_id: str, redelivery: Redelivery, faults: Faults) -> None:
        self.deliveries: deque[Delivery] = deque(maxlen=MOST_REMEMBERED)
        self._app_id = app_id
        self._redelivery = redelivery
        self._faults = faults
        self._sockets: list[_Socket] = []
        self._numbers = itertools.count(1)
        self._turn = itertools.count()
        self._opened = asyncio.Event()
        self._tickets: deque[str] = deque(maxlen=100)
        self._tasks: set[asyncio.Task[object]] = set()
        self._told_count: Callable[[int], None] | None = None
        self._request_url: RequestUrl | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        closing = [socket.stream.close(code=1001, message=b"going away") for socket in self._sockets]
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.gather(*closing, return_exceptions=True)
        self.drop_sockets()

    @property
    def open_sockets(self) -> int:
        """How many connections the app has."""
        return len(self._sockets)

    @property
    def connected(self) -> bool:
        """Whether there is any way to the app."""
        return bool(self._sockets) or self._request_url is not None

    async def send_to(self, request_url: RequestUrl) -> None:
        """From now on everything goes to this address, once the app has shown that it is its own.

        Raises:
            SlackError: ``url_verification_failed``.
        """
        await request_url.verify(within_s=self._redelivery.ack_within_s)
        self._request_url = request_url

    def on_count(self, told: Callable[[int], None]) -> None:
        """Have ``told`` called with the number of open connections whenever it changes."""
        self._told_count = told

    def _count_changed(self) -> None:
        if self._told_count is not None:
            self._told_count(len(self._sockets))

    def new_ticket(self) -> str:
        """What ``apps.connections.open`` puts into its address: good for one connection."""
        ticket = uuid.uuid4().hex
        self._tickets.append(ticket)
        return ticket

    # -- sending

    def deliver_event(self, payload: Json) -> None:
        """Send an event's payload until it is acknowledged or Slack would give up."""
        self.start(self._deliver_event(payload))

    async def ask(self, payload: Json, *, kind: str = "interactive") -> Json | None:
        """Send an interaction or a command once: gives the acknowledgement's body, None where none came."""
        if not self.connected:
            return None
        return (await self._send(payload, kind=kind, attempt=0)).answer

    def start(self, sending: Coroutine[Any, Any, object]) -> None:
        """Have something sent in the background; nobody hears what came of it."""
        if len(self._tasks) >= MOST_PENDING:
            sending.close()
            log.warning("an envelope was dropped: too many are on their way", most=MOST_PENDING)
            return
        task = asyncio.get_running_loop().create_task(sending)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver_event(self, payload: Json) -> None:
        reason = ""
        for attempt, delay_s in enumerate((0.0, *self._redelivery.delays_s)):
            if delay_s:
                await asyncio.sleep(delay_s)
            sent = await self._send(payload, kind="events_api", attempt=attempt, reason=reason)
            if sent.answer is not None:
                break
            if not sent.retried:
                return
            reason = sent.reason
        else:
            log.warning("an event was given up: the app never acknowledged it", event_id=payload["event_id"])
            return
        for repeat in range(1, self._faults.repeat_events + 1):
            await self._send(payload, kind="events_api", attempt=repeat, reason="http_timeout")

    async def _send(self, payload: Json, *, kind: str, attempt: int, reason: str = "") -> Outcome:
        """One attempt, over a socket or to the app's address."""
        if self._request_url is None:
            return Outcome(answer=await self._send_over_socket(payload, kind=kind, attempt=attempt))
        sent_at, within_s = time.monotonic(), self._redelivery.ack_within_s
        sent = await self._request_url.send(
            payload, kind=kind, attempt=attempt, reason=reason, within_s=within_s
        )
        acknowledged, took_s = sent.answer is not None, time.monotonic() - sent_at
        self._remember(payload, socket=0, attempt=attempt, acknowledged=acknowledged, took_s=took_s)
        return sent

    async def _send_over_socket(self, payload: Json, *, kind: str, attempt: int) -> Json | None:
        """Gives the acknowledgement's body, empty where it has none; None where none came."""
        socket = await self._next_socket()
        if socket is None:
            return None
        envelope: Json = {
            "envelope_id": str(uuid.uuid4()),
            "payload": payload,
            "type": kind,
            "accepts_response_payload": payload.get("type", kind) in CARRIES_ANSWER,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
        acknowledged: asyncio.Future[Json | None] = asyncio.get_running_loop().create_future()
        socket.waiting[envelope["envelope_id"]] = acknowledged
        sent_at = time.monotonic()
        try:
            async with asyncio.timeout(self._redelivery.ack_within_s):
                await socket.send(envelope)
                answer = await acknowledged
        except (TimeoutError, ConnectionError):
            answer = None
        finally:
            del socket.waiting[envelope["envelope_id"]]
        took_s = time.monotonic() - sent_at
        self._remember(
            payload, socket=socket.number, attempt=attempt, acknowledged=answer is not None, took_s=took_s
        )
        return answer

    async def _next_socket(self) -> _Socket | None:
        """The sockets take turns; None where none opens in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._redelivery.socket_within_s):
                while not self._sockets:
                    self._opened.clear()
                    await self._opened.wait()
                return self._sockets[next(self._turn) % len(self._sockets)]
        return None

    def _remember(
        self, payload: Json, *, socket: int, attempt: int, acknowledged: bool, took_s: float
    ) -> None:
        self.deliveries.append(
            Delivery(
                kind=payload.get("event", payload).get("type", "slash_commands"),
                event_id=payload.get("event_id", ""),
                socket=socket,
                attempt=attempt,
                acknowledged=acknowledged,
                took_s=took_s,
            )
        )

    # -- the app's side

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """An app connects with a ticket."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(
                status=401, text="This ticket is unknown or used; call apps.connections.open."
            )
        self._tickets.remove(ticket)
        stream = web.WebSocketResponse(autoping=False)
        await stream.prepare(request)
        if len(self._sockets) >= MOST_SOCKETS:
            await stream.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await stream.close()
            return stream
        socket = _Socket(next(self._numbers), stream, request)
        await socket.send(self._hello())
        self._sockets.append(socket)
        self._opened.set()
        self._count_changed()
        try:
            await self._listen(socket)
        finally:
            self._sockets.remove(socket)
            socket.lost()
            self._count_changed()
        return stream

    async def _listen(self, socket: _Socket) -> None:
        async for message in socket.stream:
            if socket.deaf:
                continue
            if message.type is WSMsgType.PING:
                with suppress(ConnectionError):
                    await socket.stream.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                _acknowledge(socket, message.data)

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self._sockets) + 1,
            "debug_info": {"host": "sandbox", "approximate_connection_time": CONNECTION_S},
            "connection_info": {"app_id": self._app_id},
        }

    # -- faults

    def drop_sockets(self) -> int:
        """Close every connection's TCP side without a word; gives how many there were."""
        for socket in self._sockets:
            if socket.transport is not None:
                socket.transport.abort()
        return len(self._sockets)

    async def refresh_sockets(self, *, warned_s: float = WARNED_S) -> int:
        """Tell every connection that it will end, and end it so much later, as Slack does every few hours.

        Gives how many there were.
        """
        refreshed = list(self._sockets)
        await self._disconnect(refreshed, "warning")
        await asyncio.sleep(warned_s)
        left = [socket for socket in refreshed if socket in self._sockets]
        await self._disconnect(left, "refresh_requested")
        for socket in left:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await socket.stream.close()
        return len(refreshed)

    async def _disconnect(self, sockets: list[_Socket], reason: str) -> None:
        for socket in sockets:
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await socket.send(
                        {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
                    )

    def deafen_sockets(self) -> int:
        """Every connection stays open and falls silent, pings included; gives how many there are."""
        for socket in self._sockets:
            socket.deaf = True
        return len(self._sockets)


def _acknowledge(socket: _Socket, data: str) -> None:
    """The app's answer names the envelope; anything else is none of ours."""
    with suppress(ValueError):
        answer = json.loads(data)
        future = socket.waiting.get(str(answer.get("envelope_id"))) if isinstance(answer, dict) else None
        if future is not None and not future.done():
            body = answer.get("payload")
            future.set_result(body if isinstance(body, dict) else {})
