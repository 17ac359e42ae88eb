"""A source's list beside what is indexed: which documents differ, and which are gone."""

import hashlib
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from pydantic import ValidationError

from ingest.sources.source import Content, Entry
from wire.documents import DocumentUpsert
from wire.errors import MalformedError

_HASH_CHARS = 32
MILLISECONDS = 10**12
"""A version from here on is a time: 2001 or later, in milliseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What is known of a document: its version, and the mark of the state that needs no announcing.

    That is the state that is indexed, or a newer one that could not be: only another one is worth a try.
    """

    version: int
    mark: str | None = None
    live: bool = True


def with_given_up(
    indexed: Mapping[str, Indexed], given_up: Mapping[str, tuple[int, str]]
) -> dict[str, Indexed]:
    """What is indexed, with the marks of newer states that could not be.

    Args:
        indexed: what is indexed, by document.
        given_up: version and mark of the newest failure, by document.
    """
    known = dict(indexed)
    for document, (version, mark) in given_up.items():
        there = indexed.get(document, Indexed(version, live=False))
        if version >= there.version:
            known[document] = replace(there, mark=mark)
    return known


def mark_of(entry: Entry, *, allow: tuple[str, ...], data: bytes | None) -> str:
    """Recognises a state of a document: ``<what the list says>.<what its bytes are>``.

    The first half holds its readers, too, so that an unchanged document with new readers differs. Without
    ``data`` only that half is made.
    """
    said = (entry.revision, entry.title, entry.url, entry.media_type, entry.updated_at, sorted(allow))
    return f"{_short(repr(said).encode())}.{'' if data is None else _short(data)}"


def must_read(entry: Entry, indexed: Indexed | None, *, allow: tuple[str, ...], full: bool) -> bool:
    """Whether only the document's bytes can tell if it differs, or it does and they are to be announced."""
    if full or entry.revision is None or not entry.settled or indexed is None or indexed.mark is None:
        return True
    return not indexed.mark.startswith(mark_of(entry, allow=allow, data=None))


def differs(indexed: Indexed | None, mark: str) -> bool:
    """Whether a document that was read is not the one that is indexed."""
    return indexed is None or indexed.mark != mark


def next_version(entry: Entry, indexed: Indexed | None, *, epoch: int, unknown: int) -> int:
    """The source's own number where it has one; but above what is indexed.

    It is the same each time, so that announcing it twice counts once; only who takes an interrupted run over
    counts further (``epoch``), so that what it says stands over what its predecessor said. What a later run
    says stands over an earlier one's that is still on its way, too, unless the document counts in small
    numbers, which are somebody else's: of these, as few as possible are taken.

    Args:
        entry: the document.
        indexed: what is known of it.
        epoch: from 1 on, how often the run was taken up.
        unknown: for a document without a number: when the run began, in milliseconds since 1970.
    """
    above = 0 if indexed is None else indexed.version + epoch
    if entry.version is not None:
        return max(above, entry.version)
    counts_itself = indexed is not None and indexed.live and indexed.version < MILLISECONDS
    return above if counts_itself else max(above, unknown)


def upsert_of(
    entry: Entry, content: Content, *, source: str, allow: tuple[str, ...], version: int
) -> DocumentUpsert:
    """The announcement of a document that was read.

    Raises:
        MalformedError: what the source says of it can't be said; names the field.
    """
    try:
        return DocumentUpsert(
            source=source,
            id=entry.id,
            version=version,
            title=entry.title,
            url=entry.url,
            media_type=content.media_type or entry.media_type or "text/plain",
            body_base64=content.data,
            allow=allow,
            updated_at=entry.updated_at,
            revision=mark_of(entry, allow=allow, data=content.data),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise MalformedError(f"field {'.'.join(map(str, first['loc']))!r}: {first['msg']}") from None


def gone(indexed: Mapping[str, Indexed], seen: AbstractSet[str]) -> Iterator[tuple[str, int]]:
    """Documents that the source no longer lists, and the version that they are to be deleted at."""
    return (
        (document, there.version)
        for document, there in indexed.items()
        if there.live and document not in seen
    )


def is_suspicious(*, seen: int, indexed: int, least_share: float) -> bool:
    """Whether so few documents were listed that the list, rather than the documents, may be at fault."""
    return seen < indexed * least_share


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_HASH_CHARS]
