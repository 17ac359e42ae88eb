"""A document service and a website to test sources with, over real HTTP on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from aiohttp import web

TOKEN = "a-document-service's-token"


@dataclass
class StandInDocument:
    body: str
    allow: tuple[str, ...] = ("public",)
    revision: str | None = "1"
    version: int | None = None
    media_type: str = "text/markdown"


@dataclass
class DocumentServiceStandIn:
    """Serves ``documents`` in pages of two, as manifests/openapi-document-service.yaml says."""

    documents: dict[str, StandInDocument] = field(default_factory=dict)
    base: str = ""
    pages_until_fault: int | None = None
    """After so many pages the list answers 500."""
    reads: list[str] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    slow_s: float = 0.0

    async def list(self, request: web.Request) -> web.Response:
        _check(request)
        at = int(request.query.get("cursor", "0"))
        if self.pages_until_fault is not None and at >= 2 * self.pages_until_fault:
            raise web.HTTPInternalServerError
        names = sorted(self.documents)
        page: dict[str, Any] = {"documents": [self._listed(name) for name in names[at : at + 2]]}
        if at + 2 < len(names):
            page["next"] = str(at + 2)
        return web.json_response(page)

    def _listed(self, name: str) -> dict[str, Any]:
        document = self.documents[name]
        listed = {
            "id": name,
            "title": name.title(),
            "url": f"{self.base}/{name}",
            "media_type": document.media_type,
            "allow": document.allow,
            "revision": document.revision,
            "version": document.version,
        }
        return {key: value for key, value in listed.items() if value is not None}

    async def content(self, request: web.Request) -> web.Response:
        _check(request)
        name = unquote(request.match_info["id"])
        self.reads.append(name)
        if name in self.broken:
            raise web.HTTPBadRequest
        if name not in self.documents:
            raise web.HTTPNotFound
        document = self.documents[name]
        return web.Response(
            body=document.body.encode(), headers={"Content-Type": f"{document.media_type}; charset=utf-8"}
        )


def _check(request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {TOKEN}":
        raise web.HTTPUnauthorized


@asynccontextmanager
async def document_service() -> AsyncIterator[DocumentServiceStandIn]:
    """A document service with no documents yet."""
    service = DocumentServiceStandIn()
    app = web.Application()
    app.router.add_get("/documents", service.list)
    app.router.add_get("/documents/{id}/content", service.content)
    async with _serving(app) as base:
        service.base = base
        yield service


@dataclass
class WebsiteStandIn:
    """Serves ``pages`` by their paths; what is not there is a 404."""

    pages: dict[str, bytes | web.Response] = field(default_factory=dict)
    base: str = ""
    asked: list[str] = field(default_factory=list)

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        page = self.pages.get(request.path)
        if page is None:
            raise web.HTTPNotFound
        if isinstance(page, bytes):
            return web.Response(body=page, content_type="text/html")
        return web.Response(status=page.status, headers=page.headers, body=page.body)


@asynccontextmanager
async def website() -> AsyncIterator[WebsiteStandIn]:
    """A website with no pages yet."""
    site = WebsiteStandIn()
    app = web.Application()
    app.router.add_get("/{path:.*}", site.serve)
    async with _serving(app) as base:
        site.base = base
        yield site


@asynccontextmanager
async def _serving(app: web.Application) -> AsyncIterator[str]:
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
