"""A long answer as several messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.pages import PAGE_CHARS, pages

PARAGRAPH = "Everyone has thirty days of leave a year, and may take five of them along. " * 5


def words(text: str) -> list[str]:
    return text.replace("`", " ").split()


def test_a_short_answer_is_one_message() -> None:
    assert pages("Thirty days.") == ["Thirty days."]
    assert pages("") == [""]


def test_it_goes_over_between_two_paragraphs() -> None:
    text = "\n\n".join([PARAGRAPH] * 30)
    parted = pages(text)
    assert len(parted) > 2
    assert all(page.strip().endswith("along.") and page.startswith("Everyone") for page in parted)
    assert "\n\n".join(page.strip() for page in parted).count(PARAGRAPH.strip()) == 30


def test_a_fence_that_fits_a_message_is_not_parted() -> None:
    code = "```python\n" + "print('leave')\n\n" * 60 + "```"
    text = f"{PARAGRAPH * 8}\n\n{code}\n\nThat is all."
    first, second = pages(text)
    assert "```" not in first
    assert second == f"{code}\n\nThat is all."


def test_a_fence_that_fits_no_message_is_closed_and_opened_again() -> None:
    text = "Run this:\n\n```python\n" + "print('leave')\n" * 600 + "```\n\nThat is all."
    parted = pages(text)
    assert len(parted) > 2
    assert all(page.count("```") == 2 for page in parted)
    assert all(page.startswith("```python\nprint") for page in parted[1:])
    assert sum(page.count("print('leave')") for page in parted) == 600
    assert parted[-1].endswith("That is all.")


def test_a_long_table_goes_on_under_its_header() -> None:
    header = "| Country | Days |\n| --- | --- |"
    text = header + "".join(f"\n| Country {n} | {n} |" for n in range(400))
    parted = pages(text)
    assert all(page.startswith(header) for page in parted)
    assert sum(page.count("| Country ") - 1 for page in parted) == 400


def test_a_page_that_is_full_stays_as_it_is_while_the_text_grows() -> None:
    text = "\n\n".join([PARAGRAPH, "```\n" + "code\n" * 400 + "```", PARAGRAPH * 9, "- item\n" * 900])
    whole = pages(text)
    for end in range(PAGE_CHARS + 1, len(text), 97):
        so_far = pages(text[:end])
        assert so_far[:-1] == whole[: len(so_far) - 1]


@given(
    st.lists(
        st.sampled_from(
            (
                "word ",
                "x" * 900,
                "\n",
                "\n\n",
                "```\n",
                "```py\n",
                "~~~\n",
                "| a | b |\n",
                "|-|-|\n",
                "- ",
                ". ",
            )
        ),
        max_size=120,
    ).map("".join)
)
def test_whatever_is_written_every_word_is_shown_and_none_twice(text: str) -> None:
    parted = pages(text, most=1_000)
    assert all(len(page) <= 1_000 + 40 for page in parted)
    kept = "".join("".join(words(page)) for page in parted)
    assert kept.count("word") == text.count("word")
    assert kept.count("x") == text.count("x")


@pytest.mark.parametrize("text", ["x" * 50_000, "a b " * 12_000, "```\n" + "y" * 20_000, "\n" * 9_000])
def test_what_has_no_border_is_parted_all_the_same(text: str) -> None:
    assert all(len(page) <= PAGE_CHARS + 40 for page in pages(text))
