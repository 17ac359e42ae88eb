"""A website by its sitemap: pages of the sitemap's own host that robots.txt lets us read."""

import asyncio
import re
import zlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from ingest.parsing import BODY_BYTES
from ingest.sources.aiohttp_fetching import USER_AGENT, Fetching
from ingest.sources.robots import Robots
from ingest.sources.source import Content, Entry
from wire.errors import MalformedError, UnavailableError
from wire.source_settings import SourceSettings

SITEMAP_BYTES = 50 * 1024 * 1024
"""And 50,000 addresses, says sitemaps.org; the size bounds them here."""
ELEMENTS_AT_MOST = 2_000_000
"""Of a sitemap: 50,000 addresses with some forty facts and pictures each."""
SITEMAPS_AT_MOST = 500
PAGES_AT_MOST = 200_000
ROBOTS_BYTES = 500 * 1024
"""As much as RFC 9309 asks to be read."""
SETTLED_AFTER = timedelta(days=2)
"""A date is over everywhere by then: on the same day a page may change twice."""
ADDRESS_CHARS = 2048
DEEPEST = 20
DEPTH_OF_FACTS = 3
"""Of ``urlset/url/loc``."""
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
OK = 200
CLIENT_ERRORS = range(400, 500)
GONE = (404, 410)


class SitemapSource:
    """A page's id is its address; its revision the sitemap's ``lastmod``, where there is one."""

    def __init__(self, settings: SourceSettings, *, fetching: Fetching) -> None:
        self._url = settings.url
        self._host = urlsplit(settings.url).netloc
        self._fetching = fetching

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Sitemap by sitemap, an index's own ones included."""
        robots = await self._robots()
        left, known, pages, elsewhere = [self._url], {self._url}, set[str](), set[str]()
        while left:
            body = await self._sitemap(left.pop())
            sitemap = await asyncio.to_thread(_parse, body)
            for address, changed in sitemap.addresses:
                host = urlsplit(address).netloc
                if host != self._host:
                    elsewhere.add(host)
                elif sitemap.is_index and address not in known:
                    known.add(address)
                    left.append(address)
                elif not sitemap.is_index and address not in pages and robots.lets(address):
                    pages.add(address)
                    yield _entry(address, changed)
            if len(known) > SITEMAPS_AT_MOST or len(pages) > PAGES_AT_MOST:
                raise MalformedError(f"more than {SITEMAPS_AT_MOST} sitemaps or {PAGES_AT_MOST} pages")
        if elsewhere and not pages:
            # Most likely with and without "www."; an empty list would be taken for an empty site.
            raise MalformedError(
                f"the sitemap has no page of {self._host}, but of {', '.join(sorted(elsewhere)[:3])}: "
                "give its address with the host of its pages"
            )

    async def read(self, entry: Entry) -> Content | None:
        """The page."""
        fetched = await self._fetching.get(entry.id, max_bytes=BODY_BYTES)
        if fetched.status in GONE:
            return None
        if fetched.status != OK:
            raise MalformedError(f"the page answers {fetched.status}")
        return Content(fetched.body, fetched.media_type)

    async def _robots(self) -> Robots:
        """What the host lets us read: all of it where it has no such file (RFC 9309)."""
        fetched = await self._fetching.get(urljoin(self._url, "/robots.txt"), max_bytes=ROBOTS_BYTES)
        if fetched.status != OK and fetched.status not in CLIENT_ERRORS:
            raise UnavailableError(f"robots.txt answers {fetched.status}", service="source")
        text = fetched.body.decode("utf-8-sig", errors="replace") if fetched.status == OK else ""
        return Robots(text, agent=USER_AGENT)

    async def _sitemap(self, url: str) -> bytes:
        fetched = await self._fetching.get(url, max_bytes=SITEMAP_BYTES)
        if fetched.status != OK:
            raise UnavailableError(f"a sitemap answers {fetched.status}", service="source")
        return _unpacked(fetched.body)


def _unpacked(body: bytes) -> bytes:
    if not body.startswith(b"\x1f\x8b"):
        return body
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(body, SITEMAP_BYTES)
    except zlib.error:
        raise MalformedError("a sitemap can't be unpacked") from None
    if not unpacking.eof:
        raise MalformedError(f"a sitemap has more than {SITEMAP_BYTES} bytes, or lacks its end")
    return unpacked


@dataclass
class _Sitemap:
    """What a sitemap says: addresses, and when each changed.

    A target for the parser, which so builds no tree: a hostile one would take gigabytes.
    """

    is_index: bool = False
    addresses: list[tuple[str, str | None]] = field(default_factory=list)
    _path: list[str] = field(default_factory=list)
    _told: dict[str, str] = field(default_factory=dict)
    _elements: int = 0

    def start(self, tag: str, _attributes: object) -> None:
        name = tag.rpartition("}")[2]
        if not self._path:
            if name not in {"urlset", "sitemapindex"}:
                raise MalformedError("a sitemap is neither a urlset nor a sitemapindex")
            self.is_index = name == "sitemapindex"
        self._elements += 1
        if self._elements > ELEMENTS_AT_MOST or len(self._path) > DEEPEST:
            raise MalformedError(f"a sitemap has more than {ELEMENTS_AT_MOST} elements, or too deep ones")
        self._path.append(name)

    def data(self, text: str) -> None:
        if len(self._path) == DEPTH_OF_FACTS and self._path[-1] in {"loc", "lastmod"}:
            said = self._told.get(self._path[-1], "") + text
            self._told[self._path[-1]] = said[:ADDRESS_CHARS]

    def end(self, _tag: str) -> None:
        self._path.pop()
        if len(self._path) == DEPTH_OF_FACTS - 2:
            if address := self._told.get("loc", "").strip():
                self.addresses.append((address, self._told.get("lastmod", "").strip() or None))
            self._told = {}


def _parse(body: bytes) -> _Sitemap:
    # Entities come only from a document type, which no sitemap has; all are UTF-8 by their own rules.
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MalformedError("a sitemap is not UTF-8") from None
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise MalformedError("a sitemap declares a document type")
    sitemap = _Sitemap()
    parser = ET.XMLParser(target=sitemap)  # noqa: S314 — without a document type nothing expands
    try:
        parser.feed(text)
        parser.close()
    except ET.ParseError:
        raise MalformedError("a sitemap is not XML") from None
    return sitemap


def _entry(address: str, changed: str | None) -> Entry:
    moment = _moment(changed)
    day_only = changed is not None and _DAY.fullmatch(changed) is not None
    settled = not day_only or (moment is not None and datetime.now(UTC) - moment > SETTLED_AFTER)
    return Entry(id=address, url=address, revision=changed, settled=settled, updated_at=moment)


def _moment(told: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told) if told else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment
