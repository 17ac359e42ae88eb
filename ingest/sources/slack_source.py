"""Slack channels: a thread is a document, for whoever is in the channel.

Only messages of people are taken: an answer of ours that was indexed would be quoted as a source. Slack's
list tells a new reply and an edit of the first message, but not one of another: so young threads are read
each time, and an older one when the bot hears of it (`ingest/touching.py`).
"""

import asyncio
import html
import re
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from ingest.formats import markdown
from ingest.sources.aiohttp_fetching import Fetching
from ingest.sources.source import Content, Entry
from wire.errors import MalformedError, UnavailableError
from wire.shapes import Shape, ShapeT, read_shape
from wire.source_settings import SourceSettings

PAGE = 200
PAGE_BYTES = 16 * 1024 * 1024
PAGES_AT_MOST = 10_000
TITLE_CHARS = 100
NAMES_KEPT = 5_000
NAME_CHARS = 80
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<(?:@|#|!)(?:[^>|]*\|)?([^>]*)>")
_LINK = re.compile(r"<((?:https?|mailto):[^>|]+)(?:\|([^>]*))?>")


class _Edited(Shape):
    ts: str


class _Message(Shape):
    ts: str
    text: str = ""
    user: str | None = None
    subtype: str | None = None
    bot_id: str | None = None
    thread_ts: str | None = None
    reply_count: int = 0
    latest_reply: str | None = None
    edited: _Edited | None = None

    @property
    def by_person(self) -> bool:
        """Neither by an app, nor Slack's own "has joined" or "was deleted"."""
        return self.bot_id is None and self.subtype in {None, "thread_broadcast", "file_share"}

    @property
    def begins_thread(self) -> bool:
        """Whether it and its replies are a document."""
        return self.by_person and self.reply_count > 0 and self.thread_ts in {None, self.ts}


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


class _Conversation(Shape):
    is_private: bool


class _ConversationInfo(Shape):
    channel: _Conversation


class _Profile(Shape):
    display_name: str = ""
    real_name: str = ""


class _User(Shape):
    name: str = ""
    profile: _Profile = _Profile()


class _UserInfo(Shape):
    user: _User


class _RefusedError(UnavailableError):
    """Slack's own error, which may be looked at."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Slack refuses {method}: {error}", service="source")
        self.error = error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Channel:
    id: str
    private: bool
    team_url: str


class SlackSource:
    """Threads of the channels that the settings name."""

    def __init__(self, settings: SourceSettings, *, fetching: Fetching) -> None:
        self._base = settings.url.rstrip("/")
        self._channels = settings.channels
        self._settled_after = timedelta(days=settings.reread_days)
        self._fetching = fetching
        self._turn = asyncio.Lock()
        self._names: dict[str, str] = {}
        token = settings.token.get_secret_value() if settings.token else ""
        self._headers = {"Authorization": f"Bearer {token}"}

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Channel by channel, the newest thread first."""
        for name in self._channels:
            channel = await self._channel(name)
            async for message in self._messages("conversations.history", channel=name):
                if message.begins_thread:
                    yield await self._entry(message, channel=channel)

    async def read(self, entry: Entry) -> Content | None:
        """A thread's messages, as Markdown."""
        channel, _, ts = entry.id.partition("/")
        messages = await self._thread(channel, ts)
        return await self._content(messages) if messages else None

    async def look_up(self, document: str) -> tuple[Entry, Content] | None:
        """A thread as it is now; None where it is none, or none any longer.

        Raises:
            UnavailableError: Slack does not answer, or refuses.
            MalformedError: the thread is too long.
        """
        name, _, ts = document.partition("/")
        messages = await self._thread(name, ts)
        if not messages or not messages[0].begins_thread:
            return None
        entry = await self._entry(messages[0], channel=await self._channel(name))
        return entry, await self._content(messages)

    async def _channel(self, name: str) -> _Channel:
        team = await self._call("auth.test", _Team)
        about = await self._call("conversations.info", _ConversationInfo, channel=name)
        return _Channel(id=name, private=about.channel.is_private, team_url=team.url.rstrip("/"))

    async def _thread(self, channel: str, ts: str) -> list[_Message]:
        """Its messages, the first one first; none where there is no such thread."""
        try:
            asked = self._messages("conversations.replies", channel=channel, ts=ts)
            return [message async for message in asked]
        except _RefusedError as refusal:
            if refusal.error == "thread_not_found":
                return []
            raise

    async def _entry(self, message: _Message, *, channel: _Channel) -> Entry:
        latest = message.latest_reply or message.ts
        latest_at = datetime.fromtimestamp(float(latest), tz=UTC)
        edited = message.edited.ts if message.edited else ""
        words = plain(message.text, names=await self._mentioned(message.text)).split()
        return Entry(
            id=f"{channel.id}/{message.ts}",
            revision=f"{latest} {message.reply_count} {edited}",
            settled=datetime.now(UTC) - latest_at > self._settled_after,
            title=" ".join(words)[:TITLE_CHARS],
            url=f"{channel.team_url}/archives/{channel.id}/p{message.ts.replace('.', '')}",
            media_type="text/markdown",
            allow=(f"channel:{channel.id}",),
            confined=channel.private,
            updated_at=latest_at,
        )

    async def _content(self, messages: list[_Message]) -> Content:
        said = []
        for message in messages:
            if message.by_person and message.text:
                text = written(message.text, names=await self._mentioned(message.text))
                author = await self._name(message.user) if message.user else "Somebody"
                said.append(f"**{author}:**{' ' if text[:1].isalnum() else chr(10) * 2}{text}")
        return Content("\n\n".join(said).encode())

    async def _mentioned(self, text: str) -> dict[str, str]:
        return {user: await self._name(user) for user in dict.fromkeys(_USER.findall(text))}

    async def _name(self, user: str) -> str:
        """What people call this person; the id, where Slack tells no name."""
        if user not in self._names:
            try:
                about = (await self._call("users.info", _UserInfo, user=user)).user
            except _RefusedError:
                about = _User(name=user)
            profile = about.profile
            while len(self._names) >= NAMES_KEPT:
                del self._names[next(iter(self._names))]
            name = profile.real_name or profile.display_name or about.name
            # People choose their names; one is words on one line here, whatever it holds.
            self._names[user] = " ".join(name.replace("*", "").split())[:NAME_CHARS] or user
        return self._names[user]

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
        # One after the other, so that all wait while Slack asks for patience.
        async with self._turn:
            fetched = await self._fetching.get(url, max_bytes=PAGE_BYTES, headers=self._headers)
        answer = read_shape(_Answer, fetched.body)
        if not answer.ok:
            raise _RefusedError(method, answer.error)
        return read_shape(shape, fetched.body)


def plain(text: str, *, names: Mapping[str, str]) -> str:
    """A message's text, as Slack sends it, with people and channels by what they are called."""
    return _read(text, names=names, link=lambda link: link[2] or link[1])


def written(text: str, *, names: Mapping[str, str]) -> str:
    """The same in Markdown: links are links, code is code, and what only looks like a heading is none."""
    pieces = []
    for number, piece in enumerate(text.split("```")):
        if number % 2:
            pieces.append(markdown.fence(plain(piece, names=names)))
        elif piece.strip():
            pieces.append(markdown.paragraphs(_read(piece.strip(), names=names, link=_link)))
    return "\n\n".join(pieces)


def _read(text: str, *, names: Mapping[str, str], link: Callable[[re.Match[str]], str]) -> str:
    text = _USER.sub(lambda mention: f"@{names.get(mention[1], mention[1])}", text)
    return html.unescape(_MENTION.sub(lambda mention: mention[1], _LINK.sub(link, text)))


def _link(link: re.Match[str]) -> str:
    if not link[2]:
        return link[1]
    return f"[{link[2].replace('[', '(').replace(']', ')')}]({link[1].replace(')', '%29')})"
