"""Office files that are broken, or mean harm."""

import io
import struct
import zipfile
from collections.abc import Callable

from tests.contract.ingest.formats import documents
from tests.contract.ingest.formats.documents import DOCX, PPTX, XLSX
from tests.contract.ingest.formats.hostile import LAUGHS, MIB, Hostile


def container(**parts: bytes) -> bytes:
    """A ZIP file of parts, ``word__document`` for word/document.xml."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in parts.items():
            opened.writestr(name.replace("__", "/") + ".xml", data)
    return written.getvalue()


def with_part(whole: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same container with one part changed."""
    written = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(whole)) as old,
        zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.infolist():
            data = old.read(part)
            new.writestr(part.filename, change(data) if part.filename == name else data)
    return written.getvalue()


def word_body(inner: str) -> bytes:
    """A Word document whose body is this XML."""
    return with_part(
        documents.word(),
        "word/document.xml",
        lambda old: old[: old.index(b"<w:body>") + 8] + inner.encode() + b"</w:body></w:document>",
    )


def declared(declaration: str) -> bytes:
    return with_part(
        documents.word(),
        "word/document.xml",
        lambda old: old.replace(b"<w:document", declaration.encode() + b"<w:document", 1),
    )


def many_parts() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        for number in range(10_001):
            opened.writestr(f"word/{number}.xml", b"")
    return written.getvalue()


def lying_sizes() -> bytes:
    """A part of 64 MiB that says it has 10 bytes."""
    whole = bytearray(container(word__document=b" " * 64 * MIB))
    for size in range(len(whole) - 4):
        if whole[size : size + 4] == struct.pack("<I", 64 * MIB):
            whole[size : size + 4] = struct.pack("<I", 10)
    return bytes(whole)


def encrypted() -> bytes:
    whole = bytearray(documents.word())
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = whole.find(mark)
        while at >= 0:
            whole[at + flags] |= 1
            at = whole.find(mark, at + 4)
    return bytes(whole)


def sheet(xml: str) -> bytes:
    """A workbook whose first sheet holds these rows."""
    rows = f"<sheetData>{xml}</sheetData></worksheet>".encode()
    return with_part(
        documents.large_workbook(rows=1, columns=1),
        "xl/worksheets/sheet1.xml",
        lambda old: old[: old.index(b"<sheetData>")] + rows,
    )


def grouped(depth: int) -> bytes:
    opening, closing = (
        "<p:grpSp><p:nvGrpSpPr><p:cNvPr id='9' name='g'/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>",
        "</p:grpSp>",
    )
    return with_part(
        documents.slides(),
        "ppt/slides/slide1.xml",
        lambda old: old.replace(
            b"</p:spTree>", (opening * depth + closing * depth).encode() + b"</p:spTree>"
        ),
    )


VBA = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'


