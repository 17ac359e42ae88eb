"""``GET /v1/answers/ws``: the same events over a WebSocket, one question at a time.

A reader sends ``{"question": ...}``, ``{"stop": true}``, or ``{"resume": "<an event's id>"}``. Whoever closes
the socket in the middle of an answer has stopped it; one that is merely lost is waited for.
"""

import asyncio
import contextlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import WSCloseCode, WSMsgType, web

from bot.web.aiohttp_answers import event_id, find_after
from bot.web.aiohttp_callers import BODY_BYTES, SUBPROTOCOL, Caller
from bot.web.aiohttp_reading import HEARTBEAT_S, SEND_WITHIN_S, ReaderGoneError, keep_little, send_all
from bot.web.asking import question_of
from bot.web.http_errors import status_of
from bot.web.readable import Numbered, Readable
from bot.web.streams import AnswerStreams
from wire.asking import AnswerRequest
from wire.errors import AnswerdeskError, UnavailableError
from wire.shapes import Shape, read_shape
from wire.stopping import stopped

OPEN_AT_ONCE = 400
OPEN_FOR_ONE = 100
"""Of one key, so that one program's leave room for the others'."""
IDLE_S = 600.0
"""How long a socket may wait for its next question."""

_ONE_AT_A_TIME = b'one question at a time; only {"stop": true} may come before its answer has ended'


class Resume(Shape):
    """Go on after this event."""

    resume: str


class Stop(Shape):
    """End the answer that is being written."""

    stop: Literal[True]


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """What a reader has said while it was told an answer: its next question, or what it may not say."""

    question: str | None = None
    complaint: bytes | None = None


@dataclass(kw_only=True)
class AnswersOverWebSocket:
    """Serves answers.

    Attributes:
        streams: the answers.
        send_within_s: how long a reader may take nothing.
    """

    streams: AnswerStreams
    send_within_s: float = SEND_WITHIN_S
    _open: Counter[str] = field(default_factory=Counter)

    async def converse(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """Answer one question after another until the socket closes."""
        response = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=BODY_BYTES, protocols=(SUBPROTOCOL,), timeout=2.0
        )
        await response.prepare(request)
        name = caller.holder.name
        if self._open.total() >= OPEN_AT_ONCE or self._open[name] >= OPEN_FOR_ONE:
            await response.close(code=WSCloseCode.TRY_AGAIN_LATER, message=b"too many connections")
            return response
        self._open[name] += 1
        try:
            keep_little(request)
            await self._questions(request, response, caller)
        except (ReaderGoneError, OSError):
            pass  # there is nobody left to tell
        finally:
            self._open[name] -= 1
        return response

    async def _questions(self, request: web.Request, response: web.WebSocketResponse, caller: Caller) -> None:
        early: str | None = None
        while (data := early or await _next(response, within_s=IDLE_S)) is not None:
            early = None
            if "stop" in _fields(data):
                continue  # it crossed the answer's end
            try:
                stream, after = await self._begun(data, caller)
            except AnswerdeskError as error:
                _, body = status_of(error)
                await response.send_str(json.dumps({"event": "error", **body.model_dump()}))
                continue
            with stream.reading():
                heard = await self._answer(request, response, stream, after)
            if heard.complaint is not None:
                await response.close(code=WSCloseCode.POLICY_VIOLATION, message=heard.complaint)
            early = heard.question

    async def _begun(self, data: str, caller: Caller) -> tuple[Readable, int]:
        if "resume" in _fields(data):
            last = read_shape(Resume, data).resume
            return await find_after(last, streams=self.streams, caller=caller)
        question = question_of(read_shape(AnswerRequest, data), holder=caller.holder)
        return self.streams.ask(question, owner=caller.holder.name, on_record=True), 0

    async def _answer(
        self, request: web.Request, response: web.WebSocketResponse, stream: Readable, after: int
    ) -> _Heard:
        async def send(event: Numbered) -> None:
            await response.send_str(json.dumps({"id": event_id(stream, event), **json.loads(event.json)}))

        async def beat() -> None:
            """The socket's own pings are."""

        hearing = asyncio.create_task(_hear(response, stream), name="a reader's words")
        try:
            await send_all(
                stream, request, after=after, send=send, beat=beat, send_within_s=self.send_within_s
            )
        finally:
            await stopped(hearing)
        return _Heard() if hearing.cancelled() else hearing.result()


async def _hear(response: web.WebSocketResponse, stream: Readable) -> _Heard:
    """Stop the answer when its reader says so or closes the socket."""
    data = await _next(response, within_s=None)
    if data is None:
        if response.close_code not in (None, WSCloseCode.ABNORMAL_CLOSURE):
            await _cancel(stream)
        return _Heard()
    if stream.ended:
        return _Heard(question=data)
    await _cancel(stream)
    with contextlib.suppress(AnswerdeskError):
        read_shape(Stop, data)
        return _Heard()
    return _Heard(complaint=_ONE_AT_A_TIME)


async def _cancel(stream: Readable) -> None:
    # Where the bot that writes it can't be told, it hears in a moment that nobody reads it any more.
    with contextlib.suppress(UnavailableError):
        await stream.cancel()


async def _next(response: web.WebSocketResponse, *, within_s: float | None) -> str | None:
    """The next text that the reader sends; None once the socket is closed, or silent for too long."""
    try:
        async with asyncio.timeout(within_s):
            message = await response.receive()
    except TimeoutError:
        await response.close(code=WSCloseCode.GOING_AWAY, message=b"nothing was asked for a while")
        return None
    if message.type is WSMsgType.TEXT:
        return str(message.data)
    if message.type is WSMsgType.BINARY:
        await response.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b"questions are text")
    return None


def _fields(data: str) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}
