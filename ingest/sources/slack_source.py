"""Slack channels: a thread is a document, for whoever is in the channel.

Only messages of people are taken: an answer of ours that was indexed would be quoted as a source. Slack's
list tells a new reply and an edit of the first message, but not one of a reply.
"""

import html
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ingest.sources.aiohttp_fetching import Fetching
from ingest.sources.source import Content, Entry
from wire.errors import MalformedError, UnavailableError
from wire.shapes import Shape, ShapeT, read_shape
from wire.source_settings import SourceSettings

PAGE = 200
PAGE_BYTES = 16 * 1024 * 1024
PAGES_AT_MOST = 10_000
TITLE_CHARS = 100
_MENTION = re.compile(r"<(?:@|#|!)(?:[^>|]*\|)?([^>]*)>")
_LINK = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")


class _Edited(Shape):
    ts: str


class _Message(Shape):
    ts: str
    text: str = ""
    subtype: str | None = None
    bot_id: str | None = None
    reply_count: int = 0
    latest_reply: str | None = None
    edited: _Edited | None = None

    @property
    def by_person(self) -> bool:
        """Neither by an app, nor Slack's own "has joined"."""
        return self.bot_id is None and self.subtype in {None, "thread_broadcast", "file_share"}


class _Cursor(Shape):
    next_cursor: str = ""


class _Answer(Shape):
    ok: bool
    error: str = "unknown_error"


class _Team(Shape):
    url: str


class _Messages(Shape):
    messages: tuple[_Message, ...]
    response_metadata: _Cursor | None = None


class SlackSource:
    """Threads of the channels that the settings name."""

    def __init__(self, settings: SourceSettings, *, fetching: Fetching) -> None:
        self._base = settings.url.rstrip("/")
        self._channels = settings.channels
        self._fetching = fetching
        token = settings.token.get_secret_value() if settings.token else ""
        self._headers = {"Authorization": f"Bearer {token}"}

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Channel by channel, the newest thread first."""
        team = await self._call("auth.test", _Team)
        for channel in self._channels:
            async for message in self._messages("conversations.history", channel=channel):
                if message.reply_count and message.by_person:
                    yield _entry(message, channel=channel, team=team.url)

    async def read(self, entry: Entry) -> Content | None:
        """A thread's messages, as Markdown."""
        channel, _, ts = entry.id.partition("/")
        try:
            said = [
                markdown(message.text)
                async for message in self._messages("conversations.replies", channel=channel, ts=ts)
                if message.by_person and message.text
            ]
        except _ThreadGoneError:
            return None
        return Content("\n\n".join(said).encode())

    async def _messages(self, method: str, **arguments: str) -> AsyncGenerator[_Message, None]:
        cursor = ""
        for _ in range(PAGES_AT_MOST):
            asked = {**arguments, "limit": str(PAGE)} | ({"cursor": cursor} if cursor else {})
            page = await self._call(method, _Messages, **asked)
            for message in page.messages:
                yield message
            cursor = page.response_metadata.next_cursor if page.response_metadata else ""
            if not cursor:
                return
        raise MalformedError(f"a channel has more than {PAGES_AT_MOST * PAGE} messages")

    async def _call(self, method: str, shape: type[ShapeT], **arguments: Any) -> ShapeT:
        url = f"{self._base}/{method}" + (f"?{urlencode(arguments)}" if arguments else "")
        fetched = await self._fetching.get(url, max_bytes=PAGE_BYTES, headers=self._headers)
        answer = read_shape(_Answer, fetched.body)
        if answer.error == "thread_not_found":
            raise _ThreadGoneError
        if not answer.ok:
            raise UnavailableError(f"Slack refuses {method}: {answer.error}", service="source")
        return read_shape(shape, fetched.body)


class _ThreadGoneError(Exception):
    """The thread was deleted since it was listed."""


def markdown(text: str) -> str:
    """A message's text, as Slack sends it, in Markdown; people and channels by what Slack calls them."""
    text = _LINK.sub(lambda link: f"[{link[2]}]({link[1]})" if link[2] else link[1], text)
    return html.unescape(_MENTION.sub(lambda mention: mention[1], text))


def _entry(message: _Message, *, channel: str, team: str) -> Entry:
    latest = message.latest_reply or message.ts
    edited = message.edited.ts if message.edited else ""
    return Entry(
        id=f"{channel}/{message.ts}",
        revision=f"{latest} {message.reply_count} {edited}",
        title=" ".join(markdown(message.text).split())[:TITLE_CHARS],
        url=f"{team.rstrip('/')}/archives/{channel}/p{message.ts.replace('.', '')}",
        media_type="text/markdown",
        allow=(f"channel:{channel}",),
        updated_at=datetime.fromtimestamp(float(latest), tz=UTC),
    )
