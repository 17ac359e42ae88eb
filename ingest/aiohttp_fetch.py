"""Fetches bodies over HTTP, from hosts that the operator allowed, and from inside only where they said so.

What is checked is what is connected to: the addresses of a host's name are looked up once, looked at, and
handed to the connection. Redirects are followed here, each as a URL of its own.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urljoin

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from ingest.addresses import AllowedHosts, Target, may_connect
from wire.errors import MalformedError, OverloadedError, UnavailableError

FETCH_WITHIN_S = 60.0
CONNECT_WITHIN_S = 10.0
REDIRECTS = 3
REDIRECTED = (301, 302, 303, 307, 308)
BUSY = (408, 425, 429)
FAULTY = 500
OK = 200
PIECE_BYTES = 64 * 1024
# Packed, a small response may be a large body; so none is asked for, and none is unpacked.
HEADERS = {"User-Agent": "Answerdesk", "Accept": "*/*", "Accept-Encoding": "identity"}

LookUp = Callable[[str], Awaitable[Sequence[str]]]
"""The addresses of a name; raises OSError where there is none."""

_log = structlog.get_logger("fetch")


async def look_up(host: str) -> Sequence[str]:
    """As this machine's resolver sees it."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class AiohttpFetch:
    """Fetches a URL with a connection of its own: no cookies, no credentials, no proxy."""

    def __init__(
        self, *, allowed: AllowedHosts, look_up: LookUp = look_up, within_s: float = FETCH_WITHIN_S
    ) -> None:
        self._allowed = allowed
        self._look_up = look_up
        self._within_s = within_s

    async def __call__(self, url: str, *, max_bytes: int) -> bytes:
        """Fetch it whole, within 60 s.

        Raises:
            MalformedError: it may not be fetched, is not there, or is longer than ``max_bytes``.
            UnavailableError: its host is away, busy, or too slow.
        """
        target = self._allowed.target(url)
        try:
            async with asyncio.timeout(self._within_s):
                for _ in range(REDIRECTS + 1):
                    found = await self._ask(target, max_bytes=max_bytes)
                    if isinstance(found, bytes):
                        return found
                    target = found
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            _log.info("a host does not answer properly", host=target.host, kind=type(error).__name__)
            raise UnavailableError(
                f"the host {target.host} does not answer properly", service="fetch"
            ) from None
        raise _refused(f"it is redirected more than {REDIRECTS} times")

    async def _ask(self, target: Target, *, max_bytes: int) -> bytes | Target:
        """The body, or where to ask instead."""
        addresses = await self._addresses(target)
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=_Known(addresses), use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=HEADERS,
                timeout=aiohttp.ClientTimeout(total=self._within_s, sock_connect=CONNECT_WITHIN_S),
                auto_decompress=False,
                trust_env=False,
            ) as session,
            session.get(URL(_spelled(target), encoded=True), allow_redirects=False) as response,
        ):
            if response.status in REDIRECTED:
                return self._redirected(target, to=response.headers.get("Location", ""))
            _raise_unless_ok(response, host=target.host)
            return await _whole(response, max_bytes=max_bytes)

    async def _addresses(self, target: Target) -> Sequence[str]:
        found = [target.host] if _is_address(target.host) else await self._look_up(target.host)
        # All of them: one that leads inside says that the name can't be trusted.
        if not found or not all(may_connect(address, inside=target.inside) for address in found):
            raise _refused(
                f"the host {target.host} leads to an address that is not public; "
                "BODY_URL_INSIDE_HOSTS names hosts of our own network"
            )
        return found

    def _redirected(self, target: Target, *, to: str) -> Target:
        try:
            there = self._allowed.target(urljoin(_spelled(target), to))
        except MalformedError as error:
            raise MalformedError(f"{error}, and it is redirected there", field="body_url") from None
        except ValueError:
            raise _refused("it is redirected to what is no URL") from None
        if (target.scheme, there.scheme) == ("https", "http"):
            raise _refused("it is redirected from https to http")
        return there


class _Known(AbstractResolver):
    """Says what was looked up already."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
            if family in {socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET}
        ]

    async def close(self) -> None:
        pass


def _spelled(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    return f"{target.scheme}://{host}:{target.port}{target.path}"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _raise_unless_ok(response: aiohttp.ClientResponse, *, host: str) -> None:
    status = response.status
    if status in BUSY:
        raise OverloadedError(f"the host {host} is busy: it answers with {status}", service="fetch")
    if status >= FAULTY:
        raise UnavailableError(f"the host {host} answers with {status}", service="fetch")
    if status != OK:
        raise _refused(f"the host {host} answers with {status}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _refused(f"the host {host} answers packed, though we ask for it as it is")


async def _whole(response: aiohttp.ClientResponse, *, max_bytes: int) -> bytes:
    body = bytearray()
    if (response.content_length or 0) <= max_bytes:
        async for piece in response.content.iter_chunked(PIECE_BYTES):
            body += piece
            if len(body) > max_bytes:
                break
        else:
            return bytes(body)
    raise _refused(f"the body has more than {max_bytes // 1024 // 1024} MiB")


def _refused(why: str) -> MalformedError:
    return MalformedError(f"field 'body_url': {why}", field="body_url")