def with_macros(whole: bytes, folder: str) -> bytes:
    """The same file as programs save it with macros."""
    macros = with_part(
        whole,
        "[Content_Types].xml",
        lambda old: old.replace(
            b"</Types>",
            b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
        ),
    )
    written = io.BytesIO(macros)
    with zipfile.ZipFile(written, "a") as opened:
        opened.writestr(f"{folder}/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(2048))
    return written.getvalue()


def path_out() -> bytes:
    written = io.BytesIO(documents.word())
    with zipfile.ZipFile(written, "a") as opened:
        opened.writestr("../../../answerdesk-was-here.xml", b"<a/>")
        opened.writestr("/answerdesk-was-here.xml", b"<a/>")
    return written.getvalue()


def fetched_picture() -> bytes:
    """A template and a picture that a naive reader would fetch, from the cloud's own address or from disk."""
    rels = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    more = "".join(
        f'<Relationship Id="x{number}" Type="{rels}/{kind}" Target="{target}" TargetMode="External"/>'
        for number, (kind, target) in enumerate(
            (("image", "http://169.254.169.254/x.png"), ("attachedTemplate", "file:///etc/passwd"))
        )
    )
    return with_part(
        documents.word(),
        "word/_rels/document.xml.rels",
        lambda old: old.replace(b"</Relationships>", more.encode() + b"</Relationships>"),
    )


OFFICE_FILES = (
    Hostile("zip bomb", DOCX, lambda: container(word__document=b" " * 300 * MIB), "unpacks to more than"),
    Hostile("part of 100 MiB", XLSX, lambda: container(xl__workbook=b"<a>" + b" " * 100 * MIB), "unpacks to"),
    Hostile(
        "bomb of many parts",
        XLSX,
        lambda: container(**{f"xl__{n}": b" " * 60 * MIB for n in range(5)}),
        "unpacks to",
    ),
    Hostile("lying sizes", DOCX, lying_sizes, "broken"),
    Hostile("10,001 parts", DOCX, many_parts, "more than 10000 parts"),
    Hostile("zip in zip", DOCX, lambda: container(word__document=container(word__document=b"x")), "broken"),
    Hostile("cut-off Word", DOCX, lambda: documents.word()[:-5000], "broken"),
    Hostile("cut-off workbook", XLSX, lambda: documents.workbook()[:3000], "broken"),
    Hostile("cut-off slides", PPTX, lambda: documents.slides()[:-100], "broken"),
    Hostile("Word as workbook", XLSX, documents.word, "not what its media type says"),
    Hostile("some zip as slides", PPTX, lambda: container(a=b"a"), "not what its media type says"),
    Hostile("Word of 1997", DOCX, lambda: b"\xd0\xcf\x11\xe0" + bytes(4096), "Office 2003"),
    Hostile("encrypted zip", DOCX, encrypted, "broken"),
    Hostile("billion laughs", DOCX, lambda: declared(LAUGHS + "]>"), "declares XML entities"),
    Hostile(
        "external entity",
        DOCX,
        lambda: declared('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "declares",
    ),
    Hostile(
        "entities in UTF-16",
        DOCX,
        lambda: with_part(
            documents.word(), "word/document.xml", lambda _: (LAUGHS + "]><x>&a11;</x>").encode("utf-16")
        ),
        "declares",
    ),
    Hostile(
        "late entities",
        DOCX,
        lambda: with_part(
            declared(f"<!--{'x' * 2000}-->{LAUGHS}]>"),
            "word/document.xml",
            lambda old: old.replace(b"28 days", b"&a11;"),
        ),
        "broken",
    ),
    Hostile(
        "tables in tables",
        DOCX,
        lambda: word_body("<w:tbl><w:tr><w:tc>" * 3000 + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * 3000),
        "nested too deep",
    ),
    Hostile("Word without text", DOCX, lambda: word_body("<w:p/>"), "no text in it"),
    Hostile(
        "half the XML",
        DOCX,
        lambda: with_part(documents.word(), "word/document.xml", lambda old: old[: len(old) // 2]),
        "broken",
    ),
    Hostile(
        "a million cells",
        XLSX,
        lambda: sheet(f"<row>{'<c><v>1</v></c>' * 10}</row>" * 100_000),
        "more than 500000 cells",
    ),
    Hostile(
        "a cell far away",
        XLSX,
        lambda: sheet(
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        ),
        "crashes what reads it",
    ),
    Hostile(
        "broken sheet",
        XLSX,
        lambda: sheet("<row><c r='A1' t='s'><v>99999</v></c></row><row"),
        "the workbook is broken",
    ),
    Hostile("macros in Word", DOCX, lambda: with_macros(documents.word(), "word"), None, "28 days"),
    Hostile("macros in slides", PPTX, lambda: with_macros(documents.slides(), "ppt"), None, "Booking"),
    Hostile("macros in a workbook", XLSX, lambda: with_macros(documents.workbook(), "xl"), None, "Germany"),
    Hostile("a workbook's password", XLSX, lambda: b"\xd0\xcf\x11\xe0" + bytes(8192), "has a password"),
    Hostile("a link out of the container", DOCX, path_out, None, "28 days"),
    Hostile("a picture fetched from elsewhere", DOCX, fetched_picture, None, "28 days"),
    Hostile("rich text as Word", DOCX, lambda: b"{\\rtf1 hello}", "broken"),
    Hostile("shapes in groups", PPTX, lambda: grouped(60), "grouped more than 16 deep"),
)
