"""Who is let in over HTTP. Promise 37: whoever is not gets a 401, and nothing has happened."""

import itertools
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from tests.contract.web.conftest import KEY, LISTED, QUESTION, Face, serving_api

NO_KEYS = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": f"Bearer {KEY}x"},
    {"Authorization": f"Bearer {KEY[:-1]}"},
    {"Authorization": f"Basic {KEY}"},
    {"Authorization": f"Bearer {KEY}, Bearer {KEY}"},
    {"X-Api-Key": KEY},
]
ROUTES = [
    ("POST", "/v1/answers"),
    ("POST", "/v1/search"),
    ("DELETE", "/v1/answers/abc"),
    ("GET", "/v1/answers/ws"),
]


async def test_without_a_right_key_nothing_happens(face: Face) -> None:
    body = {"question": QUESTION, "query": QUESTION}
    for (method, path), headers in itertools.product(ROUTES, NO_KEYS):
        async with face.session.request(method, f"{face.url}{path}", json=body, headers=headers) as reply:
            assert reply.status == 401, (path, headers)
            assert reply.headers["WWW-Authenticate"].startswith("Bearer")
            assert (await reply.json())["error"]["code"] == "not_allowed"
    assert (face.retrieval.searches, face.claude.requests, face.streams.open) == ([], [], 0)


async def test_a_key_in_the_address_is_none(face: Face) -> None:
    url = f"{face.url}/v1/answers?key={KEY}&authorization=Bearer+{KEY}"
    async with face.session.post(url, json={"question": QUESTION}) as reply:
        assert reply.status == 401


@pytest.fixture
async def open_url(face: Face, client: Client) -> AsyncIterator[str]:
    async with serving_api(face.streams, client, None, open_here=True) as url:
        yield url


async def status(face: Face, url: str, headers: dict[str, str], *, kind: str = "application/json") -> int:
    headers = {"Content-Type": kind, **headers}
    async with face.session.post(f"{url}/v1/search", data='{"query": "leave"}', headers=headers) as reply:
        return reply.status


async def test_this_machine_needs_no_key_where_that_is_allowed_and_reads_what_is_public(
    face: Face, open_url: str
) -> None:
    assert await status(face, open_url, {}) == 200
    assert face.retrieval.searches[-1].principals == ("public",)
    assert await status(face, open_url, {"Origin": open_url}) == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "evil.example.com"}, 401),
        ({"Host": "127.0.0.1.evil.example.com:8080"}, 401),
        ({"X-Forwarded-For": "203.0.113.9"}, 401),
        ({"Forwarded": "for=203.0.113.9"}, 401),
        ({"Origin": "https://evil.example.com"}, 403),
        ({"Origin": "null"}, 403),
        ({"Authorization": "Bearer wrong-key-of-somebody"}, 401),
    ],
)
async def test_no_other_site_borrows_this_machine(
    face: Face, open_url: str, headers: dict[str, str], expected: int
) -> None:
    assert await status(face, open_url, headers) == expected
    assert face.retrieval.searches == []


async def test_a_form_of_another_site_is_no_request(face: Face, open_url: str) -> None:
    """What a browser sends without asking first is never JSON."""
    assert await status(face, open_url, {}, kind="text/plain") == 400
    assert face.retrieval.searches == []


async def test_a_listed_origin_needs_a_key_all_the_same(face: Face) -> None:
    assert await status(face, face.url, {"Origin": LISTED}) == 401
