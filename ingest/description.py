"""What a document says of itself besides its text: its title, whose it is, when it changed."""

import email.utils
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import PurePosixPath

from ingest.chunking import first_heading
from ingest.formats import markdown, media_types
from ingest.formats.parsed import Parsed

FINGERPRINT = "described-1"
"""Names what of it is said among the passages; a change of it makes documents be indexed anew."""
VALUE_CHARS = 500
TITLE_CHARS = 1000
SAID = (
    *("description", "summary", "status", "owner", "owners", "maintainer", "maintainers", "team", "contact"),
    *("author", "authors", "tags", "keywords", "categories", "aliases"),
)
"""Fields that people ask for. Others are for the program that publishes the document."""
CHANGED = ("updated_at", "updated", "last_updated", "last_modified", "modified", "lastmod", "date")
"""Fields that say when it changed, the surest first."""
_NUMBERED = frozenset({media_types.PDF, media_types.PPTX, media_types.XLSX, media_types.JSON})
"""Whose headings are pages, slides, sheets and keys: the first of them is no title."""
_FIRST_HEADING = re.compile(r"\A\s*# [^\n]*\n")


def title_of(parsed: Parsed, *, given: str, media_type: str, document: str) -> str:
    """What its sender calls it, or else it itself, or else its file's name in words, or its id."""
    kind = media_type.partition(";")[0].strip().lower()
    own = parsed.title or (None if kind in _NUMBERED else first_heading(parsed.markdown))
    return (given or own or _in_words(document))[:TITLE_CHARS]


def described(parsed: Parsed, metadata: Mapping[str, object]) -> str:
    """Its Markdown, and under its first heading what it and its sender say of it: people ask for that.

    Args:
        parsed: the document as it was read.
        metadata: what its sender says; the document's own word counts more.
    """
    said = {_plain(name): value for name, value in (*metadata.items(), *parsed.metadata.items())}
    lines = [
        f"- {name.capitalize()}: {markdown.line(words)}" for name in SAID if (words := _words(said.get(name)))
    ]
    if not lines:
        return parsed.markdown
    title = _FIRST_HEADING.match(parsed.markdown)
    start = title.end() if title else 0
    parts = (parsed.markdown[:start].strip(), "\n".join(lines), parsed.markdown[start:].lstrip("\n"))
    return "\n\n".join(filter(None, parts))


def changed_at(parsed: Parsed, *, given: datetime | None) -> datetime | None:
    """When it changed, as its sender says, or else it itself."""
    said = {_plain(name): value for name, value in parsed.metadata.items()}
    return given or next(filter(None, (_moment(said[name]) for name in CHANGED if name in said)), None)


def _plain(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def _words(value: object) -> str:
    values = value if isinstance(value, list | tuple) else (value,)
    words = ", ".join(str(each) for each in values if isinstance(each, str | int | float))
    return " ".join(words.split())[:VALUE_CHARS]


def _moment(words: str) -> datetime | None:
    for read in (datetime.fromisoformat, email.utils.parsedate_to_datetime):
        try:
            moment = read(words)
            # An hour without a zone is one somewhere; a day is the most that it can be wrong by.
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _in_words(document: str) -> str:
    """A file's name as a person would say it; other ids, and those of source code, as they are."""
    kind = media_types.media_type_of(document)
    if kind is None or media_types.language_of(kind):
        return document
    words = " ".join(re.sub(r"[-_]", " ", PurePosixPath(document).stem).split())
    return words[:1].upper() + words[1:]
