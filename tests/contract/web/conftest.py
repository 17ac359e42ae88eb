"""The HTTP API over the real pipeline, NATS and Valkey; the worker and the Messages API stood in for."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from nats.aio.client import Client

from bot.answering.answering import Answering, Limits
from bot.answering.claude_model import claude
from bot.answering.quota import OwnLimits, QuotaLimits
from bot.answering.tiktoken_tokens import TiktokenTokens
from bot.answering.valkey_connection import valkey
from bot.answering.valkey_quota import ValkeyQuota
from bot.web.aiohttp_callers import Callers
from bot.web.aiohttp_page import page_routes
from bot.web.aiohttp_search import Search
from bot.web.aiohttp_server import serving_http
from bot.web.keys import Keyring
from bot.web.service import api_routes
from bot.web.streams import AnswerStreams
from bot.web.valkey_records import ValkeyRecords
from retrieval.client import RetrievalClient
from tests.claude_stand_in import ClaudeStandIn, claude_stand_in
from tests.contract.answering.telling import GERMANY, PATIENT_SLICES
from tests.contract.web.sse import Event, events_of
from tests.retrieval_stand_in import RetrievalStandIn, passage, retrieval_stand_in
from wire.key_settings import ApiKey, key_hash
from wire.nats_audit import NatsAudit

KEY = "adk_the-intranet-s-own-key-0001"
PEOPLE_KEY = "adk_the-people-team-s-key-0002"
QUESTION = "How many months of parental leave do parents get in Germany?"
LISTED = "https://intranet.example.com"
HURRIED = QuotaLimits(own={"key:people": OwnLimits(requests_per_minute=2)}, person_per_day=50_000)


@dataclass(kw_only=True)
class Face:
    """The API as a program of somebody else's has it."""

    url: str
    session: aiohttp.ClientSession
    streams: AnswerStreams
    claude: ClaudeStandIn
    retrieval: RetrievalStandIn
    quota: ValkeyQuota
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {KEY}"})

    @asynccontextmanager
    async def asking(
        self, question: str = QUESTION, *, last: str | None = None, **more: object
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The reply, to be read while the block lasts."""
        headers = self.headers | ({"Last-Event-ID": last} if last else {})
        body = {"question": question, **more}
        async with self.session.post(f"{self.url}/v1/answers", json=body, headers=headers) as reply:
            yield reply

    async def ask(
        self, question: str = QUESTION, *, last: str | None = None, **more: object
    ) -> Sequence[Event]:
        """The whole answer."""
        async with self.asking(question, last=last, **more) as reply:
            assert reply.status == 200, await reply.text()
            return [event async for event in events_of(reply)]


@asynccontextmanager
async def serving_api(
    streams: AnswerStreams, client: Client, quota: ValkeyQuota | None, *, open_here: bool = False
) -> AsyncIterator[str]:
    keys = {
        "intranet": ApiKey(sha256=key_hash(KEY)),
        "people": ApiKey(sha256=key_hash(PEOPLE_KEY), principals=("public", "group:S1")),
    }
    callers = Callers(Keyring(keys), origins=[LISTED], open_here=open_here)
    search = Search(retrieval=RetrievalClient(client), quota=quota, audit=NatsAudit(client))
    routes = [*api_routes(callers=callers, streams=streams, search=search), *page_routes(origins=[LISTED])]
    async with serving_http(host="127.0.0.1", port=0, routes=routes) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def tokens() -> TiktokenTokens:
    return TiktokenTokens.open()


@pytest.fixture
async def face(client: Client, valkey_url: str, tokens: TiktokenTokens) -> AsyncIterator[Face]:
    limits = Limits(
        question_chars=4000,
        prompt_tokens=12_000,
        answer_tokens=500,
        answer_within_s=60.0,
        relevance_floor=0.25,
    )
    async with (
        retrieval_stand_in(client) as retrieval,
        claude_stand_in() as api,
        claude(name="claude-sonnet-5-5", api_key="k", base_url=api.base_url) as model,
        valkey(valkey_url, silent_slices=PATIENT_SLICES) as connection,
        aiohttp.ClientSession() as session,
    ):
        retrieval.put(passage(GERMANY))
        quota = ValkeyQuota(connection, limits=HURRIED)
        answering = Answering(
            retrieval=RetrievalClient(client), model=model, count=tokens.count, limits=limits, quota=quota
        )
        streams = AnswerStreams(answering, records=ValkeyRecords(connection), alone_s=1.0)
        async with serving_api(streams, client, quota) as url:
            yield Face(
                url=url, session=session, streams=streams, claude=api, retrieval=retrieval, quota=quota
            )
            await streams.drain()
        await answering.settled()
