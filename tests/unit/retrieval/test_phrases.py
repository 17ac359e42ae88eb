"""Which pairs of a question's words stand together in a passage."""

import pytest

from retrieval.phrases import MOST, pairs, share_of

STOP_WORDS = frozenset({"how", "long", "is", "the", "of", "a"})


def asked(question: str) -> list[tuple[str, str]]:
    return pairs(question, stop_words=STOP_WORDS)


def test_a_questions_pairs_are_of_words_that_say_something_each_once() -> None:
    assert asked("How long is the parental leave of a parental leave?") == [
        ("paren", "leave"),
        ("leave", "paren"),
    ]
    assert asked("leave") == asked("how long is the") == asked("") == []


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Parental leave is 16 weeks.", 1.0),
        ("PARENTAL\n\nLeaves", 1.0),
        ("Whoever is on leave tells the parental office.", 0.0),
        ("Parents, parental duty, parental (leave)", 1.0),
        ("Grandparental leave", 0.0),
        ("parental", 0.0),
        ("parental-", 0.0),
        ("", 0.0),
    ],
)
def test_a_pair_stands_together_where_nothing_but_punctuation_is_between(text: str, share: float) -> None:
    assert share_of(asked("parental leave"), text) == share


def test_the_share_is_of_all_pairs() -> None:
    assert share_of(asked("parental leave policy"), "The parental leave of all") == 0.5


def test_a_question_without_pairs_has_no_share() -> None:
    assert share_of([], "parental leave") == 0.0


def test_words_of_every_script_are_paired() -> None:
    assert share_of(asked("Elternzeit Förderung"), "die Elternzeit-Förderungen") == 1.0


def test_a_megabyte_that_repeats_the_first_word_is_soon_looked_through() -> None:
    """One look at each place: a text that is made to be slow costs no more than its length."""
    assert share_of(asked("parental leave"), "parental " * 100_000 + "x leave") == 0.0
    assert share_of([("a", "b")], "a" * 1_000_000 + " c b") == 0.0
    assert share_of([("a", "b")], "_a" * 500_000 + " c b") == 0.0
    assert share_of([("a", "b")], "a" + " " * 1_000_000 + "c b") == 0.0


def test_a_page_that_is_asked_as_a_question_is_looked_for_by_its_first_words() -> None:
    """All of its pairs in all candidates would be a tenth of a second in which no one else is served."""
    many = [f"{first}{second}" for first in "bcdfgh" for second in "bcdfghjklmnpq"]
    assert asked(" ".join(many)) == asked(" ".join(many[: MOST + 1]))
    assert len(asked(" ".join(many))) == MOST
    assert share_of(asked(" ".join(many)), " ".join(many)) == 1.0
