"""Which kinds there are."""

import pytest

from ingest.formats import media_types
from ingest.formats.media_types import language_of, media_type_of
from ingest.formats.reading import _READERS


def test_every_file_that_has_a_media_type_is_read() -> None:
    for suffix, kind in media_types._BY_SUFFIX.items():
        read = kind in media_types.MARKDOWN | media_types.PLAIN | media_types.READ_APART or language_of(kind)
        assert read, suffix


def test_everything_that_is_read_apart_has_its_reader() -> None:
    assert set(_READERS) == media_types.READ_APART


@pytest.mark.parametrize(
    ("kind", "language"),
    [
        ("text/x-python", "python"),
        ("text/x-c++", "cpp"),
        ("text/x-objective-c", "objective-c"),
        ("application/xml", "xml"),
        ("text/x-markdown", None),
        ("text/x-rst", None),
        ("text/x-a\nb", None),
        ("image/png", None),
    ],
)
def test_source_code_says_its_language(kind: str, language: str | None) -> None:
    assert language_of(kind) == language


def test_a_file_s_kind_is_its_suffix_s() -> None:
    assert media_type_of("Reports/Q1.XLSX") == media_types.XLSX
    assert media_type_of("Makefile") is None


def test_a_document_of_a_kind_that_is_not_read_is_announced_to_become_a_failure() -> None:
    assert media_type_of("a.odt") == "application/vnd.oasis.opendocument.text"
    assert media_type_of("old.doc") == media_types.DOCX, "whose reader says what to do with it"
    assert media_type_of("logo.png") is None
