"""A folder, wherever fsspec finds one: this machine, S3, GCS, Azure, GitHub, SFTP, a zip file.

Hidden files are left out, and links that lead out of a local folder are not followed. Each call of a file
system runs in a thread of its own.
"""

import calendar
import codecs
import os
import re
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import fsspec
from fsspec.core import split_protocol, url_to_fs
from fsspec.implementations.local import LocalFileSystem

from ingest.formats.media_types import HTML, is_text, media_type_of
from ingest.formats.text import marked
from ingest.parsing import BODY_BYTES
from ingest.sources.own_threads import OwnThreads
from ingest.sources.source import Content, Entry
from wire.errors import MalformedError, SettingsError, UnavailableError
from wire.source_settings import SourceSettings

CALL_WITHIN_S = 120.0
"""For a folder's list or a file's bytes."""
CALLS_AT_ONCE = 5
"""A resync reads four documents while it lists."""
DEEPEST = 64
REDIRECTIONS = range(300, 400)
_MARKERS = (
    ("ETag", "etag", "md5Hash", "content_md5", "sha", "hex", "generation", "checksum", "CRC"),
    ("LastModified", "last_modified", "updated", "mtime", "created"),
)
"""How file systems call what changes with a file: first what tells bytes, then what tells time."""
_EXPORTED = re.compile(
    r"(?:^|/)attachments/(?P<attached>[0-9]{4,20})/[^/]+$"
    r"|(?:^|[ _/-])(?P<id>[0-9a-f]{32}|[0-9]{4,20})\.\w+$"
)
"""Confluence's and Notion's ids of pages; an attachment is opened at its page."""
_CHANGED_AT = ("LastModified", "last_modified", "updated", "mtime", "date_time")


class RedirectedError(Exception):
    """Where to is for the settings alone to say: a token goes along, and what is inside may be reached."""


async def _raise_if_redirected(response: Any) -> None:
    if response.status in REDIRECTIONS:
        raise RedirectedError


_STREAMED = {"block_size": 0, "size": 1}
"""A file over HTTP is opened so without asking for its length before, all failures of which fsspec takes for
"not there": a server's fault for one, and the document would be deleted."""
_OVER_HTTP = {"allow_redirects": False, "client_kwargs": {"raise_for_status": _raise_if_redirected}}


def check_files(name: str, settings: SourceSettings) -> None:
    """Look whether such a folder can be read with what is installed; connects to nothing.

    Raises:
        SettingsError: fsspec does not know its kind, or wants a package, or there is no such character set.
    """
    try:
        codecs.lookup(settings.charset or "utf-8")
    except LookupError:
        raise SettingsError(f"SOURCES.{name}.charset: there is no {settings.charset!r}") from None
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

    def __init__(self, settings: SourceSettings, *, call_within_s: float = CALL_WITHIN_S) -> None:
        self._settings = settings
        self._threads = OwnThreads(at_once=CALLS_AT_ONCE, within_s=call_within_s)
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
            content: Content = await self._in_thread(self._content, path, entry.media_type or "")
        except FileNotFoundError:
            return None
        if len(content.data) > BODY_BYTES:
            raise MalformedError(f"the file has more than {BODY_BYTES // 1024 // 1024} MiB")
        return content

    async def _open(self) -> None:
        if self._fs is None:
            self._fs, self._root = await self._in_thread(self._connect)

    @property
    def _over_http(self) -> bool:
        return "http" in self._fs.protocol

    def _connect(self) -> tuple[Any, str]:
        # A cached list would hide what changed since.
        options: dict[str, Any] = {"use_listings_cache": False, "skip_instance_cache": True}
        options |= _OVER_HTTP if self._settings.url.startswith(("http://", "https://")) else {}
        options |= self._settings.options
        fs, root = url_to_fs(self._settings.url, **options)
        root = root.rstrip("/")
        return fs, os.path.realpath(root) if isinstance(fs, LocalFileSystem) else root

    async def _in_thread(self, call: Any, *arguments: str) -> Any:
        try:
            return await self._threads.call(call, *arguments)
        except FileNotFoundError as error:
            if call == self._content:
                raise
            raise UnavailableError("the folder, or one in it, is not there", service="source") from error
        except Exception as error:
            # Each file system raises its own library's errors.
            raise UnavailableError(
                f"the folder can't be read ({type(error).__name__})", service="source"
            ) from error

    def _list(self, folder: str) -> list[dict[str, Any]]:
        # A server that lists folders would lead to this address from the one without the slash.
        found = self._fs.ls(f"{folder}/" if self._over_http else folder, detail=True)
        if len(found) == 1 and found[0]["name"].rstrip("/") == folder and found[0]["type"] != "directory":
            raise NotADirectoryError
        return sorted(filter(self._is_ours, found), key=lambda about: str(about["name"]))

    def _is_ours(self, about: Mapping[str, Any]) -> bool:
        path = about["name"].rstrip("/")
        name = path.rpartition("/")[2]
        if not name or name.startswith(".") or path == self._root or "/../" in path:
            return False
        if not isinstance(self._fs, LocalFileSystem):
            return about["type"] in {"file", "directory"}
        if about.get("islink"):
            # One to a folder is not followed: what it leads to inside is found there.
            return self._leads_inside(path)
        return about["type"] in {"file", "directory"}

    def _leads_inside(self, path: str) -> bool:
        """Whether this is a file of the folder, and no hidden one, whatever links are on the way."""
        target, root = Path(path).resolve(), Path(self._root)
        if not target.is_relative_to(root) or not target.is_file():
            return False
        return not any(part.startswith(".") for part in target.relative_to(root).parts)

    def _content(self, path: str, kind: str) -> Content:
        # Since it was listed, somebody may have put a link or a pipe in its place.
        if isinstance(self._fs, LocalFileSystem) and not self._leads_inside(path):
            raise FileNotFoundError
        with self._fs.open(path, "rb", **(_STREAMED if self._over_http else {})) as file:
            data: bytes = file.read(BODY_BYTES + 1)
        return Content(data, self._media_type(kind, data))

    def _media_type(self, kind: str, data: bytes) -> str | None:
        """With the settings' character set, for a text that is no UTF-8; a page says its own."""
        if self._settings.charset is None or not is_text(kind) or kind in HTML or marked(data):
            return None
        try:
            data.decode()
        except UnicodeDecodeError:
            return f"{kind}; charset={self._settings.charset}"
        return None

    def _entry(self, about: Mapping[str, Any], media_type: str) -> Entry:
        path = about["name"].removeprefix(self._root).lstrip("/")
        # A file's name may be bytes that are no UTF-8; an id is text, and has to lead back to it.
        document = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        if document != path:
            self._odd[document] = path
        return Entry(
            id=document,
            revision=_revision(about),
            url=self._url(document),
            media_type=media_type,
            updated_at=_changed_at(about),
        )

    def _url(self, document: str) -> str | None:
        """Where readers open it; an export's files have the page's own id at the end of their names."""
        named = _EXPORTED.search(document)
        if self._settings.url_by_id and named:
            return self._settings.url_by_id.replace("{id}", named["attached"] or named["id"])
        prefix = self._settings.url_prefix
        return f"{prefix.rstrip('/')}/{quote(document)}" if prefix else None


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
    try:
        if isinstance(told, datetime):
            return told if told.tzinfo else told.replace(tzinfo=UTC)
        if isinstance(told, tuple):  # a zip file knows no time zones
            told = calendar.timegm(told)
        return datetime.fromtimestamp(told, tz=UTC) if isinstance(told, int | float) else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None  # a time that there is not
