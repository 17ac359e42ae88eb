"""Which words say nothing, in the language of the question."""

import pytest

from retrieval.stems import stems
from retrieval.stop_words import StopWords

PACKAGED = StopWords.load()


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How many days of leave do I get?", "english"),
        ("Wie viele Tage Urlaub habe ich im Jahr und wer genehmigt sie?", "german"),
        ("Combien de jours de congé est-ce que j'ai par an ?", "french"),
        ("¿Cuántos días de vacaciones me tocan y quién los aprueba en la empresa?", "spanish"),
        ("VPN ECONNREFUSED", "english"),
        ("", "english"),
    ],
)
def test_a_questions_language_is_told_by_its_small_words(question: str, language: str) -> None:
    assert PACKAGED.language_of(question) == language


def test_what_is_left_of_a_question_is_its_subject() -> None:
    question = "How many days of leave do I get in Germany?"
    assert stems(question, without=PACKAGED.of(question)) >= {"days", "leave", "germa"}
    assert not stems(question, without=PACKAGED.of(question)) & {"how", "of", "do", "i", "in"}


def test_a_missing_list_leaves_every_word() -> None:
    assert StopWords({}).of("How many days?") == frozenset()
