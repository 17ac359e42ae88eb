"""A website by its sitemap: pages of the sitemap's own host that robots.txt lets us read."""

import zlib
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser
from xml.etree import ElementTree as ET

from ingest.parsing import BODY_BYTES
from ingest.sources.aiohttp_fetching import USER_AGENT, Fetching
from ingest.sources.source import Content, Entry
from wire.errors import MalformedError, UnavailableError
from wire.source_settings import SourceSettings

SITEMAP_BYTES = 50 * 1024 * 1024
"""And 50,000 addresses, says sitemaps.org; the size bounds them here."""
SITEMAPS_AT_MOST = 500
PAGES_AT_MOST = 200_000
ROBOTS_BYTES = 500 * 1024
"""As much as RFC 9309 asks to be read."""
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
        left, known, pages = [self._url], {self._url}, set[str]()
        while left:
            root = _parse(await self._sitemap(left.pop()))
            is_index = _name(root) == "sitemapindex"
            for address, changed in _addresses(root):
                if urlsplit(address).netloc != self._host:
                    continue
                if is_index and address not in known:
                    known.add(address)
                    left.append(address)
                elif not is_index and address not in pages and robots.can_fetch(USER_AGENT, address):
                    pages.add(address)
                    yield Entry(id=address, url=address, revision=changed, updated_at=_moment(changed))
            if len(known) > SITEMAPS_AT_MOST or len(pages) > PAGES_AT_MOST:
                raise MalformedError(f"more than {SITEMAPS_AT_MOST} sitemaps or {PAGES_AT_MOST} pages")

    async def read(self, entry: Entry) -> Content | None:
        """The page."""
        fetched = await self._fetching.get(entry.id, max_bytes=BODY_BYTES)
        if fetched.status in GONE:
            return None
        if fetched.status != OK:
            raise MalformedError(f"the page answers {fetched.status}")
        return Content(fetched.body, fetched.media_type)

    async def _robots(self) -> RobotFileParser:
        """What the host lets us read: all of it where it has no such file (RFC 9309)."""
        fetched = await self._fetching.get(urljoin(self._url, "/robots.txt"), max_bytes=ROBOTS_BYTES)
        robots = RobotFileParser()
        if fetched.status in CLIENT_ERRORS:
            robots.parse([])
        elif fetched.status == OK:
            robots.parse(fetched.body.decode(errors="replace").splitlines())
        else:
            raise UnavailableError(f"robots.txt answers {fetched.status}", service="source")
        return robots

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


def _parse(sitemap: bytes) -> ET.Element:
    # Entities come only from a document type, which no sitemap has.
    if b"<!DOCTYPE" in sitemap or b"<!ENTITY" in sitemap:
        raise MalformedError("a sitemap declares a document type")
    try:
        root = ET.fromstring(sitemap)  # noqa: S314 — without a document type nothing expands
    except ET.ParseError:
        raise MalformedError("a sitemap is not XML") from None
    if _name(root) not in {"urlset", "sitemapindex"}:
        raise MalformedError("a sitemap is neither a urlset nor a sitemapindex")
    return root


def _addresses(root: ET.Element) -> Iterator[tuple[str, str | None]]:
    for each in root:
        told = {_name(part): (part.text or "").strip() for part in each}
        if address := told.get("loc"):
            yield address, told.get("lastmod") or None


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _moment(told: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(told) if told else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment
