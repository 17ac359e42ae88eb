"""The Messages API over HTTP, for tests and for a demo without a key; it behaves as badly as it is told.

It checks each request as the API would, answers from the request's own search results with citations,
and frames its stream as the API does. ``python -m tests.claude_stand_in --port 8100`` runs it alone; set
``ANTHROPIC_BASE_URL=http://127.0.0.1:8100`` to use it.
"""

import argparse
import asyncio
import base64
import contextlib
import itertools
import json
import socket
import struct
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.claude_answers import Block, Ending, Script, blocks_of, citation_of, content_of, is_rewriting

__all__ = ["ClaudeStandIn", "Ending", "Script", "claude_stand_in"]

ERRORS: dict[Ending, tuple[int, str]] = {
    "error": (500, "api_error"),
    "server_error": (500, "api_error"),
    "overloaded": (529, "overloaded_error"),
    "rate_limited": (429, "rate_limit_error"),
}
"""The HTTP status before the stream begins, and the kind that an ``error`` event names in mid-stream."""
PING_EVERY_S = 0.05
INPUT_TOKENS_PER_CHAR = 0.25


@dataclass
class ClaudeStandIn:
    """What it was asked, and what it shall do next.

    Attributes:
        scripts: for the next requests, in order; after them, ``default``.
        default: how requests without a script are answered.
        requests: the bodies of all requests.
        headers: their headers.
        streams_open: how many streams are being written.
        ended: when each stream ended, in Unix seconds, and what it answered.
        base_url: where it listens.
        lacks: request fields and block types that it refuses by name, as a server of one's own may;
            ``count_tokens``, too.
        refused: how many requests it did not take.
        counted: how often it was asked how many tokens a prompt is.
        spoilt: what it says of pictures whose bytes hold ``spoilt``.
        keeps: whether it keeps what is marked for its prompt cache, and counts it as read the next time.
    """

    scripts: deque[Script] = field(default_factory=deque)
    default: Script = field(default_factory=Script)
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    streams_open: int = 0
    ended: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    base_url: str = ""
    lacks: frozenset[str] = frozenset()
    spoilt: str = "Could not process image"
    keeps: bool = False
    refused: int = 0
    counted: int = 0
    _kept: set[str] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        complaint = complaint_about(request, body) or complaint_about_lacking(body, self.lacks)
        complaint = complaint or (self.spoilt if has_spoilt_picture(body) else None)
        if complaint is not None:
            self.refused += 1
            return error_response(400, "invalid_request_error", complaint)
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        scripted = bool(self.scripts) and not is_rewriting(body)
        script = self.scripts.popleft() if scripted else self.default
        if script.ending in ERRORS and script.http and not script.after_words:
            status, kind = ERRORS[script.ending]
            return error_response(status, kind, script.complaint, retry_after_s=script.retry_after_s)
        answer = blocks_of(body, script)
        if not body.get("stream"):
            return web.json_response(self._whole(body, answer))
        self.streams_open += 1
        try:
            stream = _Stream(request, body, script, number=next(self._numbers), cached=self._cached(body))
            return await stream.write(answer)
        finally:
            self.streams_open -= 1
            self.ended.append((time.time(), body))

    async def count_tokens(self, request: web.Request) -> web.StreamResponse:
        body = await _body(request)
        self.counted += 1
        if "count_tokens" in self.lacks:
            return error_response(404, "not_found_error", "there is nothing here")
        complaint = complaint_about_lacking(body, self.lacks)
        if complaint is not None:
            return error_response(400, "invalid_request_error", complaint)
        return web.json_response({"input_tokens": input_tokens(body)})

    def _cached(self, body: dict[str, Any]) -> dict[str, int]:
        """What of the marked instructions was written into the prompt cache, and what read from it."""
        marked = json.dumps([block for block in body.get("system", ()) if "cache_control" in block])
        if not self.keeps or marked == "[]":
            return {}
        known = marked in self._kept
        self._kept.add(marked)
        how = "cache_read_input_tokens" if known else "cache_creation_input_tokens"
        return {how: round(len(marked) * INPUT_TOKENS_PER_CHAR)}

    def _whole(self, body: dict[str, Any], answer: list[Block]) -> dict[str, Any]:
        words = [word for block in answer for word in block.words]
        content = [{"type": "text", "text": "".join(words)}]
        return message(body, number=next(self._numbers)) | {
            "content": content,
            "stop_reason": "end_turn",
            "usage": {"input_tokens": input_tokens(body), "output_tokens": len(words)},
        }


