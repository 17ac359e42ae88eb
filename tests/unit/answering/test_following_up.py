"""Follow-ups are searched together with what they follow."""

import pytest

from bot.answering.following_up import QUERY_CHARS, joined
from bot.answering.question import Question, Turn

GERMANY = "How many days of parental leave do I get in Germany?"
FRANCE = "How many days of parental leave do I get in France?"


def user(text: str) -> Turn:
    return Turn(role="user", author="Ada", text=text)


def ours(text: str = "Ninety.") -> Turn:
    return Turn(role="assistant", author="you", text=text)


def query(text: str, *conversation: Turn) -> str:
    asked = Question(id="q", text=text, person="p", principals=("public",), conversation=conversation)
    made = joined(asked)
    assert (made.how == "asked") == (made.query == text.strip())
    return made.query


def test_a_first_question_stands_alone() -> None:
    assert query(f"  {GERMANY} ") == GERMANY


@pytest.mark.parametrize(
    "follow_up",
    [
        "For how long?",
        "Can I take them in two blocks of ten days?",
        "And for contractors?",
        "And in general?",
        "In writing?",
        "And how many days do interns get?",
    ],
)
def test_a_question_that_leans_on_the_one_before_takes_it_along(follow_up: str) -> None:
    assert query(follow_up, user(GERMANY), ours()) == f"{GERMANY} {follow_up}"


@pytest.mark.parametrize(
    ("follow_up", "asked"),
    [
        ("And in France?", FRANCE),
        ("und in Portugal?", "How many days of parental leave do I get in Portugal?"),
        ("what about in the Netherlands", "How many days of parental leave do I get in the Netherlands?"),
        ("and in canada?", "How many days of parental leave do I get in canada?"),
    ],
)
def test_a_question_that_names_another_place_is_asked_with_that_in_the_old_ones_stead(
    follow_up: str, asked: str
) -> None:
    assert query(follow_up, user(GERMANY), ours()) == asked


def test_a_name_takes_the_place_of_its_like_alone() -> None:
    chain = (user(GERMANY), ours(), user("And for contractors?"), ours())
    assert query("and in Portugal?", *chain) == (
        "How many days of parental leave do I get in Portugal? And for contractors?"
    )
    first_year = "How many days of leave do I get in my first year?"
    assert query("and in Canada?", user(first_year), ours()) == f"{first_year} and in Canada?"


def test_what_was_no_question_is_not_taken_along() -> None:
    assert query("For how long?", user("hi there"), ours("Hello!")) == "For how long?"
    before = (user(GERMANY), ours(), user("thanks!"), ours("You're welcome."))
    assert query("For how long?", *before) == f"{GERMANY} For how long?"


@pytest.mark.parametrize(
    "question",
    ["Who approves travel to Lisbon for new employees?", "And how do I submit an expense report?"],
)
def test_a_question_of_its_own_leaves_the_old_subject_behind(question: str) -> None:
    assert query(question, user(GERMANY), ours()) == question


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    said = (user(GERMANY), ours(), user("And in France?"), ours())
    assert query("For fathers too?", *said) == f"{FRANCE} For fathers too?"


def test_what_people_said_among_themselves_is_no_subject() -> None:
    said = (user("lunch anyone?"), user(GERMANY), ours(), user("thanks, good to know"))
    assert query("And in France?", *said) == FRANCE


def test_in_a_thread_that_we_join_late_the_last_message_is_the_subject() -> None:
    said = (user("hello all"), user("I wonder about parental leave"))
    assert query("Do you know?", *said) == "I wonder about parental leave Do you know?"


def test_a_query_is_bounded() -> None:
    assert len(query("it? " * 600, user("why " * 600), ours())) <= QUERY_CHARS
