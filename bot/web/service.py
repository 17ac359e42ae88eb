"""The API, put together: over HTTP and NATS, before the one pipeline."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager

from aiohttp import web
from nats.aio.client import Client

from bot.answering.quota import Quota
from bot.web.aiohttp_answers import AnswersOverSse
from bot.web.aiohttp_callers import Callers
from bot.web.aiohttp_page import page_routes
from bot.web.aiohttp_search import Search
from bot.web.aiohttp_server import serving_http
from bot.web.aiohttp_websocket import AnswersOverWebSocket
from bot.web.keys import Keyring
from bot.web.nats_answers import answering_over_nats
from bot.web.records import Records
from bot.web.streams import Answers, AnswerStreams
from retrieval.client import RetrievalClient
from wire.audit import Audit
from wire.settings import Settings


def origins_of(settings: Settings) -> list[str]:
    """Of pages that may ask, and embed ours."""
    return [origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()]


def callers_of(settings: Settings) -> Callers:
    """Who may ask over HTTP."""
    return Callers(
        Keyring(settings.api_keys),
        origins=origins_of(settings),
        open_here=settings.api_open,
    )


@asynccontextmanager
async def serving_web(
    settings: Settings,
    client: Client,
    *,
    answers: Answers,
    retrieval: RetrievalClient,
    quota: Quota | None,
    records: Records,
    audit: Audit,
    routes: Iterable[web.AbstractRouteDef],
) -> AsyncIterator[int]:
    """Serve the API, and these routes beside it, while the block lasts; gives the port.

    Args:
        settings: where, and who may ask.
        client: for programs that ask over NATS instead.
        answers: the pipeline.
        retrieval: finds passages.
        quota: how often each may search; the pipeline has its own.
        records: where answers stand for other bots.
        audit: takes note of searches; the pipeline takes its own notes.
        routes: what else is served.

    Raises:
        SettingsError: the port is taken.
    """
    callers, streams = callers_of(settings), AnswerStreams(answers, records=records)
    search = Search(retrieval=retrieval, quota=quota, audit=audit)
    api = api_routes(callers=callers, streams=streams, search=search)
    page = page_routes(origins=origins_of(settings))
    host, port = settings.http_host, settings.http_port
    async with (
        serving_http(host=host, port=port, routes=[*routes, *api, *page]) as chosen,
        answering_over_nats(client, streams),
    ):
        try:
            yield chosen
        finally:
            await streams.drain()


def api_routes(*, callers: Callers, streams: AnswerStreams, search: Search) -> Sequence[web.RouteDef]:
    """``/v1``, as manifests/openapi.yaml describes it."""
    sse = AnswersOverSse(streams=streams)
    websocket = AnswersOverWebSocket(streams=streams)
    return [
        web.post("/v1/answers", callers.protecting(sse.answer)),
        web.get("/v1/answers/ws", callers.protecting(websocket.converse)),
        web.delete("/v1/answers/{id}", callers.protecting(sse.stop)),
        web.post("/v1/search", callers.protecting(search.search)),
        *(web.options(path, callers.preflight) for path in ("/v1/answers", "/v1/answers/{id}", "/v1/search")),
    ]
