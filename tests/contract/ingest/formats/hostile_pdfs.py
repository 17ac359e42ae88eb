"""PDFs that are broken, or mean harm."""

import zlib

from tests.contract.ingest.formats import documents
from tests.contract.ingest.formats.documents import PDF, pdf_of
from tests.contract.ingest.formats.hostile import MIB, Hostile

FONT = b"/Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
WORDS = b"BT /F1 12 Tf 50 700 Td (words) Tj ET"


def pdf_page(content: bytes, *, resources: bytes = b"", more: tuple[bytes, ...] = ()) -> bytes:
    """One page that draws this content (number 4); further objects from 5."""
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<%s>>>>" % resources,
            content,
            *more,
        ]
    )


def stream(data: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    return b"<</Length %d/Filter/FlateDecode%s>>stream\n%s\nendstream" % (len(packed), more, packed)


PDFS = (
    Hostile(
        "pages in a circle",
        PDF,
        lambda: pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>"]),
        "the PDF is broken",
    ),
    Hostile(
        "a million pages claimed",
        PDF,
        lambda: pdf_of([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1000000/Kids[3 0 R]>>"]),
        "more than 5000 pages",
    ),
    Hostile("length in a circle", PDF, lambda: pdf_page(b"<</Length 4 0 R>>stream\nx\nendstream"), "no text"),
    Hostile(
        "form that draws itself",
        PDF,
        lambda: pdf_page(
            stream(b"/X Do " + WORDS),
            resources=FONT + b"/XObject<</X 5 0 R>>",
            more=(
                stream(
                    b"/X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 5 0 R>>>>"
                ),
            ),
        ),
        None,
        "words",
    ),
    Hostile(
        "deflate bomb",
        PDF,
        lambda: pdf_page(stream(WORDS * 100_000 + b" " * 450 * MIB), resources=FONT),
        "crashes what reads it|more memory",
    ),
    Hostile(
        "deep arrays",
        PDF,
        lambda: pdf_of(
            [b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 200_000 + b">>", b"<</Type/Pages/Count 0/Kids[]>>"]
        ),
        "broken",
    ),
    Hostile("cut-off PDF", PDF, lambda: documents.pdf(["words"])[:200], "broken"),
    Hostile("picture as PDF", PDF, lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000), "no PDF"),
    Hostile(
        "scan",
        PDF,
        lambda: pdf_page(
            stream(b"q 600 0 0 700 0 0 cm /I Do Q"),
            resources=b"/XObject<</I 5 0 R>>",
            more=(
                stream(
                    b"\0" * 1000,
                    b"/Type/XObject/Subtype/Image/Width 100000/Height 100000/BitsPerComponent 8/ColorSpace/DeviceGray",  # noqa: E501 — one document
                ),
            ),
        ),
        "are its pages scanned",
    ),
    Hostile(
        "password",
        PDF,
        lambda: documents.pdf(["words"]).replace(
            b"/Root 1 0 R",
            b"/Root 1 0 R/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O<"
            + b"00" * 32
            + b">/U<"
            + b"11" * 32
            + b">/P -4>>",
        ),
        "password",
    ),
    Hostile(
        "wrong offsets", PDF, lambda: documents.pdf(["words"]).replace(b"0000000", b"0000999"), None, "words"
    ),
    Hostile(
        "a program that runs on opening",
        PDF,
        lambda: documents.pdf(["words"]).replace(
            b"/Pages 2 0 R", b"/Pages 2 0 R/OpenAction<</S/JavaScript/JS(x)>>"
        ),
        None,
        "words",
    ),
    Hostile(
        "100,000 links",
        PDF,
        lambda: pdf_of(
            [
                b"<</Type/Catalog/Pages 2 0 R>>",
                b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<<%s>>/Annots[%s]>>"
                % (FONT, b"5 0 R " * 100_000),
                stream(WORDS),
                b"<</Type/Annot/Subtype/Link/Rect[0 0 612 792]/A<</S/URI/URI(https://x.example)>>>>",
            ]
        ),
        None,
        "words",
    ),
    Hostile(
        "3 million letters on a page",
        PDF,
        lambda: pdf_page(stream(b"BT /F1 12 Tf 50 700 Td (%s) Tj ET" % (b"ab " * MIB)), resources=FONT),
        None,
        "ab ab",
    ),
    Hostile("6,000 pages", PDF, lambda: documents.pdf(*[["x"]] * 6000), "more than 5000 pages"),
)
