"""Bodies are fetched from allowed hosts, and from nowhere else whatever the URL or the resolver says."""

import asyncio
import contextlib
import gzip
import socket
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from ingest.addresses import read_hosts
from ingest.aiohttp_fetch import AiohttpFetch, _spelled, look_up
from tests.conftest import free_port
from wire.errors import MalformedError, OverloadedError, UnavailableError

MAX_BYTES = 1024 * 1024

# Ways to write "this machine" that some client somewhere understands, without a name to be looked up.
NUMERIC = [
    "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0x0.0x0.0x1", "0x7f.1", "017700000001",
    "0177.0.0.1", "0177.0.0.01", "0177.1", "00000177.0.0.1", "127.0.0.1.", "0", "0.0.0.0", "0x0", "00",
    "127.127.127.127", "6425673729", "0x17f000001", "127.0.0.0x1", "[::1]", "[::]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::1%25lo]",
    "[::1%lo]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::ffff:0:127.0.0.1]", "[0000::1]",
]  # fmt: skip
# Names, other scripts' digits and dots, and what two readers of URLs take for different hosts.
WRITTEN = [
    "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "docs.example.com.", "evil.test",
    "docs.example.com..", "127.0.0.1.nip.io", "①②⑦.⓪.⓪.①", "127。0。0。1", "ⓛocalhost",
    "\uff11\uff12\uff17.0.0.1", "127\uff0e0\uff0e0\uff0e1", "loc\U0001d41alhost", "d\u00adocs.example.com",
    "docs.example.com\u3002evil.test", "%31%32%37.0.0.1", "127.0.0.1%00docs.example.com",
    "127.0.0.1%2f@docs.example.com", "docs.example.com@127.0.0.1", "docs.example.com:80@127.0.0.1",
    "user:password@docs.example.com", "127.0.0.1\\@docs.example.com", "127.0.0.1#@docs.example.com",
    "127.0.0.1?@docs.example.com", "docs.example.com\\.evil.test", "127.0.0.1 docs.example.com",
    "127.0.0.1\tdocs.example.com", "127.0.0.1\r\nHost: docs.example.com", "docs.example.com:443:",
    "[docs.example.com]", "-docs.example.com", "docs..example.com", "xn--.example.com",
]  # fmt: skip
SCHEMES = [
    "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:{port}/_x",
    "ftp://127.0.0.1:{port}/", "dict://127.0.0.1:{port}/", "data:text/plain,x",
    "jar:http://127.0.0.1:{port}!/", "//127.0.0.1:{port}/", "http:127.0.0.1:{port}", "http:/127.0.0.1:{port}",
    "http:///127.0.0.1:{port}", " http://127.0.0.1:{port}/", "\thttp://127.0.0.1:{port}/",
    "https://127.0.0.1:{port}/", "ws://127.0.0.1:{port}/", "http+unix://%2fvar%2frun%2fdocker.sock/",
    "http://127.0.0.1:{port}", "http://docs.example.com:{port}/",
]  # fmt: skip
URLS = [f"http://{host}:{{port}}/" for host in NUMERIC + WRITTEN] + SCHEMES


@dataclass
class Canary:
    """Listens on this machine and counts who comes; nobody should."""

    port: int
    visits: int = 0


@asynccontextmanager
async def listening(*, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Canary]:
    async def visited(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.visits += 1
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nsecret")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(visited, host, port)
    opened = Canary(server.sockets[0].getsockname()[1])
    async with server:
        yield opened


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    async with listening() as opened:
        yield opened


def resolver(answer: Sequence[str]) -> Callable[[str], Awaitable[Sequence[str]]]:
    async def resolve(_: str) -> Sequence[str]:
        return answer

    return resolve


def fetching(
    *, outside: str = "", inside: str = "", answer: Sequence[str] = ("127.0.0.1",), within_s: float = 5.0
) -> AiohttpFetch:
    """Whatever name is asked for, the resolver of these tests leads to this machine."""
    return AiohttpFetch(
        allowed=read_hosts(outside=outside, inside=inside), look_up=resolver(answer), within_s=within_s
    )


async def test_no_way_to_write_this_machine_reaches_it(canary: Canary) -> None:
    """Promise 35: at least 60 forms, 0 connections to a loopback canary, allowed names of ours besides."""
    assert len(URLS) >= 60
    fetch = fetching(outside=f"docs.example.com,*.example.com,docs.example.com:{canary.port}")
    for url in URLS:
        with pytest.raises(MalformedError, match="field 'body_url'"):
            await fetch(url.format(port=canary.port), max_bytes=MAX_BYTES)
    assert canary.visits == 0


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=30))
def test_the_client_reads_a_url_as_the_rules_did(text: str) -> None:
    """Promise 35: no URL is one host to who checks it and another to who connects."""
    allowed = read_hosts(outside="docs.example.com", inside="[::1]:8080")
    for url in (
        f"http://docs.example.com/{text}",
        f"http://docs.example.com{text}",
        f"http://[::1]:8080{text}",
    ):
        try:
            target = allowed.target(url)
        except MalformedError:
            continue
        read = URL(_spelled(target), encoded=True)
        assert (read.scheme, read.raw_host, read.port) == (target.scheme, target.host, target.port)
        assert read.user is None


