"""A document's body as Markdown, whatever it came as."""

import asyncio
from email.message import Message
from typing import Protocol

from ingest.formats import markdown
from ingest.formats.media_types import MARKDOWN, NAMED, PLAIN, READ_APART, language_of
from ingest.formats.parsed import Parsed
from ingest.formats.text import decode
from ingest.formats.yaml_front_matter import read_markdown
from wire.errors import MalformedError

BODY_BYTES = 50 * 1024 * 1024
"""Longest body: what `answerdesk publish` sends, too."""
TEXT_BYTES = 32 * 1024 * 1024
"""Longest text: about 30,000 passages, a quarter of an hour's encoding on one core."""
TITLE_CHARS = 1000


class Apart(Protocol):
    """Reads what may be hostile where it can do no harm; `parser_processes.py` implements it."""

    async def read(self, body: bytes, *, kind: str, charset: str | None) -> Parsed:
        """Read a body of that media type.

        Raises:
            MalformedError: it can't be read, and why.
            UnavailableError: no process could be started.
        """


class Parse(Protocol):
    """What indexing asks for: a body's Markdown."""

    async def __call__(self, body: bytes, *, media_type: str) -> Parsed:
        """Read a body.

        Raises:
            MalformedError: it can't be read, and why.
            UnavailableError: it can't be read now.
        """


class Parsing:
    """Reads text itself, in a thread, and has everything else read apart (nothing else, without `apart`)."""

    def __init__(self, apart: Apart | None = None) -> None:
        self._apart = apart

    async def parse(self, body: bytes, *, media_type: str) -> Parsed:
        """Markdown of the body. Plain text is taken as it is: what looks like a heading becomes one.

        Raises:
            MalformedError: the media type is not read, the body is too long, broken, or not what it says.
            UnavailableError: no process to read it could be started.
        """
        kind, charset = _media_type(media_type)
        if len(body) > BODY_BYTES:
            raise MalformedError(f"the body has more than {BODY_BYTES // 1024**2} MiB", field="body")
        if kind in READ_APART and self._apart is not None:
            parsed = await self._apart.read(body, kind=kind, charset=charset)
        else:
            parsed = await asyncio.to_thread(_read, body, kind=kind, charset=charset)
        if len(parsed.markdown) > TEXT_BYTES or len(parsed.markdown.encode()) > TEXT_BYTES:
            raise MalformedError(f"its text has more than {TEXT_BYTES // 1024**2} MiB", field="body")
        title = " ".join((parsed.title or "").split())[:TITLE_CHARS] or None
        return Parsed(parsed.markdown, title=title, metadata=parsed.metadata)


def _read(body: bytes, *, kind: str, charset: str | None) -> Parsed:
    if kind in MARKDOWN:
        return read_markdown(decode(body, charset=charset))
    if kind in PLAIN:
        return Parsed(decode(body, charset=charset))
    if language := language_of(kind):
        return Parsed(markdown.fence(decode(body, charset=charset), language=language))
    raise MalformedError(
        f"field 'media_type': {kind!r} is not read; these are: {', '.join(NAMED)}", field="media_type"
    )


def _media_type(media_type: str) -> tuple[str, str | None]:
    """The type itself in lower case, and the character set it names."""
    header = Message()
    header["content-type"] = media_type
    return media_type.partition(";")[0].strip().lower(), header.get_content_charset()
