"""Which reader reads what, in the process apart."""

from typing import Protocol

from ingest.formats import (
    calamine_xlsx,
    docutils_rst,
    json_outline,
    lxml_html,
    mail,
    mammoth_docx,
    media_types,
    pdfium_pdf,
    pptx_slides,
    tables,
)
from ingest.formats.parsed import Parsed
from wire.errors import MalformedError


class Reader(Protocol):
    """From bytes to Markdown; may raise MalformedError, and whatever a library does with a broken file."""

    def __call__(self, body: bytes, *, charset: str | None) -> Parsed:
        """Read it whole."""


_READERS: dict[str, Reader] = {
    **dict.fromkeys(media_types.HTML, lxml_html.read),
    **dict.fromkeys(media_types.RESTRUCTURED_TEXT, docutils_rst.read),
    media_types.CSV: tables.read,
    media_types.TSV: tables.read,
    media_types.JSON: json_outline.read,
    media_types.MAIL: mail.read,
    media_types.PDF: pdfium_pdf.read,
    media_types.DOCX: mammoth_docx.read,
    media_types.PPTX: pptx_slides.read,
    media_types.XLSX: calamine_xlsx.read,
}


def read(kind: str, body: bytes, *, charset: str | None) -> Parsed:
    """Read a body of this media type.

    Raises:
        MalformedError: it can't be read, and why.
    """
    parsed = _READERS[kind](body, charset=charset)
    if not parsed.markdown.strip():
        raise MalformedError("there is no text in it", field="body")
    return parsed
