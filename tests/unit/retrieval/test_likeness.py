"""Texts that say the same."""

import tracemalloc

import pytest

from retrieval.likeness import REMEMBERED, Likeness

TEXT = (
    "Whoever works away from the office for more than five days in a row tells the people team two weeks "
    "ahead, names the address and the time zone, and takes the laptop with its charger along."
)


def alike(first: str, second: str) -> bool:
    likeness = Likeness()
    assert not likeness.has(first)
    return likeness.has(second)


def test_the_same_words_are_alike_whatever_stands_between_them() -> None:
    assert alike(TEXT, TEXT.upper().replace(",", " --").replace(" ", "\n"))


def test_one_changed_word_in_many_is_alike() -> None:
    assert alike(TEXT, TEXT.replace("charger", "cable"))


def test_a_changed_number_is_another_answer() -> None:
    text = TEXT.replace("five days", "5 days")
    assert not alike(text, text.replace("5 days", "8 days"))


def test_another_text_is_not_alike() -> None:
    assert not alike(TEXT, "The office opens at eight and closes at six.")


@pytest.mark.parametrize(("first", "second"), [("Yes.", "No."), ("", "Yes."), ("Ask Marta.", "Ask Jonas.")])
def test_short_texts_are_compared_whole(first: str, second: str) -> None:
    assert not alike(first, second)
    assert alike(first, first)


def test_long_texts_are_not_kept_beyond_the_question_that_found_them() -> None:
    """As passages of a model with a window of 8,000 tokens are: half a gigabyte, if they were."""
    tracemalloc.start()
    try:
        for number in range(REMEMBERED // 16):
            Likeness().has(" ".join(f"word{number}x{place}" for place in range(6_000)))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 5_000_000
