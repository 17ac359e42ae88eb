"""Questions that ask several things."""

import pytest

from retrieval.parts import parts


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        (
            "How much leave do I get and who approves it?",
            ["How much leave do I get", "who approves it?"],
        ),
        ("How long is leave? Who approves it?", ["How long is leave?", "Who approves it?"]),
        (
            "Wie viele Urlaubstage habe ich und wer genehmigt sie?",
            ["Wie viele Urlaubstage habe ich", "wer genehmigt sie?"],
        ),
        ("How do sales and marketing work together?", []),
        ("Who is Ana and why?", []),
        ("How many days of leave do I get?", []),
        ("", []),
    ],
)
def test_a_question_is_taken_apart_where_another_one_begins(question: str, asked: list[str]) -> None:
    assert parts(question) == asked


def test_a_text_with_many_questions_is_left_whole() -> None:
    assert parts("What is this for? " * 9) == []


def test_a_run_of_spaces_takes_no_time() -> None:
    spaces = " " * 7000
    assert parts(f"How much{spaces}leave do I get and{spaces}who approves it?") == [
        "How much leave do I get",
        "who approves it?",
    ]
