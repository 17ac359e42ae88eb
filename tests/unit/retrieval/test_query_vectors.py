"""Which questions' vectors are remembered."""

from retrieval.encoding import Encoded, Sparse
from retrieval.query_vectors import QueryVectors


def encoded(number: float) -> Encoded:
    return Encoded([number], Sparse([], []))


def test_a_question_is_remembered_under_its_very_text() -> None:
    asked = QueryVectors()
    asked.remember("how much leave", encoded(1.0))
    assert asked.recall("how much leave") == encoded(1.0)
    assert asked.recall("How much leave") is None


def test_the_question_that_was_not_asked_for_longest_goes_first() -> None:
    asked = QueryVectors(remembered=2)
    asked.remember("one", encoded(1.0))
    asked.remember("two", encoded(2.0))
    assert asked.recall("one")
    asked.remember("three", encoded(3.0))
    assert asked.recall("two") is None
    assert asked.recall("one") == encoded(1.0)
    assert asked.recall("three") == encoded(3.0)


def test_the_same_question_twice_takes_one_place() -> None:
    asked = QueryVectors(remembered=2)
    asked.remember("one", encoded(1.0))
    for _ in range(5):
        asked.remember("two", encoded(2.0))
    assert asked.recall("one") == encoded(1.0)
