"""What a PDF's lines look like decides what they are."""

from ingest.formats.pdf_lines import Line, heading_sizes, with_links, written

BODY = Line(("Most of a document's text is of this size, and there is a lot of it.",), 10.0)


def lines(*texts: str, size: float = 10.0) -> list[Line]:
    return [Line(tuple(text.split("|")), size) for text in texts]


def test_larger_lines_are_headings_the_largest_outermost() -> None:
    page = [*lines("Leave", size=24), *lines("in Germany", size=14), BODY, *lines("Note", size=11)]
    assert heading_sizes([page]) == [24.0, 14.0], "a tenth larger is the font's doing"
    assert written(page, sizes=[24.0, 14.0]) == f"## Leave\n\n\n### in Germany\n\n{BODY.text}\nNote"


def test_a_heading_of_several_lines_is_one_and_a_long_or_numeric_one_is_none() -> None:
    page = [*lines("Parental leave", "in Germany", size=20), BODY, *lines("x" * 200, "2026", size=20)]
    said = written(page, sizes=[20.0])
    assert said.startswith("## Parental leave in Germany\n")
    assert said.count("#") == 2


def test_three_rows_of_as_many_columns_are_a_table_and_two_are_lines() -> None:
    assert written(lines("a|b", "c|d", "e|f"), sizes=[]) == "| a | b |\n| --- | --- |\n| c | d |\n| e | f |"
    assert written(lines("a|b", "c|d", "e|f|g"), sizes=[]) == "a b\nc d\ne f g"


def test_a_link_stands_at_its_whole_words_or_comes_last() -> None:
    linked = with_links(
        lines("listen to the list", "a|b"), {"list": "https://x", "b": "https://y", "c": "z:"}
    )
    assert [line.cells for line in linked] == [
        ("listen to the [list](<https://x>)",),
        ("a", "[b](<https://y>)"),
        ("[c](<z:>)",),
    ]
    assert with_links(lines("https://x"), {"https://x": "https://x"}) == lines("https://x"), (
        "it says it itself"
    )


def test_a_document_without_text_has_no_headings() -> None:
    assert heading_sizes([[], []]) == []
