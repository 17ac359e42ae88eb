"""Texts that are broken, or mean harm, and files with next to nothing in them."""

from functools import partial

from tests.contract.ingest.formats import documents
from tests.contract.ingest.formats.documents import DOCX, PDF, PPTX, XLSX
from tests.contract.ingest.formats.hostile import LAUGHS, MIB, Hostile

HTML, RST, CSV, JSON, MAIL = "text/html", "text/x-rst", "text/csv", "application/json", "message/rfc822"
MARKDOWN, PLAIN = "text/markdown", "text/plain"


def multiparts(depth: int) -> bytes:
    heads = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    return f"From: a@example.com\nSubject: deep\n{heads}\ntext\n".encode()


def attributes() -> bytes:
    return b"<p " + b" ".join(b"a%d=1" % number for number in range(50_000)) + b">text</p>"


def picture_in_page() -> bytes:
    data = b"QUJD" * (5 * MIB)
    return b"<p>before</p><img alt=plan src='data:image/png;base64," + data + b"'><p>after</p>"


def attachments() -> bytes:
    part = b"--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename=a.txt\n\nx\n"
    return b"Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n" + part * 2_000 + b"--b--\n"


def forwarded() -> bytes:
    """A mail in a mail in a mail."""
    whole = b"Subject: deepest\nFrom: a@example.com\n\ntext\n"
    for number in range(20):
        whole = (
            b"Subject: a\nFrom: a@example.com\nContent-Type: multipart/mixed; boundary=b%d\n\n"
            b"--b%d\nContent-Type: text/plain\n\ntext\n--b%d\nContent-Type: message/rfc822\n\n%s\n--b%d--\n"
        ) % (number, number, number, whole, number)
    return whole