class _Stream:
    """One answer on its way out."""

    def __init__(
        self,
        request: web.Request,
        body: dict[str, Any],
        script: Script,
        *,
        number: int,
        cached: dict[str, int],
    ) -> None:
        self._request = request
        self._body = body
        self._script = script
        self._message = message(body, number=number)
        self._message["usage"] |= cached
        self._words = 0
        self._response = web.StreamResponse(
            headers={"content-type": "text/event-stream; charset=utf-8", "request-id": f"req_{number}"}
        )

    async def write(self, answer: list[Block]) -> web.StreamResponse:
        await self._response.prepare(self._request)
        await self._send("message_start", message=self._message)
        await self._send("ping")
        ended = self._over()
        for index, block in enumerate(answer):
            if ended:
                break
            ended = await self._block(index, block)
        await self._end()
        return self._response

    async def _block(self, index: int, block: Block) -> bool:
        start: dict[str, Any] = {"type": "text", "text": ""} | ({"citations": []} if block.cites else {})
        await self._send("content_block_start", index=index, content_block=start)
        for word in block.words:
            await self._send("content_block_delta", index=index, delta={"type": "text_delta", "text": word})
            self._words += 1
            if self._over():
                return True
            if self._script.pace_s:
                await asyncio.sleep(self._script.pace_s)
        if block.cites and self._script.citations != "none":
            citation = citation_of(self._body, block.cites, self._script)
            delta = {"type": "citations_delta", "citation": citation}
            await self._send("content_block_delta", index=index, delta=delta)
        await self._send("content_block_stop", index=index)
        return False

    def _over(self) -> bool:
        after = self._script.after_words
        return after is not None and self._words >= after

    async def _end(self) -> None:
        match self._script.ending:
            case "cut":
                await self._response.write_eof()
            case "no_stop":
                await self._send("message_stop")
            case "reset":
                transport = self._request.transport
                assert transport is not None
                reset = struct.pack("ii", 1, 0)
                transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                transport.abort()
            case "stall":
                while True:
                    await asyncio.sleep(PING_EVERY_S)
                    if self._script.pings:
                        await self._send("ping")
            case "error" | "overloaded" | "rate_limited" | "server_error":
                _, kind = ERRORS[self._script.ending]
                await self._send("error", error={"type": kind, "message": "as told"})
            case "ok" | "refusal" | "max_tokens":
                stop_reason = "end_turn" if self._script.ending == "ok" else self._script.ending
                await self._send(
                    "message_delta",
                    delta={"stop_reason": stop_reason, "stop_sequence": None},
                    usage={"output_tokens": self._words + 1},
                )
                await self._send("message_stop")

    async def _send(self, event: str, **fields: Any) -> None:
        data = json.dumps({"type": event} | fields)
        await self._response.write(f"event: {event}\ndata: {data}\n\n".encode())


async def _body(request: web.Request) -> dict[str, Any]:
    body = json.loads(await request.read())
    assert isinstance(body, dict)
    return body


def message(body: dict[str, Any], *, number: int) -> dict[str, Any]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": input_tokens(body),
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
        },
    }


def input_tokens(body: dict[str, Any]) -> int:
    return round(len(json.dumps(body.get("messages", []))) * INPUT_TOKENS_PER_CHAR)


def error_response(
    status: int, kind: str, said: str, *, retry_after_s: float | None = None
) -> web.StreamResponse:
    headers = {} if retry_after_s is None else {"retry-after": f"{retry_after_s:g}"}
    body = {"type": "error", "error": {"type": kind, "message": said}, "request_id": "req_0"}
    return web.json_response(body, status=status, headers=headers)


def complaint_about(request: web.Request, body: dict[str, Any]) -> str | None:
    """What the API would refuse this request for."""
    messages = body.get("messages") or []
    most = body.get("max_tokens")
    headers = request.headers
    demands = [
        (headers.get("x-api-key") or headers.get("authorization"), "x-api-key: header is required"),
        (headers.get("anthropic-version"), "anthropic-version: header is required"),
        (isinstance(body.get("model"), str), "model: Field required"),
        (isinstance(most, int) and most > 0, "max_tokens: must be at least 1"),
        (messages, "messages: at least one message is required"),
        (messages and messages[0].get("role") == "user", "messages: first message must use the user role"),
        (all(said.get("role") in ("user", "assistant") for said in messages), "messages: unexpected role"),
    ]
    unmet = [complaint for met, complaint in demands if not met]
    blocks = [block for said in messages for block in content_of(said)]
    return next(iter(unmet), None) or next(filter(None, map(complaint_about_block, blocks)), None)


def complaint_about_lacking(body: dict[str, Any], lacks: frozenset[str]) -> str | None:
    blocks = [block for said in body["messages"] for block in content_of(said)]
    used = {*body, *(str(block["type"]) for block in blocks)}
    used |= {"cache_control"} if "cache_control" in json.dumps(body.get("system", "")) else set()
    return next((f"unknown field or block: {name}" for name in sorted(used & lacks)), None)


def has_spoilt_picture(body: dict[str, Any]) -> bool:
    pictures = [block for said in body["messages"] for block in content_of(said) if block["type"] == "image"]
    return any(b"spoilt" in base64.b64decode(picture["source"]["data"]) for picture in pictures)


def complaint_about_block(block: dict[str, Any]) -> str | None:
    match block.get("type"):
        case "text":
            return None if block.get("text", "").strip() else "text content blocks must be non-empty"
        case "search_result":
            texts = block.get("content")
            if not block.get("source") or not isinstance(block.get("title"), str):
                return "search_result: source and title are required"
            if not isinstance(texts, list) or not texts:
                return "search_result: content is required"
            return next(filter(None, map(complaint_about_block, texts)), None)
        case "image":
            source = block.get("source") or {}
            known = source.get("media_type") in ("image/jpeg", "image/png", "image/gif", "image/webp")
            return (
                None if source.get("type") == "base64" and known and source.get("data") else "image: no image"
            )
        case other:
            return f"unexpected block type {other!r}"


@asynccontextmanager
async def claude_stand_in(*, port: int = 0, default: Script | None = None) -> AsyncIterator[ClaudeStandIn]:
    """Serve on loopback while the block lasts; port 0 takes a free one."""
    stand_in = ClaudeStandIn(default=default or Script())
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_post("/v1/messages", stand_in.messages)
    app.router.add_post("/v1/messages/count_tokens", stand_in.count_tokens)
    # A client that goes away cancels its handler, so that streams_open tells who is still listening.
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        stand_in.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield stand_in
    finally:
        await runner.cleanup()


async def run(port: int, pace_s: float) -> None:
    async with claude_stand_in(port=port, default=Script(pace_s=pace_s)) as stand_in:
        print(f"ANTHROPIC_BASE_URL={stand_in.base_url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--pace-s", type=float, default=0.03, help="seconds between two words")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(arguments.port, arguments.pace_s))
