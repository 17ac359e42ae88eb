"""``POST /v1/answers``: an answer as Server-Sent Events; ``Last-Event-ID`` goes on with one.

An answer that ends before it began (a quota, a question too long) is an HTTP error; later it is an event.
"""

import re
from dataclasses import dataclass

from aiohttp import web

from bot.web.aiohttp_callers import Caller, error_response, json_body
from bot.web.aiohttp_reading import SEND_WITHIN_S, ReaderGoneError, keep_little, send_all
from bot.web.asking import question_of
from bot.web.http_errors import status_of_failed
from bot.web.readable import Numbered, Readable
from bot.web.streams import AnswerStreams
from wire.answers import Failed
from wire.asking import AnswerRequest
from wire.errors import MalformedError
from wire.shapes import read_shape

FIRST_WITHIN_S = 60.0
COME_BACK_MS = 500
"""When a reader that was cut off should come back: long before its answer ends for want of readers."""
_EVENT_ID = re.compile(r"([\w-]{1,64})\.(\d{1,9})", re.ASCII)


def event_id(stream: Readable, event: Numbered) -> str:
    """Names an event, for whoever wants to go on after it."""
    return f"{stream.id}.{event.number}"


async def find_after(name: str, *, streams: AnswerStreams, caller: Caller) -> tuple[Readable, int]:
    """The answer that an event's name belongs to, and the event's number.

    Raises:
        MalformedError: no such name.
        NotHereError: no such answer.
    """
    named = _EVENT_ID.fullmatch(name)
    if named is None:
        raise MalformedError("Last-Event-ID: must be the id of an event of an answer")
    return await find(named[1], streams=streams, caller=caller), int(named[2])


async def find(name: str, *, streams: AnswerStreams, caller: Caller) -> Readable:
    """This caller's answer of that name, whichever bot writes it.

    Raises:
        NotHereError: no such answer.
    """
    return await streams.find(name, owner=caller.holder.name, principals=caller.holder.principals)


@dataclass(frozen=True, kw_only=True)
class AnswersOverSse:
    """Serves answers.

    Attributes:
        streams: the answers.
        send_within_s: how long a reader may take nothing.
    """

    streams: AnswerStreams
    send_within_s: float = SEND_WITHIN_S

    async def answer(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """Begin an answer, or go on with one."""
        if last := request.headers.get("Last-Event-ID"):
            stream, after = await find_after(last, streams=self.streams, caller=caller)
        else:
            asked = read_shape(AnswerRequest, await json_body(request, caller))
            question = question_of(asked, holder=caller.holder)
            stream, after = self.streams.ask(question, owner=caller.holder.name, on_record=True), 0
        with stream.reading():
            if not after and (ending := await _ended_at_once(stream)) is not None:
                status, body = status_of_failed(ending)
                return error_response(status, body, headers=caller.headers)
            return await self._stream(request, caller, stream, after)

    async def stop(self, request: web.Request, caller: Caller) -> web.StreamResponse:
        """End an answer now."""
        stream = await find(request.match_info["id"], streams=self.streams, caller=caller)
        await stream.cancel()
        return web.Response(status=204, headers=caller.headers)

    async def _stream(
        self, request: web.Request, caller: Caller, stream: Readable, after: int
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={**caller.headers, "X-Accel-Buffering": "no"})
        response.content_type, response.charset = "text/event-stream", "utf-8"
        keep_little(request)

        async def send(event: Numbered) -> None:
            lines = f"id: {event_id(stream, event)}\nevent: {event.event.event}\ndata: {event.json}\n\n"
            await response.write(lines.encode())

        async def beat() -> None:
            await response.write(b": still here\n\n")

        try:
            await response.prepare(request)
            await response.write(f"retry: {COME_BACK_MS}\n\n".encode())
            await send_all(
                stream, request, after=after, send=send, beat=beat, send_within_s=self.send_within_s
            )
            await response.write_eof()
        except (ReaderGoneError, OSError):
            response.force_close()
        return response


async def _ended_at_once(stream: Readable) -> Failed | None:
    """Wait for the first event; gives it where it is the last one too, and an error."""
    first = await stream.after(0, within_s=FIRST_WITHIN_S)
    return first[0].event if first and isinstance(first[0].event, Failed) else None
