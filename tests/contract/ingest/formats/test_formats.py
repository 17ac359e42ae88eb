"""What each kind of document becomes: headings, lists, tables, code and links survive, and nothing else."""

import json

import pytest

from ingest.chunking import chunk
from ingest.parsing import Parsing
from tests.contract.ingest.formats import documents
from tests.contract.ingest.formats.documents import DOCX, PAGE, PDF, PPTX, RST, XLSX
from wire.errors import MalformedError

TABLE = "| Country | Days |\n| --- | --- |\n| Germany | 30 |\n| Trinidad \\| Tobago | 14 |"


async def test_a_page_is_its_main_content(parsing: Parsing) -> None:
    parsed = await parsing.parse(PAGE.encode(), media_type="text/html")
    assert parsed.title == "Leave: Wiki"
    for kept in (
        "# Leave\n",
        "**28 days**",
        "[the list](https://example.com/list?a=1&b=2)",
        " or this, or below.",
        "## How to *ask*",
        "1. Ask your lead",
        "   - in writing",
        "2. Tell us",
        TABLE,
        '```python\ndef days(): # all of them\n    return "<28>"\n```',
        "\\# not a heading",
        "A plan of the year",
    ):
        assert kept in parsed.markdown, kept
    for gone in (
        "secret",
        "color",
        "Home",
        "Example Inc",
        "hidden",
        "Imprint",
        "javascript",
        "Send",
        "typed",
    ):
        assert gone not in parsed.markdown, gone


async def test_a_page_without_a_main_part_loses_only_what_is_around_it(parsing: Parsing) -> None:
    page = b"<header><h1>Leave</h1></header><header>Bar</header><p>28 days</p><footer>x</footer>"
    assert (await parsing.parse(page, media_type="text/html")).markdown == "# Leave\n\n28 days"


@pytest.mark.parametrize(
    ("page", "media_type"),
    [
        ("<p>café</p>".encode(), "text/html"),
        ("<p>café</p>".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("<p>café</p>".encode("latin-1"), "text/html"),
        ("<p>café</p>".encode("utf-16"), "text/html"),
        ('<?xml version="1.0" encoding="latin-1"?><p>café</p>'.encode(), "application/xhtml+xml"),
        ('<meta charset="iso-8859-1"><p>café</p>'.encode("latin-1"), "text/html"),
        ('<meta charset="made-up"><p>café</p>'.encode("cp1252"), "text/html"),
    ],
)
async def test_a_page_is_read_in_its_character_set(page: bytes, media_type: str, parsing: Parsing) -> None:
    assert (await parsing.parse(page, media_type=media_type)).markdown == "caf\u00e9"


async def test_restructured_text_keeps_its_structure_and_the_words_of_sphinx(parsing: Parsing) -> None:
    parsed = await parsing.parse(RST.encode(), media_type="text/x-rst")
    assert parsed.title == "Leave"
    for kept in (
        "# Leave\n",
        "**28 days**",
        "[the list](https://example.com/list)",
        "the rules",
        "## How to ask",
        "1. Ask your lead",
        "- in writing",
        "| Country | Days |\n| --- | --- |\n| Germany | 30 |",
        "```python\ndef days():\n    return 28\n```",
        "Carry-over.",
        "Mind the date.",
    ):
        assert kept in parsed.markdown, kept
    assert "other" not in parsed.markdown


async def test_a_pdf_is_its_pages_and_page_numbers_are_headings(parsing: Parsing) -> None:
    body = documents.pdf(
        ["Leave policy", "# Rules (all of them)", "1. first", "\u00b7"],
        [],
        ["\x95 30 days"],
        title="untitled",
    )
    parsed = await parsing.parse(body, media_type=PDF)
    assert parsed.title == "Leave policy"
    assert parsed.markdown.startswith("# Page 1\n\nLeave policy\n\\# Rules (all of them)\n1\\. first")
    assert "Page 2" not in parsed.markdown
    cut = chunk(parsed.markdown, window_tokens=100, count_tokens=lambda text: len(text) // 4)
    assert {piece.heading for piece in cut} == {("Page 1",), ("Page 3",)}


async def test_a_pdf_says_its_title(parsing: Parsing) -> None:
    assert (await parsing.parse(documents.pdf(["x"], title="Leave"), media_type=PDF)).title == "Leave"


async def test_a_pdf_keeps_its_headings_columns_and_links(parsing: Parsing) -> None:
    parsed = await parsing.parse(documents.laid_out_pdf(), media_type=PDF)
    assert parsed.title == "Leave policy"
    assert parsed.markdown == (
        "# Page 1\n\n## Leave policy\n\n"
        "You get 28 days of leave, see [the list](<https://example.com/list>), or write to "
        "leave@example.com.\n\n"
        f"### By country\n\n\n{TABLE}\n\n"
        "Contents . . . . . . . . . 7\nName: Ada"
    )


async def test_a_scanned_pdf_is_refused_and_told_what_to_do(parsing: Parsing) -> None:
    with pytest.raises(MalformedError, match=r"no text: are its pages scanned\?.*OCR"):
        await parsing.parse(documents.pdf([], []), media_type=PDF)


async def test_a_word_document_keeps_its_structure(parsing: Parsing) -> None:
    parsed = await parsing.parse(documents.word(), media_type=DOCX)
    assert parsed.title == "Leave policy"
    for kept in (
        "# Leave\n",
        "**28 days**",
        "[the list](https://example.com/list)",
        "## By country",
        TABLE,
        "- annual\n- parental",
        "1. ask your lead",
        "```\ndays = 28\nweeks = 4\n```",
    ):
        assert kept in parsed.markdown, kept


async def test_slides_are_headings_with_their_lists_tables_and_notes(parsing: Parsing) -> None:
    parsed = await parsing.parse(documents.slides(), media_type=PPTX)
    assert parsed.title == "Travel"
    for kept in (
        "# Slide 1: Booking\n\n- Book early\n  - Fly economy",
        "[# the portal](<https://example.com/travel>)",
        "Notes: Mention the rail pass",
        f"# Slide 2: Rates\n\n{TABLE}",
    ):
        assert kept in parsed.markdown, kept
    assert "Do not show" not in parsed.markdown


async def test_a_workbook_is_its_sheets_with_their_tables(parsing: Parsing) -> None:
    parsed = await parsing.parse(documents.workbook(), media_type=XLSX)
    assert parsed.title == "Allowances"
    assert parsed.markdown == (
        f"# Leave\n\n{TABLE}\n\nRates as of 2026-01-02\n\n"
        "| City | EUR |\n| --- | --- |\n| Paris | 80 |\n| Oslo | 92.5 |\n\n"
        "# Contacts\n\nPeople team people@example.com"
    )


@pytest.mark.parametrize("media_type", [XLSX, "text/csv"])
async def test_each_passage_of_a_long_table_keeps_the_header(media_type: str, parsing: Parsing) -> None:
    table = documents.long_table(rows=3000)
    csv = "\n".join(",".join(row) for row in table).encode()
    body = documents.workbook_of(table) if media_type == XLSX else csv
    parsed = await parsing.parse(body, media_type=media_type)
    cut = chunk(parsed.markdown, window_tokens=254, count_tokens=lambda text: len(text) // 3)
    header = "| Employee number | Office | Days of leave left |\n| --- | --- | --- |\n"
    assert len(cut) > 50
    assert all(piece.text.startswith(header) for piece in cut)
    rows = [row for piece in cut for row in piece.text.removeprefix(header).split("\n")]
    assert rows == [f"| {' | '.join(row)} |" for row in table[1:]], "each row once, in order"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"Country,Days\nGermany,30\nTrinidad | Tobago,14\n", "text/csv"),
        (b'Country;Days\r\n\r\n"Germany";30\r\nTrinidad | Tobago;14', "text/csv; charset=utf-8"),
        (b"Country,Days\nGermany,30\nTrinidad\x0c| Tobago,14\n", "text/csv"),
        ("\ufeffCountry\tDays\nGermany\t30\nTrinidad | Tobago\t14".encode(), "text/tab-separated-values"),
    ],
)
async def test_csv_is_a_table(body: bytes, media_type: str, parsing: Parsing) -> None:
    assert (await parsing.parse(body, media_type=media_type)).markdown == TABLE