async def test_the_canary_does_sing(canary: Canary) -> None:
    """Control: a trusting client is led here by many of these forms, and so are we where it is allowed."""

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def trusting(url: str) -> None:
        with contextlib.suppress(OSError, ValueError), opener.open(url, timeout=1):
            pass

    for host in NUMERIC:
        await asyncio.to_thread(trusting, f"http://{host}:{canary.port}/")
    assert canary.visits >= 5
    before = canary.visits
    fetch = fetching(inside=f"docs.example.com:{canary.port}")
    url = f"http://docs.example.com:{canary.port}/"
    assert await fetch(url, max_bytes=MAX_BYTES) == b"secret"
    assert canary.visits == before + 1


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"], ["127.9.9.9"], ["0.0.0.0"], ["::1"], ["::"], ["::ffff:127.0.0.1"], ["::127.0.0.1"],
        ["64:ff9b::127.0.0.1"], ["2002:7f00:1::"], ["10.0.0.1"], ["169.254.169.254"], ["fd00:ec2::254"],
        ["fe80::1%lo"], ["93.184.215.14", "127.0.0.1"], ["::ffff:93.184.215.14", "::1"], [],
    ],
)  # fmt: skip
async def test_an_allowed_name_that_leads_inside_is_refused(canary: Canary, answer: list[str]) -> None:
    """Promise 35: rebinding; one bad address among good ones is enough."""
    fetch = fetching(outside=f"docs.example.com:{canary.port}", answer=answer)
    with pytest.raises(MalformedError, match="not public"):
        await fetch(f"http://docs.example.com:{canary.port}/", max_bytes=MAX_BYTES)
    assert canary.visits == 0


async def test_what_was_looked_at_is_what_is_connected_to() -> None:
    """Promise 35: the name is looked up once for each request; a second answer would lead elsewhere."""
    asked: list[str] = []

    async def flipping(host: str) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1" if len(asked) == 1 else "127.0.0.2"]

    async with listening() as good, listening(host="127.0.0.2", port=good.port) as bad:
        fetch = AiohttpFetch(
            allowed=read_hosts(outside="", inside=f"docs.example.com:{good.port}"), look_up=flipping
        )
        await fetch(f"http://docs.example.com:{good.port}/", max_bytes=MAX_BYTES)
        assert (len(asked), good.visits, bad.visits) == (1, 1, 0)


async def test_the_machines_own_resolver_is_asked(canary: Canary) -> None:
    assert "127.0.0.1" in await look_up("localhost")
    fetch = AiohttpFetch(allowed=read_hosts(outside=f"localhost:{canary.port}", inside=""))
    with pytest.raises(MalformedError, match="not public"):
        await fetch(f"http://localhost:{canary.port}/", max_bytes=MAX_BYTES)
    fetch = AiohttpFetch(allowed=read_hosts(outside="", inside=f"localhost:{canary.port}"))
    assert await fetch(f"http://localhost:{canary.port}/", max_bytes=MAX_BYTES) == b"secret"


