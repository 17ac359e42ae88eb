"""Retrieval as a NATS service: wires the use case over what the process has opened."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from retrieval.encoding import Encoder
from retrieval.heads import Heads
from retrieval.index import Index
from retrieval.metering import UNMETERED, SearchMeter
from retrieval.nats_backlog import open_backlog
from retrieval.search import Search
from retrieval.tuning import USUAL, Tuning
from wire import subjects
from wire.nats_service import serving
from wire.opentelemetry_spans import current
from wire.search import PassagesReply, PassagesRequest, SearchReply, SearchRequest
from wire.shapes import read_shape

AT_ONCE = 16
"""Requests in hand at a time; the encoder takes them in turn, so more would only wait further in."""
ANSWER_WITHIN_S = 5.0


@asynccontextmanager
async def serving_retrieval(
    client: Client,
    *,
    index: Index,
    encoder: Encoder,
    heads: Heads,
    tuning: Tuning = USUAL,
    meter: SearchMeter = UNMETERED,
) -> AsyncIterator[None]:
    """Serve ``retrieval.search`` and ``retrieval.passages`` for as long as the block lasts."""
    async with open_backlog(client) as backlog:
        search = Search(index=index, encoder=encoder, heads=heads, backlog=backlog, tuning=tuning)

        async def find(data: bytes) -> SearchReply:
            try:
                reply = await search.search(read_shape(SearchRequest, data))
            except BaseException as error:
                meter.failed(type(error).__name__)
                raise
            meter.searched(reply.timings_ms, passages=len(reply.passages))
            took = {f"answerdesk.{stage}_ms": spent for stage, spent in reply.timings_ms}
            current().note(took | {"answerdesk.passages": len(reply.passages)})
            return reply

        async def look_up(data: bytes) -> PassagesReply:
            return await search.passages(read_shape(PassagesRequest, data))

        endpoints = {subjects.RETRIEVAL_SEARCH: find, subjects.RETRIEVAL_PASSAGES: look_up}
        async with serving(
            client, name="retrieval", endpoints=endpoints, at_once=AT_ONCE, within_s=ANSWER_WITHIN_S
        ):
            yield
