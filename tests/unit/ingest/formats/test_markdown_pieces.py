"""Text that stays text, and tables and code that nothing in them breaks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from ingest.formats import markdown
from ingest.formats.yaml_front_matter import read_markdown

PARSER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("# a", "\\# a"),
        ("#a", "#a"),
        ("1. a", "1\\. a"),
        ("2026 was", "2026 was"),
        ("- a", "\\- a"),
        ("-5 degrees", "-5 degrees"),
        ("> a", "\\> a"),
        (">a", "\\>a"),
        ("* * *", "\\* * *"),
        ("---|---", "\\---|---"),
        ("3 | 4", "3 | 4"),
        ("---", "\\---"),
        ("===", "\\==="),
        ("```", "\\```"),
        ("        a", "a"),
        ("\u2022 a", "- a"),
        ("\uf0b7a", "- a"),
        ("\u2022", "\u2022"),
    ],
)
def test_a_line_stays_a_line_and_a_printed_bullet_is_a_list_s(text: str, written: str) -> None:
    assert markdown.line(text) == written


@given(st.text(alphabet="#->*+=`~_|:1.) \tab", max_size=20))
def test_no_line_becomes_a_heading_a_quote_a_list_or_code(text: str) -> None:
    kinds = {token.type for token in PARSER.parse(markdown.paragraphs(f"words\n{text}"))}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}


@given(st.text(alphabet="`~ab\n", max_size=40))
def test_code_comes_out_of_its_fence_as_it_went_in(code: str) -> None:
    (fence,) = PARSER.parse(markdown.fence(code, language="python"))
    assert fence.content.strip("\n") == code.strip("\n")


@given(
    st.lists(
        st.lists(st.text(alphabet="a|\\ \n", max_size=5), min_size=1, max_size=4), min_size=1, max_size=4
    )
)
def test_a_table_has_its_rows_whatever_is_in_its_cells(rows: list[list[str]]) -> None:
    width = len(rows[0])
    lines = list(markdown.table([row[:width] for row in rows]))
    assert len(lines) == len(rows) + 1
    tokens = PARSER.parse("\n".join(lines))
    cells = sum(token.type in {"th_open", "td_open"} for token in tokens)
    assert cells == width * len(rows)


@pytest.mark.parametrize(
    "text",
    [
        "---\n",
        "---\na\n---\n# b",
        "---\n- a\n---\n",
        "---\na: *b\n---\n",
        "----\na: 1\n----\n",
        "---\n\ta\n---\nb",
    ],
)
def test_dashes_without_fields_between_them_are_text(text: str) -> None:
    parsed = read_markdown(text)
    assert (parsed.markdown, parsed.title, dict(parsed.metadata)) == (text, None, {})
