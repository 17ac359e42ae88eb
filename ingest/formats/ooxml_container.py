"""Office files are ZIP containers of XML: what holds for all of them, before their library opens one."""

import io
import zipfile
from xml.etree import ElementTree as ET

from wire.errors import MalformedError

ENTRIES = 10_000
UNPACKED_BYTES = 256 * 1024 * 1024
XML_BYTES = 64 * 1024 * 1024
"""Of a single part that is parsed as a tree, which takes several times that in memory."""
START_BYTES = 1024
TITLE_BYTES = 64 * 1024
_OLE = b"\xd0\xcf\x11\xe0"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"


def check(body: bytes, *, part: str) -> str | None:
    """Let a container pass that is one, of bounded size; its title, where it has one.

    Args:
        body: the whole file.
        part: the folder that this kind of document is in.

    Raises:
        MalformedError: it is none, not of this kind, or it unpacks to more than is read.
    """
    if body.startswith(_OLE):
        raise MalformedError(
            "the file has a password, or is of Office 2003 or older: save it anew as .docx, .pptx or .xlsx",
            field="body",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as container:
            parts = container.infolist()
            _check_sizes(parts)
            if not any(each.filename.startswith(part) for each in parts):
                raise MalformedError("the file is not what its media type says", field="body")
            for each in parts:
                if each.filename.endswith((".xml", ".rels")):
                    _check_start(container, each)
            return _title(container)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError):
        raise MalformedError("the file is broken: its container can't be opened", field="body") from None


def _check_sizes(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > ENTRIES:
        raise MalformedError(f"the file's container holds more than {ENTRIES} parts", field="body")
    unpacked = sum(each.file_size for each in parts)
    longest = max((each.file_size for each in parts if each.filename.endswith(".xml")), default=0)
    if unpacked > UNPACKED_BYTES or longest > XML_BYTES:
        raise MalformedError(
            f"the file unpacks to more than {UNPACKED_BYTES // 1024**2} MiB, "
            f"or a part of it to more than {XML_BYTES // 1024**2} MiB",
            field="body",
        )


def _check_start(container: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    with container.open(part) as opened:
        start = opened.read(START_BYTES).replace(b"\0", b"")
    # The format forbids declarations, and entities have no other use here than to grow or to fetch.
    if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
        raise MalformedError("the file declares XML entities, which no Office file does", field="body")


def _title(container: zipfile.ZipFile) -> str | None:
    try:
        with container.open("docProps/core.xml") as opened:
            properties = ET.fromstring(opened.read(TITLE_BYTES))  # noqa: S314 — declares nothing: checked
    except (KeyError, ET.ParseError):
        return None
    title = " ".join((properties.findtext(_TITLE) or "").split())
    return None if title in {"", "PowerPoint Presentation", "Word Document"} else title
