"""Real routes and real replies, held against manifests/openapi.yaml."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from aiohttp import web
from nats.aio.client import Client

from bot.slack.manifest import EVENTS_PATH
from bot.web.aiohttp_callers import Callers
from bot.web.aiohttp_health import health_routes
from bot.web.aiohttp_page import page_routes
from bot.web.aiohttp_search import Search
from bot.web.keys import Keyring
from bot.web.service import api_routes
from retrieval.client import RetrievalClient
from tests.contract.web.conftest import PEOPLE_KEY, QUESTION, Face
from wire.aiohttp_metrics import metrics_route
from wire.nats_audit import NatsAudit

MANIFEST = yaml.safe_load((Path(__file__).parents[3] / "manifests" / "openapi.yaml").read_text())


def fits(name: str, data: Any) -> None:
    schema = {"$ref": f"#/components/schemas/{name}", "components": MANIFEST["components"]}
    jsonschema.Draft202012Validator(schema).validate(data)


async def nothing() -> bytes:
    return b""


async def no_page(_: web.Request) -> web.Response:
    return web.Response()


async def test_every_route_is_told_of_and_no_other(face: Face, client: Client) -> None:
    callers = Callers(Keyring({}), origins=(), open_here=False)
    search = Search(retrieval=RetrievalClient(client), quota=None, audit=NatsAudit(client))
    routes = [
        *health_routes({}),
        *api_routes(callers=callers, streams=face.streams, search=search),
        *page_routes(origins=()),
        metrics_route(nothing, token=None, host="127.0.0.1"),
        web.post(EVENTS_PATH, no_page),
    ]
    served = {
        (route.path, route.method.lower())
        for route in routes
        if route.method != "OPTIONS" and not route.path.startswith("/ask/")
    }
    told = {(path, method) for path, methods in MANIFEST["paths"].items() for method in methods}
    assert served == told


async def test_events_of_an_answer_are_as_the_schema_says(face: Face) -> None:
    for event in await face.ask():
        fits("AnswerEvent", event.data)
    fits("AnswerRequest", {"question": QUESTION, "conversation": [{"role": "user", "text": "Hello"}]})


async def test_what_a_search_finds_is_as_the_schema_says(face: Face) -> None:
    fits("SearchRequest", {"query": QUESTION})
    post = face.session.post(f"{face.url}/v1/search", json={"query": QUESTION}, headers=face.headers)
    async with post as reply:
        fits("SearchReply", await reply.json())


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Authorization": "Bearer nobody's-key-at-all"}, {"question": "?"}, 401),
        ({}, {}, 400),
        ({}, {"question": "?", "principals": ["group:S9"]}, 403),
        ({"Last-Event-ID": "gone.1"}, {}, 410),
        ({}, {"question": "x" * 9000}, 413),
    ],
)
async def test_errors_are_as_the_schema_says(
    face: Face, headers: dict[str, str], body: dict[str, Any], status: int
) -> None:
    told = MANIFEST["paths"]["/v1/answers"]["post"]["responses"]
    post = face.session.post(f"{face.url}/v1/answers", json=body, headers=face.headers | headers)
    async with post as reply:
        assert (reply.status, str(reply.status) in told) == (status, True)
        fits("ErrorReply", await reply.json())


async def test_a_used_up_quota_is_as_the_schema_says(face: Face) -> None:
    face.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    for _ in range(2):
        await face.ask()
    async with face.asking() as reply:
        assert reply.status == 429
        fits("ErrorReply", await reply.json())
