"""What may be quoted by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.sentences import sentences


def quoted(text: str) -> list[str]:
    return [text[span.start : span.end] for span in sentences(text)]


def test_a_paragraph_is_cut_after_each_sentence() -> None:
    text = (
        "Parental leave is 14 weeks. You may take it in two parts! Who decides on that?\nYour manager does."
    )
    assert quoted(text) == [
        "Parental leave is 14 weeks.",
        "You may take it in two parts!",
        "Who decides on that?",
        "Your manager does.",
    ]


def test_a_piece_that_says_nothing_by_itself_is_left_out() -> None:
    assert quoted("See also:\n\nYes. Ask the people team first.") == ["Ask the people team first."]


@pytest.mark.parametrize(
    "sentence",
    [
        "Ask e.g. Your manager or Dr. Meyer about it.",
        "It costs 3.50 euros per day, i.e. not much.",
        "See docs.example.com for the whole policy.",
        "Acme Inc. Germany pays for the ticket.",
    ],
)
def test_a_full_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert quoted(sentence) == [sentence]


def test_headings_rules_and_fence_marks_are_no_sentences() -> None:
    text = "# Leave policy for everyone\n\nTwenty-eight days a year.\n\n---\n\n```\nmake all the things\n```"
    assert quoted(text) == ["Twenty-eight days a year."]


def test_a_list_item_is_quoted_whole_without_its_bullet() -> None:
    text = "- Germany: 30 days. Unused days lapse in March.\n- France: 27 days\n  and the public holidays."
    assert quoted(text) == [
        "Germany: 30 days. Unused days lapse in March.",
        "France: 27 days\n  and the public holidays.",
    ]


def test_a_table_gives_its_rows_and_neither_header_nor_ruling() -> None:
    text = "| Country | Leave in days |\n| --- | ---: |\n| Germany | 30 |\n| France | 27 |"
    assert quoted(text) == ["| Germany | 30 |", "| France | 27 |"]


def test_a_numbered_list_is_not_cut_at_its_numbers() -> None:
    assert quoted("1. Open the expense tool\n2. Add the receipt") == [
        "Open the expense tool",
        "Add the receipt",
    ]


@given(st.text(alphabet=st.sampled_from("ab C.\n#-|>1!? `"), max_size=200))
def test_spans_lie_in_the_text_in_order_and_never_overlap(text: str) -> None:
    spans = sentences(text)
    ends = [0, *(span.end for span in spans)]
    assert all(
        before <= span.start < span.end <= len(text) for before, span in zip(ends, spans, strict=False)
    )
