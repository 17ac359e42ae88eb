"""Who is let in over HTTP. Promise 37: whoever is not gets a 401, and nothing has happened."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
from aiohttp import web
from nats.aio.client import Client
from pydantic import TypeAdapter, ValidationError

from bot.web.aiohttp_callers import Caller, Callers
from bot.web.aiohttp_health import health_routes
from bot.web.aiohttp_server import serving_http
from bot.web.keys import ANYBODY_HERE, Holder, Keyring
from desk.probes import page_answers
from tests.contract.web.conftest import KEY, LISTED, QUESTION, Face, serving_api
from tests.until import until
from wire.key_settings import ApiKey, KeyName, key_hash
from wire.opentelemetry_spans import current_ids

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


class NotingKeyring(Keyring):
    """In which trace each key was looked at."""

    seen: ClassVar[list[dict[str, str]]] = []

    def holder(self, key: str) -> Holder | None:
        self.seen.append(current_ids())
        return super().holder(key)


async def test_no_trace_is_gone_on_with_for_a_stranger(face: Face) -> None:
    """What is traced costs: who has no key can't make us trace every request."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    served: list[str | None] = []

    async def handler(request: web.Request, caller: Caller) -> web.StreamResponse:
        served.append(current_ids().get("trace_id"))
        return web.Response(headers=caller.headers)

    keyring = NotingKeyring({"one": ApiKey(sha256=key_hash(KEY))})
    callers = Callers(keyring, origins=(), open_here=False)
    routes = [web.get("/", callers.protecting(handler))]
    async with serving_http(host="127.0.0.1", port=0, routes=routes) as port:
        for key, expected in ((f"{KEY}x", 401), (KEY, 200)):
            headers = {"Authorization": f"Bearer {key}", "traceparent": f"00-{trace}-b7ad6b7169203331-01"}
            async with face.session.get(f"http://127.0.0.1:{port}/", headers=headers) as reply:
                assert reply.status == expected
    assert served == [trace]
    assert NotingKeyring.seen == [{}, {}]


async def test_who_needs_no_key_is_nobody_that_a_key_can_be_called() -> None:
    """Else one would use up the other's quota, and read the other's answers."""
    with pytest.raises(ValidationError):
        TypeAdapter(KeyName).validate_python(ANYBODY_HERE.name)


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
        ({"Host": "["}, 401),
        ({"Host": "localhost@evil.example.com"}, 401),
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


async def test_who_sends_a_key_need_not_say_that_it_is_json(face: Face) -> None:
    """As ``curl -d`` does not."""
    kind = "application/x-www-form-urlencoded"
    assert await status(face, face.url, face.headers, kind=kind) == 200


async def test_a_listed_origin_needs_a_key_all_the_same(face: Face) -> None:
    assert await status(face, face.url, {"Origin": LISTED}) == 401


async def test_connections_are_bounded_and_one_that_says_nothing_is_closed() -> None:
    routes = health_routes({})
    async with serving_http(
        host="127.0.0.1", port=0, routes=routes, connections=2, first_request_within_s=0.5
    ) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        ends = [asyncio.create_task(reader.read()) for reader, _ in silent]
        async with asyncio.timeout(30):
            assert await asyncio.gather(*ends) == [b"", b"", b""]
        for _, writer in silent:
            writer.close()
        await until(lambda: page_answers(f"http://127.0.0.1:{port}/healthz"), within_s=30)


async def test_a_connection_that_has_asked_is_kept_for_its_next_request() -> None:
    async with serving_http(
        host="127.0.0.1", port=0, routes=health_routes({}), first_request_within_s=1.5
    ) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for pause_s in (2.0, 0):
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(30):
                assert b"200" in await reader.readline()
                await reader.readuntil(b"}")
            await asyncio.sleep(pause_s)
        writer.close()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Authorization: Bearer \xff\xfe\x80", b"401"),
        (b"Sec-WebSocket-Protocol: bearer.\xff", b"401"),
        (b"Origin: http://[", b"403"),
        (b"Origin: \xff", b"403"),
        (b"Last-Event-ID: \xff.1", b"400"),
    ],
)
async def test_no_header_is_a_bug_of_ours(open_url: str, header: bytes, expected: bytes) -> None:
    host, _, port = open_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    line = b"POST /v1/answers HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    writer.write(line + header + b"\r\nContent-Length: 2\r\n\r\n{}")
    async with asyncio.timeout(30):
        assert (await reader.readline()).split()[1] == expected
    writer.close()
