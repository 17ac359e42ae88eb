"""PDF: each page's text under the heading ``Page N``. PDFium reads in the order of the page's own text."""

import ctypes
import math
import re
from collections.abc import Iterator, Sequence

from pypdfium2 import PdfDocument, PdfiumError, PdfPage, PdfTextPage, raw

from ingest.formats import markdown
from ingest.formats.parsed import Parsed
from ingest.formats.pdf_lines import Line, heading_sizes, with_links, written
from wire.errors import MalformedError

PAGES = 5_000
HEAD_BYTES = 1024
"""Within which a PDF says that it is one, after what mail programs put before it."""
TITLE_CHARS = 200
COLUMN_GAP = 1.5
"""Between two words, in heights of a letter: wider than justified text ever spaces them."""
LINKS_PER_PAGE = 500
ADDRESS_BYTES = 2048
_HYPHENATED = re.compile("[\u00ad\ufffe\x02](?:\r\n)?")
"""How PDFium marks a word that the line's end divided."""
_LINE_END = re.compile("(?<![\u00ad\ufffe\x02])\r\n")
_SPACES = re.compile(" +")
_UNTITLED = re.compile(r"^(untitled|microsoft word\b.*|.*\.(docx?|indd|tex|dvi|pptx?|xlsx?))$", re.IGNORECASE)
_LINKED = ("http://", "https://", "mailto:")


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
            pages = [_page(document, number) for number in range(len(document))]
    except PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise MalformedError("the PDF has a password; send it without", field="body") from None
        raise MalformedError("the PDF is broken", field="body") from None
    if not any(pages):
        raise MalformedError(
            "the PDF has no text: are its pages scanned? Send it after text recognition (OCR)", field="body"
        )
    sizes = heading_sizes(pages)
    whole = "\n\n".join(
        f"{markdown.heading(1, f'Page {number}')}\n\n{written(lines, sizes=sizes)}"
        for number, lines in enumerate(pages, 1)
        if lines
    )
    return Parsed(whole, title=_title(title) or _first_line(pages))


def _page(document: PdfDocument, number: int) -> list[Line]:
    page = document[number]
    shown = page.get_textpage()
    try:
        return with_links(list(_lines(shown)), dict(_links(document, page, shown)))
    finally:
        shown.close()
        page.close()


def _lines(shown: PdfTextPage) -> Iterator[Line]:
    text = shown.get_text_range()
    # Where PDFium counts otherwise than Python, what a letter looks like can't be asked for.
    look = _Look(shown) if len(text) == shown.count_chars() else None
    start = 0
    for line in _LINE_END.split(text):
        words = line.strip()
        first = start + line.find(words)
        size = look.size(first) if look and words else 0.0
        cells = look.cells(words, first, gap=size * COLUMN_GAP) if look and size else [words]
        cleaned = tuple(filter(None, map(_clean, cells)))
        if cleaned:
            yield Line(cleaned, size)
        start += len(line) + len("\r\n")


def _clean(cell: str) -> str:
    return _HYPHENATED.sub("", cell).replace("\0", "").replace("\r", " ").strip()


def _links(document: PdfDocument, page: PdfPage, shown: PdfTextPage) -> Iterator[tuple[str, str]]:
    """Words on the page, and where they lead; not those that lead elsewhere in the document."""
    place, link, box = ctypes.c_int(0), raw.FPDF_LINK(), raw.FS_RECTF()
    address = ctypes.create_string_buffer(ADDRESS_BYTES)
    for _ in range(LINKS_PER_PAGE):
        if not raw.FPDFLink_Enumerate(page, place, link):
            return
        action = raw.FPDFLink_GetAction(link)
        length = raw.FPDFAction_GetURIPath(document, action, address, ADDRESS_BYTES) if action else 0
        if 0 < length <= ADDRESS_BYTES and raw.FPDFLink_GetAnnotRect(link, box):
            words = shown.get_text_bounded(box.left, box.bottom, box.right, box.top)
            uri = "".join(address.value.decode(errors="replace").split()).replace(">", "%3E")
            if words.strip() and uri.startswith(_LINKED):
                yield " ".join(_clean(words).split()), uri


class _Look:
    """What the letters of a page look like, by their place in its text."""

    def __init__(self, shown: PdfTextPage) -> None:
        self._shown = shown
        self._matrix = raw.FS_MATRIX()
        self._box = [ctypes.c_double() for _ in range(4)]

    def size(self, at: int) -> float:
        """A letter's, in points."""
        raw.FPDFText_GetMatrix(self._shown, at, self._matrix)
        size: float = raw.FPDFText_GetFontSize(self._shown, at)
        return size * math.hypot(self._matrix.c, self._matrix.d)

    def cells(self, words: str, first: int, *, gap: float) -> list[str]:
        """The line, cut where more than the gap is between two words."""
        cells, start = [], 0
        for space in _SPACES.finditer(words):
            if self._left(first + space.end()) - self._right(first + space.start() - 1) > gap:
                cells.append(words[start : space.start()])
                start = space.end()
        return [*cells, words[start:]]

    def _left(self, at: int) -> float:
        raw.FPDFText_GetCharBox(self._shown, at, *self._box)
        return self._box[0].value

    def _right(self, at: int) -> float:
        raw.FPDFText_GetCharBox(self._shown, at, *self._box)
        return self._box[1].value


def _title(named: str) -> str | None:
    """What programs put there by themselves is no title."""
    words = " ".join(named.split())
    return None if _UNTITLED.match(words) else words or None


def _first_line(pages: Sequence[Sequence[Line]]) -> str | None:
    first = next((line.text for lines in pages for line in lines), "")
    return first if any(map(str.isalpha, first)) and len(first) <= TITLE_CHARS else None
