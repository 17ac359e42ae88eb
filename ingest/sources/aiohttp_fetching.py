"""HTTP for sources: bounded in size and time, and kept out of private networks unless allowed.

Redirects are followed by us, within one host, each address looked at again.
"""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from ingest.addresses import may_connect
from wire.errors import MalformedError, OverloadedError, UnavailableError

FETCH_WITHIN_S = 60.0
CONNECT_WITHIN_S = 10.0
AGAIN_AFTER_S = (0.5, 2.0)
LONGEST_PAUSE_S = 60.0
"""A server may ask for more by Retry-After; then the document waits for the next resync."""
REDIRECTS = 5
AT_ONCE = 4
PIECE_BYTES = 64 * 1024
REDIRECTED = (301, 302, 303, 307, 308)
BUSY = (429, 503)
FAULTY = 500
USER_AGENT = "Answerdesk"
"""As robots.txt names us."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A response, whole."""

    status: int
    media_type: str | None
    body: bytes


class PrivateAddressError(Exception):
    """The host is in a private network."""


class Fetching:
    """Fetches; `open_fetching` makes one."""

    def __init__(self, session: aiohttp.ClientSession, *, private_addresses: bool) -> None:
        self._session = session
        self._private_addresses = private_addresses

    async def get(self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None = None) -> Fetched:
        """Fetch it whole, again after a moment where that may help; other statuses are the caller's to read.

        Raises:
            UnavailableError: no answer, or a fault of the server's.
            OverloadedError: it says when to come back.
            MalformedError: too long, not to be fetched from here, or redirected elsewhere.
        """
        for delay_s in AGAIN_AFTER_S:
            try:
                return await self._get(url, max_bytes=max_bytes, headers=headers)
            except OverloadedError as error:
                if (error.retry_after_s or 0.0) > LONGEST_PAUSE_S:
                    raise
                await asyncio.sleep(max(error.retry_after_s or 0.0, delay_s))
            except UnavailableError:
                await asyncio.sleep(delay_s)
        return await self._get(url, max_bytes=max_bytes, headers=headers)

    async def _get(self, url: str, *, max_bytes: int, headers: Mapping[str, str] | None) -> Fetched:
        host = urlsplit(url).hostname
        try:
            async with asyncio.timeout(FETCH_WITHIN_S):
                for _ in range(REDIRECTS + 1):
                    self._look_at(url)
                    async with self._session.get(url, headers=headers, allow_redirects=False) as response:
                        if response.status in REDIRECTED and "Location" in response.headers:
                            url = _redirected(url, to=response.headers["Location"])
                            continue
                        _raise_if_faulty(response)
                        body = await _whole(response, max_bytes=max_bytes)
                        return Fetched(response.status, response.headers.get("Content-Type"), body)
        except PrivateAddressError:
            raise MalformedError(
                f"{host} is in a private network, which private_addresses may allow"
            ) from None
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            raise UnavailableError(f"{host} does not answer properly", service="source") from error
        raise MalformedError("redirected too often")

    def _look_at(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise MalformedError("the address is not one of http or https")
        # A host that is an address is connected to without asking the resolver.
        if _is_address(parts.hostname) and not may_connect(parts.hostname, inside=self._private_addresses):
            raise PrivateAddressError


@asynccontextmanager
async def open_fetching(*, private_addresses: bool) -> AsyncIterator[Fetching]:
    """Connections for as long as the block lasts, at most four at a time."""
    connector = aiohttp.TCPConnector(resolver=_GuardedResolver(inside=private_addresses), limit=AT_ONCE)
    async with aiohttp.ClientSession(
        connector=connector,
        headers={"User-Agent": USER_AGENT},
        timeout=aiohttp.ClientTimeout(total=FETCH_WITHIN_S, sock_connect=CONNECT_WITHIN_S),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as session:
        yield Fetching(session, private_addresses=private_addresses)


class _GuardedResolver(AbstractResolver):
    """A name that leads where it must not leads nowhere; what is looked at here is what is connected to."""

    def __init__(self, *, inside: bool) -> None:
        self._asked = ThreadedResolver()
        self._inside = inside

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._asked.resolve(host, port, family)
        if not all(may_connect(each["host"], inside=self._inside) for each in found):
            raise PrivateAddressError
        return found

    async def close(self) -> None:
        await self._asked.close()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


def _redirected(url: str, *, to: str) -> str:
    """Within the same host and port, or from http to https: a token goes along."""
    there = urljoin(url, to)
    before, after = urlsplit(url), urlsplit(there)
    upgraded = (before.scheme, after.scheme) == ("http", "https") and before.hostname == after.hostname
    upgraded = upgraded and after.port in {None, before.port}
    if (before.scheme, before.netloc) != (after.scheme, after.netloc) and not upgraded:
        raise MalformedError(f"{before.hostname} leads to another host")
    return there


def _raise_if_faulty(response: aiohttp.ClientResponse) -> None:
    if response.status in BUSY:
        told = response.headers.get("Retry-After", "")
        after_s = float(told) if told.isdecimal() else None
        raise OverloadedError(f"{response.url.host} is busy", service="source", retry_after_s=after_s)
    if response.status >= FAULTY:
        raise UnavailableError(f"{response.url.host} answers {response.status}", service="source")


async def _whole(response: aiohttp.ClientResponse, *, max_bytes: int) -> bytes:
    """The body as it is when unpacked."""
    body = bytearray()
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        body += piece
        if len(body) > max_bytes:
            raise MalformedError(f"the response has more than {max_bytes} bytes")
    return bytes(body)
