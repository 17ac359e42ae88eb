"""A document service over HTTP, as manifests/openapi-document-service.yaml describes it.

``GET /documents`` lists in pages, ``GET /documents/{id}/content`` gives one document's bytes.
"""

from collections.abc import AsyncGenerator
from typing import Annotated
from urllib.parse import quote, urlencode

from pydantic import AwareDatetime, Field, StringConstraints

from ingest.parsing import BODY_BYTES
from ingest.sources.aiohttp_fetching import Fetched, Fetching
from ingest.sources.source import Content, Entry
from wire.documents import DocumentId
from wire.errors import MalformedError, UnavailableError
from wire.shapes import Shape, read_shape
from wire.source_settings import SourceSettings

PAGE = 500
PAGE_BYTES = 8 * 1024 * 1024
PAGES_AT_MOST = 100_000
ANYTHING = "application/octet-stream"
"""What servers say of what they don't know."""
OK = 200
GONE = (404, 410)


class _Listed(Shape):
    id: DocumentId
    revision: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    version: Annotated[int, Field(ge=0, lt=2**62)] | None = None
    title: Annotated[str, StringConstraints(max_length=1000)] = ""
    url: Annotated[str, StringConstraints(max_length=2048)] | None = None
    media_type: str | None = None
    allow: tuple[str, ...] | None = None
    updated_at: AwareDatetime | None = None


class _Page(Shape):
    documents: tuple[_Listed, ...]
    next: str | None = None
    """The cursor of the page that follows; there is none after the last."""


class HttpSource:
    """Lists by cursor, with a bearer token where the settings have one."""

    def __init__(self, settings: SourceSettings, *, fetching: Fetching) -> None:
        self._base = settings.url.rstrip("/")
        self._fetching = fetching
        self._headers = (
            {"Authorization": f"Bearer {settings.token.get_secret_value()}"} if settings.token else {}
        )

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Page by page."""
        cursor: str | None = None
        for _ in range(PAGES_AT_MOST):
            asked = {"limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
            fetched = await self._get(f"/documents?{urlencode(asked)}", max_bytes=PAGE_BYTES)
            if fetched.status != OK:
                raise UnavailableError(f"the list answers {fetched.status}", service="source")
            page = read_shape(_Page, fetched.body)
            for listed in page.documents:
                yield _entry(listed)
            if not page.next:
                return
            if page.next == cursor:
                raise MalformedError("the list's next page is the same page again")
            cursor = page.next
        raise MalformedError(f"the list has more than {PAGES_AT_MOST} pages")

    async def read(self, entry: Entry) -> Content | None:
        """A document's bytes, of the media type that the response names, if it names one."""
        fetched = await self._get(f"/documents/{quote(entry.id, safe='')}/content", max_bytes=BODY_BYTES)
        if fetched.status in GONE:
            return None
        if fetched.status != OK:
            raise MalformedError(f"the document's content answers {fetched.status}")
        says_nothing = (fetched.media_type or "").startswith(ANYTHING)
        return Content(fetched.body, None if says_nothing else fetched.media_type)

    async def _get(self, path: str, *, max_bytes: int) -> Fetched:
        return await self._fetching.get(self._base + path, max_bytes=max_bytes, headers=self._headers)


def _entry(listed: _Listed) -> Entry:
    fields = dict(listed)
    if listed.revision is None and listed.version is not None:
        fields["revision"] = str(listed.version)
    return Entry(**fields)