def attached() -> bytes:
    data = b"QUJD" * 18 + b"\n"
    return (
        b"Subject: a\nContent-Type: multipart/mixed; boundary=b\n\n"
        b"--b\nContent-Type: text/plain\n\nsee the file\n"
        b"--b\nContent-Type: application/zip\nContent-Transfer-Encoding: base64\n"
        b"Content-Disposition: attachment; filename=a.zip\n\n" + data * (20 * MIB // len(data)) + b"--b--\n"
    )


TEXTS = (
    Hostile("100,000 elements deep", HTML, lambda: b"<div>" * 100_000 + b"x", "nested too deep"),
    Hostile("lists in lists", HTML, lambda: b"<ul><li>x" * 50_000, "nested too deep"),
    Hostile("50,000 attributes", HTML, attributes, None, "text"),
    Hostile("100,000 links unclosed", HTML, lambda: b"<a href=x>y" * 100_000, None, "[y](x)"),
    Hostile("tables unclosed", HTML, lambda: b"<table><tr><td>x" * 20_000, "nested too deep"),
    Hostile("null bytes", HTML, lambda: b"\0<p>te\0xt</p>\0", None, "te\ufffdxt"),
    Hostile("entities", HTML, lambda: b"&amp;" * 1_000_000, None, "&&&"),
    Hostile("laughs in HTML", HTML, f"{LAUGHS}]><p>x &a11;</p>".encode, None, "x"),
    Hostile(
        "20 MiB of one text",
        HTML,
        lambda: b"<p>one</p><p>" + b"word " * (4 * MIB),
        "one text in it is too long",
    ),
    Hostile("nothing but hidden", HTML, lambda: b"<p hidden>x</p><script>y</script>", "no text in it"),
    Hostile("a program as HTML", HTML, lambda: bytes(range(256)) * 4000, None, "ABC"),
    Hostile("1,000,000 brackets", JSON, lambda: b"[" * 1_000_000, "deeper"),
    Hostile("500 objects deep", JSON, lambda: b'{"a":' * 500 + b"1" + b"}" * 500, "deeper"),
    Hostile("cut-off JSON", JSON, lambda: b'{"a": [1,\n', "no JSON at line"),
    Hostile("a number without end", JSON, lambda: b"1" * 1_000_000, "no JSON"),
    Hostile("half a character", JSON, lambda: b'{"a": "\\ud800 x"}', None, "x"),
    Hostile("no number", JSON, lambda: b'{"a": NaN, "a": Infinity}', None, "Infinity"),
    Hostile("JSON in Latin-1", JSON, lambda: '{"a": "é"}'.encode("latin-1"), "not text in utf-8"),
    Hostile("null bytes in CSV", CSV, lambda: b"a,b\0\n1,2\0\n", None, "a"),
    Hostile("a million columns", CSV, lambda: b"a," * 1_000_000, "more than 16384 columns"),
    Hostile("quote without end", CSV, lambda: b'a,b\n"' + b"x\n" * 1_000_000, "more than 1000000 characters"),
    Hostile("a program as CSV", CSV, lambda: bytes(range(256)), "not text in utf-8"),
    Hostile("punycode", "text/plain; charset=punycode", lambda: b"a-" + b"z" * MIB, "not text in punycode"),
    Hostile(
        "a file included",
        RST,
        lambda: (
            b"x\n\n.. include:: /etc/passwd\n\n.. raw:: html\n   :file: /etc/passwd\n\n.. csv-table::\n   :file: /etc/passwd\n"  # noqa: E501 — one document
        ),
        None,
        "x",
    ),
    Hostile(
        "substitution laughs",
        RST,
        lambda: (
            b"".join(b".. |a%d| replace:: %s\n" % (n, b"|a%d| " % (n + 1) * 10) for n in range(9))
            + b".. |a9| replace:: ha\n\nx |a0|\n"
        ),
        "could not be read within 8 s|more memory",
    ),
    Hostile(
        "substitution in a circle",
        RST,
        lambda: b".. |a| replace:: |b|\n.. |b| replace:: |a|\n\nx |a|\n",
        None,
        "x",
    ),
    Hostile(
        "quotes in quotes",
        RST,
        lambda: b"\n".join(b" " * n + b"x\n" for n in range(3000)),
        "more memory",
    ),
    Hostile("1,000 parts deep", MAIL, lambda: multiparts(1000), "nested too deep"),
    Hostile(
        "no such character set",
        MAIL,
        lambda: b"Subject: a\nContent-Type: text/plain; charset=none\n\ntext",
        None,
        "text",
    ),
    Hostile("no mail", MAIL, lambda: b"just words", "no e-mail"),
    Hostile(
        "header of 2 MiB",
        MAIL,
        lambda: b"Subject: " + b"=?utf-8?q?a?= " * 150_000 + b"\n\ntext",
        "more memory",
    ),
    Hostile(
        "addresses without end",
        MAIL,
        lambda: b"Subject: a\nTo: " + b"<(((" * 20_000 + b"\n\ntext",
        "nested too deep",
    ),
    Hostile(
        "broken base64",
        MAIL,
        lambda: b"Subject: a\nContent-Transfer-Encoding: base64\n\n!!!!dGV4dA=\xff",
        None,
        "text",
    ),
    Hostile(
        "YAML laughs",
        MARKDOWN,
        lambda: (
            b"---\na: &a [x]\n"
            + b"".join(
                b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1) if n else b"*a"] * 9))
                for n in range(9)
            )
            + b"---\ntext"
        ),
        None,
        "text",
    ),
    Hostile("front matter without end", MARKDOWN, lambda: b"---\na: 1\ntext", None, "text"),
    Hostile("deep YAML", MARKDOWN, lambda: b"---\na: " + b"[" * 8000 + b"\n---\ntext", None, "text"),
    Hostile("a picture as text", PLAIN, lambda: b"\x89PNG\r\n\x1a\n\xff", "not text in utf-8"),
    Hostile("UTF-16 with its mark", PLAIN, lambda: "Gehälter".encode("utf-16"), None, "Gehälter"),
    Hostile("UTF-16 without its mark", PLAIN, lambda: "Gehälter".encode("utf-16-le"), "not text in utf-8"),
    Hostile("Latin-1", PLAIN, lambda: "Gehälter".encode("latin-1"), "another character set is named"),
    Hostile(
        "Latin-1, said", "text/plain; charset=latin-1", lambda: "Gehälter".encode("latin-1"), None, "Gehälter"
    ),
    Hostile("null bytes in text", PLAIN, lambda: b"one\0two\0", None, "one\ufffdtwo"),
    Hostile("a mark and no more", PLAIN, lambda: b"\xef\xbb\xbf", None),
    Hostile("one line of 10 MiB", PLAIN, lambda: b"word " * (2 * MIB), None, "word word"),
    Hostile("a run of 10 MiB", MARKDOWN, lambda: b"x" * (10 * MIB), None, "xxxx"),
    Hostile("40 MiB of text", PLAIN, lambda: b"word " * (8 * MIB), "its text has more than 32 MiB"),
    Hostile("60 MiB", PLAIN, lambda: b"word " * (12 * MIB), "more than 50 MiB"),
    Hostile("quotes in quotes of Markdown", MARKDOWN, lambda: b">" * 100_000 + b" text", None, "text"),
    Hostile("lists in lists of Markdown", MARKDOWN, lambda: b"- " * 100_000 + b"text", None, "text"),
    Hostile("a PDF called text", PLAIN, lambda: documents.pdf(["words"]), "not text in utf-8"),
    Hostile("a page called JSON", JSON, lambda: b"<html>no</html>", "no JSON at line 1"),
    Hostile("a page called mail", MAIL, lambda: b"<html><p>no</p></html>", "no e-mail"),
    Hostile("hidden characters", HTML, "<p>a\u202eb\u200bc</p>".encode, None, "a"),
    Hostile("20 MiB of picture in a page", HTML, picture_in_page, None, "before"),
    Hostile(
        "an external entity in a page",
        "application/xhtml+xml",
        lambda: b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><html><p>x &a;</p></html>',
        None,
        "x",
    ),
    Hostile("2,000 attachments", MAIL, attachments, "more than 1000 parts"),
    Hostile("mails in mails", MAIL, forwarded, None, "text"),
    Hostile("20 MiB attached", MAIL, attached, None, "see the file"),
    Hostile(
        "a cell of 2 MiB", CSV, lambda: b"a,b\n" + b"x" * (2 * MIB) + b",1\n", "more than 1000000 characters"
    ),
    Hostile("200,000 rows", CSV, lambda: b"a,b\n" + b"1,2\n" * 200_000, None, "| 1 | 2 |"),
    Hostile("a picture", "image/png", lambda: b"\x89PNG", "is not read"),
)
EMPTY = tuple(
    Hostile(f"{size} bytes as {media_type}", media_type, partial(bytes, size), reason)
    for size in (0, 1)
    for media_type, reason in (
        (DOCX, "broken"),
        (PPTX, "broken"),
        (XLSX, "broken"),
        (PDF, "no PDF"),
        (JSON, "no JSON"),
        (MAIL, "no e-mail"),
        *((kind, None if size else "no text in it") for kind in (HTML, RST, CSV)),
    )
)
