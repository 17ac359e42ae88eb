"""A folder, wherever fsspec finds one: this machine, S3, GCS, Azure, GitHub, SFTP, a zip file.

Hidden files are left out, and links that lead out of a local folder are not followed. Each call of a file
system runs in a thread.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fsspec
from fsspec.core import split_protocol, url_to_fs
from fsspec.implementations.local import LocalFileSystem

from ingest.formats.media_types import media_type_of
from ingest.parsing import BODY_BYTES
from ingest.sources.source import Content, Entry
from wire.errors import MalformedError, SettingsError, UnavailableError
from wire.source_settings import SourceSettings

CALL_WITHIN_S = 120.0
"""For a folder's list or a file's bytes."""
DEEPEST = 64
_MARKERS = (
    ("ETag", "etag", "md5Hash", "content_md5", "sha", "hex", "generation", "checksum"),
    ("LastModified", "last_modified", "updated", "mtime", "created"),
)
"""How file systems call what changes with a file: first what tells bytes, then what tells time."""
_CHANGED_AT = ("LastModified", "last_modified", "updated", "mtime")
_FAULTS = (OSError, ValueError, RuntimeError, TimeoutError, ImportError)


def check_files(name: str, settings: SourceSettings) -> None:
    """Look whether such a folder can be read with what is installed; connects to nothing.

    Raises:
        SettingsError: fsspec does not know its kind, or wants a package.
    """
    protocol, _ = split_protocol(settings.url)
    for part in (protocol or "file").split("::"):
        try:
            fsspec.get_filesystem_class(part)
        except ImportError as error:
            raise SettingsError(f"SOURCES.{name}: {error}") from None
        except ValueError:
            raise SettingsError(f"SOURCES.{name}: fsspec knows no {part}:// addresses") from None


class FsspecSource:
    """Documents are the files whose suffix says so; an id is a file's path within the folder."""

    def __init__(self, settings: SourceSettings) -> None:
        self._settings = settings
        self._fs: Any = None
        self._root = ""
        self._odd: dict[str, str] = {}
        """Paths of documents whose ids are not their paths."""

    async def entries(self) -> AsyncGenerator[Entry, None]:
        """Folder by folder; one that can't be listed ends the whole."""
        await self._open()
        left = [(self._root, 0)]
        while left:
            folder, depth = left.pop()
            if depth > DEEPEST:
                raise MalformedError(f"folders are nested deeper than {DEEPEST}")
            for about in await self._in_thread(self._list, folder):
                if about["type"] == "directory":
                    left.append((about["name"].rstrip("/"), depth + 1))
                elif media_type := media_type_of(about["name"]):
                    yield self._entry(about, media_type)

    async def read(self, entry: Entry) -> Content | None:
        """A file's bytes."""
        await self._open()
        within = self._odd.get(entry.id, entry.id)
        path = f"{self._root}/{within}" if self._root else within
        try:
            data = await self._in_thread(self._bytes, path)
        except FileNotFoundError:
            return None
        if len(data) > BODY_BYTES:
            raise MalformedError(f"the file has more than {BODY_BYTES // 1024 // 1024} MiB")
        return Content(data)

    async def _open(self) -> None:
        if self._fs is None:
            self._fs, self._root = await self._in_thread(self._connect)

    def _connect(self) -> tuple[Any, str]:
        # A cached list would hide what changed since.
        options = {"use_listings_cache": False, "skip_instance_cache": True, **self._settings.options}
        fs, root = url_to_fs(self._settings.url, **options)
        root = root.rstrip("/")
        return fs, os.path.realpath(root) if isinstance(fs, LocalFileSystem) else root

    async def _in_thread(self, call: Any, *arguments: str) -> Any:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await asyncio.to_thread(call, *arguments)
        except FileNotFoundError as error:
            if call == self._bytes:
                raise
            raise UnavailableError("the folder, or one in it, is not there", service="source") from error
        except _FAULTS as error:
            raise UnavailableError(
                f"the folder can't be read ({type(error).__name__})", service="source"
            ) from error

    def _list(self, folder: str) -> list[dict[str, Any]]:
        found = self._fs.ls(folder, detail=True)
        if len(found) == 1 and found[0]["name"].rstrip("/") == folder and found[0]["type"] != "directory":
            raise NotADirectoryError
        return sorted(filter(self._is_ours, found), key=lambda about: str(about["name"]))

    def _is_ours(self, about: Mapping[str, Any]) -> bool:
        path = about["name"].rstrip("/")
        name = path.rpartition("/")[2]
        if not name or name.startswith(".") or path == self._root:
            return False
        if not isinstance(self._fs, LocalFileSystem):
            return about["type"] in {"file", "directory"}
        if about.get("islink"):
            # One to a folder is not followed: what it leads to inside is found there.
            target, root = Path(path).resolve(), Path(self._root)
            if not target.is_relative_to(root) or not target.is_file():
                return False
            return not any(part.startswith(".") for part in target.relative_to(root).parts)
        return about["type"] in {"file", "directory"}

    def _bytes(self, path: str) -> bytes:
        with self._fs.open(path, "rb") as file:
            data: bytes = file.read(BODY_BYTES + 1)
        return data

    def _entry(self, about: Mapping[str, Any], media_type: str) -> Entry:
        path = about["name"].removeprefix(self._root).lstrip("/")
        # A file's name may be bytes that are no UTF-8; an id is text, and has to lead back to it.
        document = path.encode(errors="surrogateescape").decode(errors="replace")
        if document != path:
            self._odd[document] = path
        prefix = self._settings.url_prefix
        return Entry(
            id=document,
            revision=_revision(about),
            url=f"{prefix.rstrip('/')}/{quote(document)}" if prefix else None,
            media_type=media_type,
            updated_at=_changed_at(about),
        )


def _revision(about: Mapping[str, Any]) -> str | None:
    """What the file system tells of a file's state, in one line; None where it tells too little."""
    by_link = about.get("islink")  # its own times say nothing of what it leads to
    for names in () if by_link else _MARKERS:
        if told := [f"{name}={about[name]}" for name in names if about.get(name) is not None]:
            inode = [f"ino={about['ino']}"] if "ino" in about else []
            return " ".join([*told, *inode, f"size={about.get('size')}"])
    return None


def _changed_at(about: Mapping[str, Any]) -> datetime | None:
    told = next((about[name] for name in _CHANGED_AT if about.get(name) is not None), None)
    if isinstance(told, datetime):
        return told if told.tzinfo else told.replace(tzinfo=UTC)
    return datetime.fromtimestamp(told, tz=UTC) if isinstance(told, int | float) else None
