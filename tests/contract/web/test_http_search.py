"""Searches over HTTP: passages under the principals of the asker's key."""

import json
from typing import Any

from nats.aio.client import Client

from bot.answering.valkey_connection import valkey
from bot.answering.valkey_quota import ValkeyQuota
from tests.contract.web.conftest import HURRIED, PEOPLE_KEY, QUESTION, Face, serving_api
from tests.retrieval_stand_in import passage
from wire.nats_audit import NatsAudit
from wire.search import SearchReply
from wire.shapes import read_shape


async def search(face: Face, **fields: Any) -> tuple[int, bytes]:
    async with face.session.post(f"{face.url}/v1/search", json=fields, headers=face.headers) as reply:
        return reply.status, await reply.read()


async def test_passages_come_best_first_and_as_everybody_without_saying_who_reads(face: Face) -> None:
    status, body = await search(face, query=QUESTION)
    assert status == 200
    assert "14 months" in read_shape(SearchReply, body).passages[0].text
    assert face.retrieval.searches[0].principals == ("public",)


async def test_what_a_key_is_not_bound_to_is_not_searched(face: Face) -> None:
    """Promise 28."""
    face.retrieval.put(passage("Salary bands", document="bands"), allow=frozenset({"group:S1"}))
    status, body = await search(face, query="salary bands", principals=["group:S1"])
    assert (status, json.loads(body)["error"]["code"]) == (403, "not_allowed")
    assert face.retrieval.searches == []
    face.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    status, body = await search(face, query="salary bands")
    assert b"Salary bands" in body


async def test_what_is_no_search_is_said_to_be_none(face: Face) -> None:
    wrong: list[dict[str, Any]] = [
        {},
        {"query": ""},
        {"query": "x", "limit": 0},
        {"query": "x", "limit": "8"},
    ]
    for fields in wrong:
        status, body = await search(face, **fields)
        assert (status, json.loads(body)["error"]["code"]) == (400, "malformed"), fields


async def test_brackets_without_end_are_no_search(face: Face) -> None:
    post = face.session.post(f"{face.url}/v1/search", data=b"[" * 100_000, headers=face.headers)
    async with post as reply:
        assert (reply.status, (await reply.json())["error"]["code"]) == (400, "malformed")


async def test_searches_count_among_what_a_key_may_ask(face: Face) -> None:
    face.headers = {"Authorization": f"Bearer {PEOPLE_KEY}"}
    assert [(await search(face, query="leave"))[0] for _ in range(3)] == [200, 200, 429]


async def test_quotas_that_are_away_are_no_reason_not_to_search(client: Client, face: Face) -> None:
    """Promise 24, of searches: they cost nothing, and nobody is counted meanwhile."""
    async with valkey("redis://127.0.0.1:1/0") as nowhere:
        quota = ValkeyQuota(nowhere, limits=HURRIED)
        async with serving_api(face.streams, client, quota) as url:
            face.url, face.headers = url, {"Authorization": f"Bearer {PEOPLE_KEY}"}
            assert (await search(face, query="parental leave"))[0] == 200


async def test_an_index_that_is_away_is_a_503_that_says_when_to_come_back(face: Face) -> None:
    face.retrieval.away = True
    post = face.session.post(f"{face.url}/v1/search", json={"query": "leave"}, headers=face.headers)
    async with post as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "10")
        assert (await reply.json())["error"]["code"] == "retrieval_unavailable"


async def test_who_was_shown_what_is_noted_without_a_word_of_it(face: Face, client: Client) -> None:
    assert (await search(face, query="parental leave"))[0] == 200
    [line] = [entry async for entry in NatsAudit(client).entries()]
    assert (line.action, line.person, line.face) == ("searched", "key:intranet", "api")
    assert [document.document for document in line.documents] == ["leave-policy"]
    assert b"parental" not in line.to_json()
