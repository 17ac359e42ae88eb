"""Files and folders as documents: what is taken, what it is called, what kind it is."""

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import quote

from pydantic import ValidationError

from desk.announcing import Draft
from ingest.formats.media_types import is_text, media_type_of
from wire.documents import DocumentUpsert
from wire.errors import MalformedError

MOST_BYTES = 50 * 1024 * 1024
"""A larger file is refused; the promise is that 50 MiB pass."""

PLAIN = "text/plain"
BINARY = "application/octet-stream"

_NOT_READ = {
    ".png": "image/png",
    **dict.fromkeys((".jpg", ".jpeg"), "image/jpeg"),
    ".gif": "image/gif",
    ".zip": "application/zip",
}
"""Announced as what they are, so that the worker says why they can't be found."""


@dataclass(frozen=True, kw_only=True)
class FileFound:
    """A file to publish, and its document id."""

    path: Path
    id: str


def find_files(paths: Sequence[Path]) -> list[FileFound]:
    """The files given, and those in the folders given, hidden ones left out.

    A folder that can't be listed stands among them, and fails as a file that can't be read does.

    A file in a folder is called by its path within that folder, a file given by itself by its name.

    Raises:
        MalformedError: two files would be called the same.
    """
    found: dict[str, FileFound] = {}
    for path in paths:
        for file in _in_folder(path) if path.is_dir() else (FileFound(path=path, id=_id(Path(path.name))),):
            twin = found.setdefault(file.id, file)
            if twin.path.resolve() != file.path.resolve():
                raise MalformedError(
                    f"{twin.path} and {file.path} would both be document {file.id!r}: "
                    "publish them one after the other with different --source names"
                )
    return list(found.values())


def _in_folder(folder: Path) -> Iterator[FileFound]:
    inside = folder.resolve()
    refused: list[OSError] = []
    for here, folders, names in os.walk(folder, onerror=refused.append):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(here, name)
            # A link may lead anywhere, to a private key for one; what it leads to inside is found there.
            if not name.startswith(".") and path.is_file() and path.resolve().is_relative_to(inside):
                yield FileFound(path=path, id=_id(path.relative_to(folder)))
    for error in refused:  # to be reported with the files that can't be read
        yield FileFound(path=Path(error.filename), id=_id(Path(error.filename).relative_to(folder)))


def _id(path: Path) -> str:
    # A file's name may be bytes that are no UTF-8; an id is text.
    return path.as_posix().encode(errors="surrogateescape").decode(errors="replace")


def drafts_of(
    files: Sequence[FileFound], *, source: str, allow: tuple[str, ...], url_prefix: str | None
) -> list[Draft]:
    """What to announce of these files.

    Their version is the present moment in milliseconds, not the file's time: who publishes by hand states
    what is true now, be it an older file put back or new readers for an unchanged one. They have no
    title: the document's own counts, and the worker makes one of its name where it has none.
    """
    version = time.time_ns() // 1_000_000
    return [
        Draft(
            id=file.id,
            read=partial(
                _read, file, source=source, allow=allow, url=_url(url_prefix, file.id), version=version
            ),
        )
        for file in files
    ]


def _url(prefix: str | None, document: str) -> str | None:
    return None if prefix is None else f"{prefix.rstrip('/')}/{quote(document)}"


def _read(
    file: FileFound, *, source: str, allow: tuple[str, ...], url: str | None, version: int
) -> DocumentUpsert:
    try:
        about = file.path.stat()
        if about.st_size > MOST_BYTES:
            raise MalformedError(f"larger than {MOST_BYTES // 1024**2} MiB")
        data = file.path.read_bytes()
    except OSError as error:
        raise MalformedError(f"can't be read: {error.strerror}") from error
    media_type, text = kind_of(file.path.name, data)
    try:
        return DocumentUpsert(
            source=source,
            id=file.id,
            version=version,
            url=url,
            media_type=media_type,
            body=text,
            body_base64=data if text is None else None,
            allow=allow,
            updated_at=datetime.fromtimestamp(about.st_mtime, tz=UTC),
        )
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise MalformedError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def kind_of(name: str, data: bytes) -> tuple[str, str | None]:
    """A file's media type by its suffix, and its text where it is text.

    What has no suffix that we know is plain text if it reads as text (a licence).
    """
    media_type = media_type_of(name) or _NOT_READ.get(Path(name).suffix.lower())
    if media_type and not is_text(media_type):
        return media_type, None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return media_type or BINARY, None
    if media_type is None and "\0" in text:
        return BINARY, None
    return media_type or PLAIN, text
