"""Typing errors, mended by what was found all the same."""

import pytest

from retrieval.rapidfuzz_spelling import SUSPECTS, mended, suspects

TEXTS = ["Reimbursement of expenses: hand in the receipt within 30 days.", "Parental leave in Portugal"]


def mend(question: str) -> str:
    return mended(question, suspects(question, TEXTS, stop_words={"which", "from"}), TEXTS)


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("Where do I put the recipt?", "Where do I put the receipt?"),
        ("Where do I put the reciept?", "Where do I put the receipt?"),
        ("rembursment of expenses", "reimbursement of expenses"),
        ("Parnetal leave in Portgual", "parental leave in portugal"),
        ("Where do I put the receipts?", "Where do I put the receipts?"),
        ("Which days are from ours?", "Which days are from ours?"),
        ("What about sabbaticals?", "What about sabbaticals?"),
        ("BX-4711 and v2beta", "BX-4711 and v2beta"),
    ],
)
def test_a_wrong_word_becomes_the_nearest_one_that_was_found(question: str, right: str) -> None:
    assert mend(question) == right


def test_another_first_letter_is_another_word() -> None:
    assert mend("Is there a deceipt?") == "Is there a deceipt?"


def test_few_words_are_looked_at() -> None:
    question = " ".join(f"unheard{'x' * number}" for number in range(20))
    assert len(suspects(question, TEXTS, stop_words=())) == SUSPECTS