async def test_json_keeps_every_value_beside_its_key(parsing: Parsing) -> None:
    value = {
        "title": "Leave",
        "days": {"Germany": 30, "more": [["a", "b"], {"c": None}]},
        "teams": [{"name": "People", "lead": "Ada"}, {"name": "IT", "lead": "Bo | Co"}],
    }
    parsed = await parsing.parse(json.dumps(value).encode(), media_type="application/json")
    assert parsed.title == "Leave"
    assert "# days\n\n- Germany: 30" in parsed.markdown
    assert "- c: null" in parsed.markdown
    assert (
        "# teams\n\n| name | lead |\n| --- | --- |\n| People | Ada |\n| IT | Bo \\| Co |" in parsed.markdown
    )


async def test_an_e_mail_is_its_subject_its_people_and_its_text(parsing: Parsing) -> None:
    parsed = await parsing.parse(documents.mail(), media_type="message/rfc822")
    assert parsed.title == "Parental leave, \u00e9"
    assert parsed.metadata["from"] == "J\u00f6rg M\u00fcller <joerg@example.com>"
    assert parsed.markdown.startswith("# Parental leave, \u00e9\n\n- From: J\u00f6rg M\u00fcller")
    assert "How long is it?\n\\# no heading" in parsed.markdown
    assert parsed.markdown.endswith("Attachments:\n\n- form.pdf")


async def test_an_e_mail_of_html_alone_is_read_too(parsing: Parsing) -> None:
    body = documents.mail(html=True, charset="iso-8859-1")
    assert (
        "## Answer\n\n14 weeks, caf\u00e9"
        in (await parsing.parse(body, media_type="message/rfc822")).markdown
    )


@pytest.mark.parametrize(
    ("media_type", "language"),
    [
        ("text/x-python", "python"),
        ("application/xml", "xml"),
        ("text/css", "css"),
        ("application/yaml", "yaml"),
    ],
)
async def test_source_code_is_fenced_with_its_language(
    media_type: str, language: str, parsing: Parsing
) -> None:
    body = b"# no heading\n```\nx\n"
    expected = f"````{language}\n# no heading\n```\nx\n````"
    assert (await parsing.parse(body, media_type=media_type)).markdown == expected


async def test_front_matter_is_metadata_and_no_text(parsing: Parsing) -> None:
    body = b"---\ntitle: Leave\ntags: [a, b]\nreviewed: 2026-01-02\n---\n# Rules\n"
    parsed = await parsing.parse(body, media_type="text/markdown")
    assert (parsed.title, parsed.markdown) == ("Leave", "# Rules\n")
    assert dict(parsed.metadata) == {"tags": "a, b", "reviewed": "2026-01-02"}