@dataclass
class Site:
    """An allowed host, which answers as it is told."""

    port: int
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]]
    requests: list[web.Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://wiki.internal:{self.port}/page"

    def fetching(self, *, within_s: float = 5.0) -> AiohttpFetch:
        return fetching(
            outside="docs.example.com,docs.example.com:1",
            inside=f"wiki.internal:{self.port}",
            within_s=within_s,
        )


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async def leave(_: web.Request) -> web.StreamResponse:
        return web.Response(text="Annual leave is 28 days.", headers={"Set-Cookie": "a=b"})

    async def serve(request: web.Request) -> web.StreamResponse:
        opened.requests.append(request)
        return await opened.answer(request)

    opened = Site(free_port(), leave)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", opened.port).start()
    yield opened
    await runner.cleanup()


async def test_an_allowed_host_of_our_own_network_is_fetched_without_cookies_or_credentials(
    site: Site,
) -> None:
    fetch = site.fetching()
    for _ in range(2):
        assert await fetch(site.url + "?q=%20a", max_bytes=MAX_BYTES) == b"Annual leave is 28 days."
    for request in site.requests:
        assert request.raw_path == "/page?q=%20a"
        assert request.host == f"wiki.internal:{site.port}"
        assert not {"Cookie", "Authorization", "Referer"} & set(request.headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_within_allowed_hosts_is_followed(site: Site, status: int) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        if request.path == "/moved":
            return web.Response(text="here")
        return web.Response(status=status, headers={"Location": "/moved"})

    site.answer = moved
    assert await site.fetching()(site.url, max_bytes=MAX_BYTES) == b"here"


@pytest.mark.parametrize("url", URLS)
async def test_no_redirect_reaches_this_machine(site: Site, canary: Canary, url: str) -> None:
    """Promise 35: each hop is checked as if it had been announced."""
    location = url.format(port=canary.port).replace("\r\n", "%0d%0a")

    async def moved(request: web.Request) -> web.StreamResponse:
        if request.path != "/page":
            return web.Response(status=404)
        return web.Response(status=302, headers={"Location": location})

    site.answer = moved
    with pytest.raises(MalformedError, match="field 'body_url'"):
        await site.fetching()(site.url, max_bytes=MAX_BYTES)
    assert canary.visits == 0


async def test_redirects_end(site: Site) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        hops = int(request.query.get("left", "3"))
        if not hops:
            return web.Response(text="here")
        return web.Response(status=302, headers={"Location": f"{request.path}?left={hops - 1}"})

    site.answer = moved
    assert await site.fetching()(site.url, max_bytes=MAX_BYTES) == b"here"
    with pytest.raises(MalformedError, match="more than 3 times"):
        await site.fetching()(site.url + "?left=4", max_bytes=MAX_BYTES)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_long_is_refused_before_it_is_all_here(site: Site, *, chunked: bool) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = MAX_BYTES * 1000
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65536)
        except ConnectionError:
            return response

    site.answer = endless
    with pytest.raises(MalformedError, match="more than 1 MiB"):
        await site.fetching()(site.url, max_bytes=MAX_BYTES)


async def test_a_packed_body_is_refused_and_was_not_asked_for(site: Site) -> None:
    async def packed(request: web.Request) -> web.StreamResponse:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=gzip.compress(b"x" * MAX_BYTES * 100), headers={"Content-Encoding": "gzip"})

    site.answer = packed
    with pytest.raises(MalformedError, match="packed"):
        await site.fetching()(site.url, max_bytes=MAX_BYTES)


@pytest.mark.parametrize("where", ["before the answer", "in the body"])
async def test_a_host_that_trickles_is_given_up_in_time(site: Site, where: str) -> None:
    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if where == "in the body":
            await response.prepare(request)
        for _ in range(100):
            await asyncio.sleep(0.1)
            if where == "in the body":
                await response.write(b"x")
        return response

    site.answer = slow
    async with asyncio.timeout(5):
        with pytest.raises(UnavailableError, match=r"wiki\.internal does not answer"):
            await site.fetching(within_s=0.4)(site.url, max_bytes=MAX_BYTES)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, MalformedError), (403, MalformedError), (204, MalformedError), (300, MalformedError),
        (429, OverloadedError), (500, UnavailableError), (503, UnavailableError),
    ],
)  # fmt: skip
async def test_a_status_says_whether_to_try_again(
    site: Site, status: int, kind: type[MalformedError | UnavailableError]
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    site.answer = answer
    with pytest.raises(kind, match=f"wiki.internal .*{status}"):
        await site.fetching()(site.url + "?token=secret", max_bytes=MAX_BYTES)


async def test_a_host_that_is_away_is_tried_again() -> None:
    port = free_port()
    with pytest.raises(UnavailableError, match=r"docs\.example\.com does not answer"):
        await fetching(inside=f"docs.example.com:{port}")(
            f"http://docs.example.com:{port}/", max_bytes=MAX_BYTES
        )

    async def unknown(_: str) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    fetch = AiohttpFetch(allowed=read_hosts(outside="docs.example.com", inside=""), look_up=unknown)
    with pytest.raises(UnavailableError, match=r"docs\.example\.com does not answer"):
        await fetch("https://docs.example.com/", max_bytes=MAX_BYTES)
