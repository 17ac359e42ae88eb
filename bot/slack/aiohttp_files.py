"""Files that people share in Slack, downloaded with our token, which is shown to Slack's own hosts alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp
import structlog

from bot.answering.attachments import Fetched
from bot.slack.ports import SharedFile
from bot.slack.slack_workspace import SlackWorkspace
from wire.errors import MalformedError, RefusedError, UnavailableError

DOWNLOADED_WITHIN_S = 20.0
PIECE_BYTES = 64 * 1024
HTML = "text/html"

_log = structlog.get_logger("files")


class SlackFiles:
    """Fetches them, each with one look at what Slack says of it now."""

    def __init__(self, workspace: SlackWorkspace, http: aiohttp.ClientSession) -> None:
        self._workspace = workspace
        self._http = http

    async def __call__(self, file: str, *, max_bytes: int) -> Fetched:
        """The file, or of a picture the preview of 1,024 pixels where Slack has made one.

        Raises:
            MalformedError: it is too long.
            RefusedError: Slack does not give it to us.
            UnavailableError: Slack does not answer.
        """
        try:
            shared = await self._workspace.file(file)
        except RefusedError as error:
            _log.warning("a file can't be looked up; files need the scope files:read", reason=str(error))
            raise _not_given() from error
        url = shared.preview_url or shared.url
        if url is None:
            raise RefusedError("it does not lie in Slack, or not any more")
        if shared.preview_url is None and shared.bytes > max_bytes:
            raise _too_long(max_bytes)
        if not is_slacks(url, api_url=self._workspace.client.base_url):
            _log.warning("a file lies on another host than Slack's; our token is not shown there")
            raise RefusedError("it does not lie in Slack")
        body = await self._download(url, shared, max_bytes=max_bytes)
        return Fetched(name=shared.name, media_type=shared.media_type, body=body)

    async def _download(self, url: str, shared: SharedFile, *, max_bytes: int) -> bytes:
        body = bytearray()
        try:
            async with (
                asyncio.timeout(DOWNLOADED_WITHIN_S),
                self._http.get(
                    url,
                    headers={"Authorization": f"Bearer {self._workspace.client.token}"},
                    # To a page for logging in, or to somewhere that is not Slack's.
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=DOWNLOADED_WITHIN_S),
                ) as response,
            ):
                # Who may not have it is sometimes shown the page for logging in, as if that were the file.
                is_login = response.content_type == HTML and shared.media_type != HTML
                if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise UnavailableError("Slack does not give the file now", service="slack")
                if response.status != HTTPStatus.OK or is_login:
                    _log.warning(
                        "Slack does not give a file; files need the scope files:read", status=response.status
                    )
                    raise _not_given()
                async for piece in response.content.iter_chunked(PIECE_BYTES):
                    body += piece
                    if len(body) > max_bytes:
                        raise _too_long(max_bytes)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise UnavailableError("Slack does not give the file", service="slack") from error
        return bytes(body)


@asynccontextmanager
async def open_slack_files(workspace: SlackWorkspace) -> AsyncIterator[SlackFiles]:
    """For as long as the block lasts, with connections of their own: no cookies, no proxy."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False) as http:
        yield SlackFiles(workspace, http)


def is_slacks(url: str, *, api_url: str) -> bool:
    """Whether our token may be shown there: at the API's own host and those below it, and no less safely."""
    try:
        there, api = urlsplit(url), urlsplit(api_url)
        same_port = there.port == api.port
    except ValueError:
        return False
    host, own = there.hostname or "", api.hostname or ""
    below = host == own or (bool(own) and host.endswith(f".{own}"))
    return below and same_port and there.scheme == api.scheme and there.username is None


def _not_given() -> RefusedError:
    return RefusedError("Slack does not give it to me")


def _too_long(max_bytes: int) -> MalformedError:
    return MalformedError(f"it has more than {max_bytes // 1024**2} MiB")
