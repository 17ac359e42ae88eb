"""A document service over HTTP, and a website by its sitemap."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from ingest.sources.aiohttp_fetching import open_fetching
from ingest.sources.http_source import _Listed, _Page
from ingest.sources.opening import check_source, open_source
from ingest.sources.source import Entry
from tests.contract.ingest.test_aiohttp_fetch import NUMERIC, SCHEMES
from tests.document_service_stand_in import (
    TOKEN,
    DocumentServiceStandIn,
    StandInDocument,
    WebsiteStandIn,
    document_service,
    website,
)
from wire.errors import MalformedError, OverloadedError, SettingsError, UnavailableError
from wire.source_settings import SourceSettings


@pytest.fixture
async def service() -> AsyncIterator[DocumentServiceStandIn]:
    async with document_service() as running:
        yield running


@pytest.fixture
async def site() -> AsyncIterator[WebsiteStandIn]:
    async with website() as running:
        yield running


def settings(kind: str, url: str, **changes: object) -> SourceSettings:
    return SourceSettings.model_validate({"kind": kind, "url": url, "private_addresses": True, **changes})


async def listed(source: SourceSettings) -> list[Entry]:
    async with open_source(source) as opened:
        return [entry async for entry in opened.entries()]


async def test_a_service_is_listed_page_by_page_and_read(service: DocumentServiceStandIn) -> None:
    service.documents = {name: StandInDocument(f"About {name}.") for name in ("a", "b/c d", "é", "x", "y")}
    service.documents["y"] = StandInDocument("About y.", revision=None, version=3, allow=("group:S1",))
    source = settings("http", service.base, token=TOKEN)
    entries = {entry.id: entry for entry in await listed(source)}
    assert set(entries) == {"a", "b/c d", "é", "x", "y"}
    assert entries["a"].revision == "1"
    assert (entries["y"].version, entries["y"].revision, entries["y"].allow) == (3, "3", ("group:S1",))
    async with open_source(source) as opened:
        content = await opened.read(entries["b/c d"])
        assert content is not None
        assert (content.data, content.media_type) == (b"About b/c d.", "text/markdown; charset=utf-8")
        assert await opened.read(Entry(id="gone")) is None


async def test_a_content_type_that_says_nothing_leaves_it_to_the_list(site: WebsiteStandIn) -> None:
    site.pages["/documents/a/content"] = web.Response(
        body=b"# A", headers={"Content-Type": "application/octet-stream"}
    )
    async with open_source(settings("http", site.base)) as opened:
        content = await opened.read(Entry(id="a", media_type="text/markdown"))
    assert content is not None
    assert content.media_type is None


async def test_a_list_that_breaks_off_or_refuses_is_an_error_and_never_an_end(
    service: DocumentServiceStandIn,
) -> None:
    service.documents = {name: StandInDocument("text") for name in "abcdef"}
    assert len(await listed(settings("http", service.base, token=TOKEN))) == 6, "the control"
    with pytest.raises(UnavailableError, match="401"):
        await listed(settings("http", service.base, token="another"))
    service.pages_until_fault = 2
    with pytest.raises(UnavailableError, match="500"):
        await listed(settings("http", service.base, token=TOKEN))


async def test_a_list_of_another_shape_is_named(site: WebsiteStandIn) -> None:
    site.pages["/documents"] = b'{"documents": [{"title": "no id"}]}'
    with pytest.raises(MalformedError, match=r"documents\.0\.id"):
        await listed(settings("http", site.base))


def sitemap(*addresses: str, changed: str | None = "2026-11-01") -> bytes:
    lastmod = f"<lastmod>{changed}</lastmod>" if changed else ""
    urls = "".join(f"<url><loc>{address}</loc>{lastmod}</url>" for address in addresses)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


async def test_a_website_gives_its_own_pages_that_robots_may_read(site: WebsiteStandIn) -> None:
    base = site.base
    site.pages["/robots.txt"] = b"User-agent: *\nDisallow: /private/\n"
    site.pages["/sitemap.xml"] = (
        f"<sitemapindex><sitemap><loc>{base}/one.xml</loc></sitemap>"
        f"<sitemap><loc>{base}/two.xml.gz</loc></sitemap><sitemap><loc>{base}/sitemap.xml</loc></sitemap>"
        f"<sitemap><loc>http://elsewhere.example/x.xml</loc></sitemap></sitemapindex>"
    ).encode()
    site.pages["/one.xml"] = sitemap(
        f"{base}/leave", f"{base}/private/salaries", "http://elsewhere.example/page", f"{base}/gone"
    )
    packed = gzip.compress(sitemap(f"{base}/travel", f"{base}/leave", changed=None))
    site.pages["/two.xml.gz"] = packed
    site.pages["/leave"] = b"<h1>Leave</h1>"
    source = settings("sitemap", f"{base}/sitemap.xml")
    entries = {entry.id.removeprefix(base): entry for entry in await listed(source)}
    assert set(entries) == {"/leave", "/travel", "/gone"}
    async with open_source(source) as opened:
        content = await opened.read(entries["/leave"])
        assert content is not None
        assert content.data == b"<h1>Leave</h1>"
        assert content.media_type is not None
        assert content.media_type.startswith("text/html")
        assert await opened.read(entries["/gone"]) is None
    assert "/private/salaries" not in site.asked


@pytest.mark.parametrize(
    "page",
    [
        b"<html>not a sitemap</html>",
        b"<urlset><url>",
        b'<!DOCTYPE x [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>',
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><urlset><url><loc>&a;</loc></url></urlset>'.encode("utf-16"),
        gzip.compress(b"<urlset>" + b" " * 51 * 1024 * 1024 + b"</urlset>"),
        gzip.compress(b"<urlset>" + b"<a/>" * 5_000_000 + b"</urlset>"),
        b"<urlset>" + b"<a>" * 100_000,
        b"<urlset><url><loc>http://www.elsewhere.example/</loc></url></urlset>",
    ],
    ids=["html", "cut short", "entities", "in UTF-16", "a bomb", "elements", "deep", "another host's"],
)
async def test_what_is_no_sitemap_is_an_error(site: WebsiteStandIn, page: bytes) -> None:
    site.pages["/sitemap.xml"] = page
    with pytest.raises(MalformedError):
        await listed(settings("sitemap", f"{site.base}/sitemap.xml"))


async def test_a_page_may_change_twice_on_the_day_that_the_sitemap_names(site: WebsiteStandIn) -> None:
    base, today, hour = site.base, f"{datetime.now(UTC):%Y-%m-%d}", "2026-11-01T10:00:00+00:00"
    for changed, settled in ((today, False), ("2026-11-01", True), (hour, True), (None, True)):
        site.pages["/sitemap.xml"] = sitemap(f"{base}/leave", changed=changed)
        (entry,) = await listed(settings("sitemap", f"{base}/sitemap.xml"))
        assert (entry.revision, entry.settled) == (changed, settled)


async def test_who_asks_for_patience_is_not_asked_again_meanwhile(site: WebsiteStandIn) -> None:
    """Promise 8: no call inside the window; one that is too long is for the next resync."""
    async with open_fetching(private_addresses=True) as fetching:
        for told, calls in (("3600", 1), ("0", 3)):
            site.asked.clear()
            site.pages["/busy"] = web.Response(status=429, headers={"Retry-After": told})
            with pytest.raises(OverloadedError):
                await fetching.get(f"{site.base}/busy", max_bytes=100)
            assert len(site.asked) == calls


async def test_a_list_s_last_page_may_name_an_empty_next_one(site: WebsiteStandIn) -> None:
    site.pages["/documents"] = b'{"documents": [{"id": "a"}], "next": ""}'
    assert [entry.id for entry in await listed(settings("http", site.base))] == ["a"]


async def test_private_addresses_are_not_asked_unless_allowed(site: WebsiteStandIn) -> None:
    """Promise 35: whatever is written for "this machine", and a name that leads to it."""
    port = site.base.rpartition(":")[2]
    site.pages["/x"] = b"inside"
    async with open_fetching(private_addresses=True) as open_:
        assert (await open_.get(f"{site.base}/x", max_bytes=100)).body == b"inside", "the control"
    site.asked.clear()
    hosts = [*NUMERIC, "localhost", "169.254.169.254", "[fe80::1]", "10.0.0.1"]
    forms = [*(f"http://{host}:{port}/x" for host in hosts), *(form.format(port=port) for form in SCHEMES)]
    async with open_fetching(private_addresses=False) as guarded:
        tried = [guarded.get(form, max_bytes=100) for form in forms]
        outcomes = await asyncio.gather(*tried, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} <= {MalformedError, UnavailableError}
    assert site.asked == []


async def test_a_redirect_leads_to_no_other_host_and_a_long_page_is_cut_off(site: WebsiteStandIn) -> None:
    site.pages["/here"] = web.Response(status=302, headers={"Location": "/there"})
    site.pages["/away"] = web.Response(status=302, headers={"Location": "http://localhost/there"})
    site.pages["/loop"] = web.Response(status=302, headers={"Location": "/loop"})
    site.pages["/there"] = b"x" * 200
    async with open_fetching(private_addresses=True) as fetching:
        assert len((await fetching.get(f"{site.base}/here", max_bytes=200)).body) == 200
        for path, said in (("/away", "another host"), ("/loop", "too often"), ("/there", "100 bytes")):
            with pytest.raises(MalformedError, match=said):
                await fetching.get(site.base + path, max_bytes=100)


def test_an_address_that_is_none_is_named() -> None:
    with pytest.raises(SettingsError, match=r"wiki\.url"):
        check_source("wiki", settings("http", "docs.example.com"))


def test_the_openapi_file_speaks_of_every_field() -> None:
    text = (Path(__file__).parents[4] / "manifests" / "openapi-document-service.yaml").read_text()
    for name in (*_Listed.model_fields, *_Page.model_fields):
        assert f"        {name}:" in text, name
