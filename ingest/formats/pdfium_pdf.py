"""PDF: each page's text under the heading ``Page N``. PDFium reads in the order of the page's own text."""

import re

from pypdfium2 import PdfDocument, PdfiumError
from pypdfium2.raw import FPDF_ERR_PASSWORD

from ingest.formats import markdown
from ingest.formats.parsed import Parsed
from wire.errors import MalformedError

PAGES = 5_000
HEAD_BYTES = 1024
"""Within which a PDF says that it is one, after what mail programs put before it."""
TITLE_CHARS = 200
_HYPHENATED = re.compile("[\u00ad\ufffe\x02]\n?")
"""How PDFium marks a word that the line's end divided."""
_UNTITLED = re.compile(r"^(untitled|microsoft word\b.*|.*\.(docx?|indd|tex|dvi|pptx?|xlsx?))$", re.IGNORECASE)


def read(body: bytes, *, charset: str | None) -> Parsed:
    """Its text, page by page.

    Raises:
        MalformedError: it is no PDF, has a password, more than `PAGES` pages, or pictures of text only.
    """
    del charset
    if b"%PDF-" not in body[:HEAD_BYTES]:
        raise MalformedError("the body is no PDF, whatever its media type says", field="body")
    try:
        with PdfDocument(body) as document:
            if len(document) > PAGES:
                raise MalformedError(f"the PDF has more than {PAGES} pages", field="body")
            title = document.get_metadata_dict(skip_empty=True).get("Title", "")
            pages = [_text(document, number) for number in range(len(document))]
    except PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise MalformedError("the PDF has a password; send it without", field="body") from None
        raise MalformedError("the PDF is broken", field="body") from None
    if not any(pages):
        raise MalformedError(
            "the PDF has no text: are its pages scanned? Send it after text recognition (OCR)", field="body"
        )
    whole = "\n\n".join(
        f"{markdown.heading(1, f'Page {number}')}\n\n{text}" for number, text in enumerate(pages, 1) if text
    )
    return Parsed(whole, title=_title(title) or _first_line(pages))


def _text(document: PdfDocument, number: int) -> str:
    page = document[number]
    shown = page.get_textpage()
    try:
        text = shown.get_text_range().replace("\r\n", "\n")
    finally:
        shown.close()
        page.close()
    return markdown.paragraphs(_HYPHENATED.sub("", text).replace("\0", ""))


def _title(named: str) -> str | None:
    """What programs put there by themselves is no title."""
    words = " ".join(named.split())
    return None if _UNTITLED.match(words) else words or None


def _first_line(pages: list[str]) -> str | None:
    lines = (words for page in pages for each in page.split("\n") if (words := each.strip()))
    first = next(lines, "")
    return first if any(map(str.isalpha, first)) and len(first) <= TITLE_CHARS else None
