"""Good documents of every kind, made as programs make them."""

import io
import zlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage

import docx
import docx.opc.constants
import docx.oxml
import docx.oxml.ns
import docx.text.paragraph
import pptx
import pptx.util
import xlsxwriter

OFFICE = "application/vnd.openxmlformats-officedocument"
DOCX = f"{OFFICE}.wordprocessingml.document"
PPTX = f"{OFFICE}.presentationml.presentation"
XLSX = f"{OFFICE}.spreadsheetml.sheet"
PDF = "application/pdf"
ROWS = (("Country", "Days"), ("Germany", "30"), ("Trinidad | Tobago", "14"))


def word() -> bytes:
    """Headings, a link, lists, a table, code; a title of its own."""
    document = docx.Document()
    document.core_properties.title = "Leave policy"
    document.add_heading("Leave", 1)
    paragraph = document.add_paragraph("Employees get ")
    paragraph.add_run("28 days").bold = True
    paragraph.add_run(", see ")
    _link(paragraph, "the list", "https://example.com/list")
    document.add_heading("By country", 2)
    table = document.add_table(rows=0, cols=2)
    for cells in ROWS:
        for cell, words in zip(table.add_row().cells, cells, strict=True):
            cell.text = words
    for words in ("annual", "parental"):
        document.add_paragraph(words, style="List Bullet")
    document.add_paragraph("ask your lead", style="List Number")
    document.add_paragraph("days = 28\nweeks = 4", style="macro")
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _link(paragraph: docx.text.paragraph.Paragraph, words: str, url: str) -> None:
    related = paragraph.part.relate_to(url, docx.opc.constants.RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    link = docx.oxml.OxmlElement("w:hyperlink")
    link.set(docx.oxml.ns.qn("r:id"), related)
    run = paragraph.add_run(words)
    link.append(run._r)
    paragraph._p.append(link)


def slides() -> bytes:
    """A list, a linked box, a table, notes, and a hidden slide."""
    deck = pptx.Presentation()
    deck.core_properties.title = "Travel"
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Booking"
    slide.placeholders[1].text = "Book early\nFly economy"
    slide.placeholders[1].text_frame.paragraphs[1].level = 1
    slide.notes_slide.notes_text_frame.text = "Mention the rail pass"
    box = slide.shapes.add_textbox(*map(pptx.util.Inches, (1, 6, 4, 1))).text_frame.paragraphs[0]
    run = box.add_run()
    run.text = "# the portal"
    run.hyperlink.address = "https://example.com/travel"
    rates = deck.slides.add_slide(deck.slide_layouts[5])
    rates.shapes.title.text = "Rates"
    table = rates.shapes.add_table(3, 2, *map(pptx.util.Inches, (1, 2, 4, 1))).table
    for row, cells in enumerate(ROWS):
        for column, words in enumerate(cells):
            table.cell(row, column).text = words
    hidden = deck.slides.add_slide(deck.slide_layouts[5])
    hidden.shapes.title.text = "Do not show"
    hidden._element.set("show", "0")
    written = io.BytesIO()
    deck.save(written)
    return written.getvalue()


def workbook() -> bytes:
    """Two sheets and a hidden one."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        book.set_properties({"title": "Allowances"})
        leave = book.add_worksheet("Leave")
        for row, cells in enumerate(ROWS):
            leave.write_row(row, 0, cells)
        leave.write(4, 0, "Rates as of")
        leave.write_datetime(4, 1, datetime(2026, 1, 2), book.add_format({"num_format": "yyyy-mm-dd"}))  # noqa: DTZ001 — Excel knows no zones
        leave.write_row(6, 0, ["City", "EUR"])
        leave.write_row(7, 0, ["Paris", 80.0])
        leave.write_row(8, 0, ["Oslo", 92.5])
        book.add_worksheet("Contacts").write_row(0, 0, ["People team", "people@example.com"])
        hidden = book.add_worksheet("Drafts")
        hidden.write(0, 0, "not for anybody")
        hidden.hide()
    return written.getvalue()


def large_workbook(*, rows: int, columns: int) -> bytes:
    """One sheet, full."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"constant_memory": True, "in_memory": True}) as book:
        sheet = book.add_worksheet("Many")
        for row in range(rows):
            sheet.write_row(row, 0, [row] * columns)
    return written.getvalue()


def long_table(*, rows: int) -> list[list[str]]:
    """A header and as many rows, each of a width that a passage holds a few dozen of."""
    header = ["Employee number", "Office", "Days of leave left"]
    return [header, *([f"{1000 + row}", ("Berlin", "Lisbon")[row % 2], f"{row % 30}"] for row in range(rows))]


def workbook_of(table: list[list[str]]) -> bytes:
    """One sheet with this table."""
    written = io.BytesIO()
    with xlsxwriter.Workbook(written, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Balance")
        for row, cells in enumerate(table):
            sheet.write_row(row, 0, cells)
    return written.getvalue()


def pdf(*pages: Sequence[str], title: str = "", filler: int = 0) -> bytes:
    """A page for each list of lines, in Helvetica; no lines, no text. ``filler`` bytes nobody looks at."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    kids = []
    for lines in pages:
        shown = b" ".join(b"(%s) Tj T*" % _escaped(line) for line in lines)
        content = zlib.compress(b"BT /F1 12 Tf 14 TL 50 750 Td %s ET" % shown)
        objects.append(b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content))
        kids.append(len(objects) + 1)
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R"
            b"/Resources<</Font<</F1 3 0 R>>>>>>" % len(objects)
        )
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(b"%d 0 R" % n for n in kids))
    objects.append(b"<</Title(%s)>>" % _escaped(title))
    if filler:
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (filler, b"\0" * filler))
    return pdf_of(objects, info=len(objects) - bool(filler))


def laid_out_pdf() -> bytes:
    """A page with headings by their size, a table by its columns, a paragraph with wide spaces, links."""
    shown = (
        (24, 50, 750, "Leave policy"),
        (12, 50, 720, "You get 28 days of leave, see the list, or write to leave@example.com."),
        (18, 50, 690, "By country"),
        *((12, 50, 660 - 14 * row, words[0]) for row, words in enumerate(ROWS)),
        *((12, 250, 660 - 14 * row, words[1]) for row, words in enumerate(ROWS)),
        (18, 50, 600, "Contents . . . . . . . . . 7"),
        (12, 50, 570, "Name:"),
        (12, 250, 570, "Ada"),
    )
    # In the order of lines, as programs write it.
    lines = sorted(shown, key=lambda line: (-line[2], line[1]))
    content = b" ".join(
        b"BT /F1 %d Tf %d %d Td (%s) Tj ET" % (size, x, y, _escaped(words)) for size, x, y, words in lines
    )
    links = (
        ("https://example.com/list", "[212 715 246 735]"),
        ("mailto:leave@example.com", "[309 715 420 735]"),
        ("javascript:alert(1)", "[50 655 90 675]"),
    )
    annotations = [
        b"<</Type/Annot/Subtype/Link/Rect%s/A<</S/URI/URI(%s)>>>>" % (box.encode(), _escaped(address))
        for address, box in links
    ]
    numbers = b" ".join(b"%d 0 R" % (6 + number) for number in range(len(links)))
    return pdf_of(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 1/Kids[4 0 R]>>",
            b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R/Resources<</Font<</F1 3 0 R>>>>"
            b"/Annots[%s]>>" % numbers,
            b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
            *annotations,
        ]
    )


def pdf_of(objects: Sequence[bytes], *, info: int = 0) -> bytes:
    """A file of these objects, the first of which is its catalogue."""
    written = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    about = b"/Info %d 0 R" % info if info else b""
    written += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, about, start)
    return bytes(written)


def _escaped(text: str) -> bytes:
    return text.encode("latin-1").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")


def mail(*, html: bool = False, charset: str = "utf-8") -> bytes:
    """From Müller, with an attachment."""
    message = EmailMessage()
    message["Subject"] = "Parental leave, é"
    message["From"] = "Jörg Müller <joerg@example.com>"
    message["To"] = "people@example.com"
    message["Date"] = "Mon, 02 Mar 2026 10:00:00 +0100"
    if html:
        message.set_content("<h2>Answer</h2><p>14 weeks, café</p>", subtype="html", charset=charset)
    else:
        message.set_content("How long is it?\n# no heading\n", charset=charset)
        message.add_alternative("<p>How long is <b>it</b>?</p>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="form.pdf")
    return message.as_bytes()


PAGE = """<!doctype html><html><head><title>Leave: Wiki</title><style>.x{color:red}</style>
<script>var secret = 1</script></head><body>
<header><p>Example Inc.</p></header><nav><ul><li><a href="/">Home</a></li></ul></nav>
<main><h1>Leave<a class="headerlink" href="#leave">¶</a></h1>
<p>You get <strong>28 days</strong>, see <a href="https://example.com/list?a=1&amp;b=2">the list</a> or
<a href="java&#10;script:alert(1)">this</a>, or <a href="#more">below</a>.</p>
<p style="display: none">hidden by style</p><p hidden>hidden by attribute</p>
<div aria-hidden="true">hidden from readers</div>
<h2>How to <em>ask</em></h2><ol><li>Ask your lead<ul><li>in writing</li></ul></li><li>Tell us</li></ol>
<table><thead><tr><th>Country</th><th>Days</th></tr></thead><tbody><tr><td>Germany</td><td>30</td></tr>
<tr><td>Trinidad | Tobago</td><td>14</td></tr></tbody></table>
<pre><code class="language-python"><span class="k">def</span> days(): # all of them
    return "&lt;28&gt;"
</code></pre><p># not a heading</p><img src="plan.png" alt="A plan of the year">
<form><button>Send</button><textarea>typed</textarea></form></main>
<footer>Imprint</footer></body></html>"""

RST = """\
=====
Leave
=====

You get **28 days**, see `the list <https://example.com/list>`_ and :doc:`the rules <rules>`.

.. toctree::

   other

How to ask
----------

#. Ask your lead

   - in writing

#. Tell us

=======  ====
Country  Days
=======  ====
Germany  30
=======  ====

.. code-block:: python

   def days():
       return 28

.. versionadded:: 2026.1
   Carry-over.

.. note:: Mind the date.
"""
