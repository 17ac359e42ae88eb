"""What a document says of itself: its title, whose it is, when it changed."""

from datetime import UTC, datetime

import pytest

from ingest.description import VALUE_CHARS, changed_at, described, title_of
from ingest.formats.parsed import Parsed

PDF = "application/pdf"
MARKDOWN = "text/markdown; charset=utf-8"


@pytest.mark.parametrize(
    ("given", "parsed", "media_type", "title"),
    [
        ("Leave", Parsed("# Holidays", title="Days off"), MARKDOWN, "Leave"),
        ("", Parsed("# Holidays", title="Days off"), MARKDOWN, "Days off"),
        ("", Parsed("Intro.\n\n# Holidays\n\nText."), MARKDOWN, "Holidays"),
        ("", Parsed("# Page 1\n\nText."), PDF, "Leave policy 2026"),
        ("", Parsed("Text."), MARKDOWN, "Leave policy 2026"),
    ],
)
def test_the_senders_title_counts_then_the_documents_own_then_its_name(
    given: str, parsed: Parsed, media_type: str, title: str
) -> None:
    document = "people/leave-policy_2026.pdf"
    assert title_of(parsed, given=given, media_type=media_type, document=document) == title


@pytest.mark.parametrize("document", ["PROJ-12", "src/main_loop.py", "C024BE91L-1712345678.0001", "LICENSE"])
def test_an_id_that_is_no_name_of_a_text_stays_as_it_is(document: str) -> None:
    assert title_of(Parsed("Text."), given="", media_type=MARKDOWN, document=document) == document


def test_whose_a_document_is_stands_under_its_first_heading() -> None:
    front_matter = {"owner": "Priya", "Tags": "leave, holidays", "layout": "page", "slug": "x"}
    text = described(Parsed("# Leave\n\n28 days.", metadata=front_matter), {})
    assert text == "# Leave\n\n- Owner: Priya\n- Tags: leave, holidays\n\n28 days."


def test_without_a_heading_it_stands_at_the_start() -> None:
    assert described(Parsed("28 days."), {"team": "people"}) == "- Team: people\n\n28 days."


def test_the_documents_own_word_counts_more_than_its_senders() -> None:
    text = described(Parsed("", metadata={"owner": "Priya"}), {"owner": "Sven", "tags": ["a", "b"]})
    assert "Owner: Priya" in text
    assert "Tags: a, b" in text
    assert "Sven" not in text


@pytest.mark.parametrize("value", ["", None, {"nested": 1}, [], [{"a": 1}]])
def test_what_is_no_words_is_not_said(value: object) -> None:
    assert described(Parsed("28 days."), {"owner": value}) == "28 days."


def test_what_is_said_stays_on_its_line_and_short() -> None:
    text = described(Parsed("28 days."), {"summary": "one\n# two\n" + "x" * 10_000})
    line, _, rest = text.partition("\n\n")
    assert line.startswith("- Summary: one # two xxx")
    assert len(line) < VALUE_CHARS + 20
    assert rest == "28 days."


@pytest.mark.parametrize(
    ("metadata", "moment"),
    [
        ({"updated": "2026-03-01"}, datetime(2026, 3, 1, tzinfo=UTC)),
        (
            {"date": "2020-01-01", "last_updated": "2026-03-01 10:00:00+00:00"},
            datetime(2026, 3, 1, 10, tzinfo=UTC),
        ),
        ({"date": "Thu, 1 Jan 2026 10:00:00 +0000"}, datetime(2026, 1, 1, 10, tzinfo=UTC)),
        ({"updated": "last week", "date": "2020-01-01"}, datetime(2020, 1, 1, tzinfo=UTC)),
        ({"updated": "last week"}, None),
        ({}, None),
    ],
)
def test_when_it_changed_is_what_its_sender_says_or_else_itself(
    metadata: dict[str, str], moment: datetime | None
) -> None:
    assert changed_at(Parsed("", metadata=metadata), given=None) == moment
    sent = datetime(2026, 11, 1, tzinfo=UTC)
    assert changed_at(Parsed("", metadata=metadata), given=sent) == sent
