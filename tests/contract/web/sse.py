"""Server-Sent Events as a client reads them."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
from pydantic import TypeAdapter

from wire.answers import AnswerEvent
from wire.shapes import read_shape

ANSWER_EVENT: TypeAdapter[AnswerEvent] = TypeAdapter(AnswerEvent)


@dataclass(frozen=True)
class Event:
    """One of them."""

    id: str
    name: str
    data: dict[str, Any]


async def events_of(reply: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    """Every event until the stream ends, each held against the wire's shape."""
    fields: dict[str, str] = {}
    async for raw in reply.content:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            event = read_shape(ANSWER_EVENT, fields["data"])
            assert event.event == fields["event"]
            yield Event(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}
