"""Names what makes a document's passages, so that an equal version is indexed anew where that has changed."""

import hashlib
from functools import cache
from importlib.metadata import version

from ingest import chunking, description
from ingest.formats import media_types

_HTML = ("lxml", "html-to-markdown")
_READERS: dict[str, tuple[int, tuple[str, ...]]] = {
    **dict.fromkeys(media_types.MARKDOWN, (1, ())),
    **dict.fromkeys(media_types.HTML, (2, _HTML)),
    **dict.fromkeys(media_types.RESTRUCTURED_TEXT, (1, ("docutils", *_HTML))),
    media_types.CSV: (1, ()),
    media_types.TSV: (1, ()),
    media_types.JSON: (1, ()),
    media_types.MAIL: (1, _HTML),
    media_types.PDF: (2, ("pypdfium2",)),
    media_types.DOCX: (1, ("mammoth", *_HTML)),
    media_types.PPTX: (1, ("python-pptx",)),
    media_types.XLSX: (1, ("python-calamine",)),
}
"""By media type: a number that grows when our reader makes other Markdown of the same bytes, and the packages
that it reads with."""
_TEXT = (1, ())
"""Plain text and source code."""


def pipeline_fingerprint(*, encoder: str, index: str, media_type: str) -> str:
    """Of the model, the chunker, the index that passages lie in, and the reader of that media type."""
    cut = f"{chunking.FINGERPRINT}+{description.FINGERPRINT}"
    return "/".join((encoder, cut, index, _reader(media_type.partition(";")[0].strip().lower())))


def in_another_index(fingerprint: str, *, former: str, index: str) -> str:
    """What it is for the same passages in a copy of the index that they were written to."""
    return fingerprint.replace(f"/{former}/", f"/{index}/")


def is_read_alike(fingerprint: str) -> bool:
    """Whether it ends with a reader as it is now; a better one has something to say of the same bytes."""
    return fingerprint.rpartition("/")[2] in _readers()


def is_cut_alike(fingerprint: str, other: str) -> bool:
    """Whether model, chunker and index are the same, whatever read the document."""
    return fingerprint.rpartition("/")[0] == other.rpartition("/")[0]


def all_readers() -> str:
    """Names the readers of all kinds together: what one of them could not read, another set may."""
    return hashlib.sha256("/".join(sorted(_readers())).encode()).hexdigest()[:32]


@cache
def _reader(kind: str) -> str:
    number, packages = _READERS.get(kind, _TEXT)
    name = kind.rpartition("/")[2].rpartition(".")[2] if kind in _READERS else "text"
    return "+".join((f"{name}-{number}", *(f"{package}-{version(package)}" for package in packages)))


@cache
def _readers() -> frozenset[str]:
    return frozenset(_reader(kind) for kind in (*_READERS, "text/plain"))
