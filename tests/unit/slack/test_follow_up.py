"""Which messages of a thread are meant for us, though they do not mention us."""

import time

import pytest

from bot.slack.follow_up import Line, for_us
from tests.bench.bench_follow_ups import rates, threads

QUESTION = Line(by="jonas", text="<@U0US> how many days of leave do I get?", to_us=True)
ANSWER = Line(by="us", text="30 days.", ours=True)


def is_for_us(text: str, *before: Line, by: str = "jonas") -> bool:
    said = Line(by=by, text=text)
    return for_us(said, before=before, us="Answerdesk", names=("Jonas Brandt", "theo"))


@pytest.mark.parametrize("half", ["chosen on", "reported"])
def test_on_a_hundred_threads_the_rules_are_mostly_right(half: str) -> None:
    """Half of them were looked at while the rules were made; people are hardly ever interrupted."""
    found = rates([each for each in threads() if each.half == half])
    assert found.threads == 50
    assert found.precision >= 0.95
    assert found.recall >= 0.85


def test_a_reply_while_the_question_waits_for_its_answer_is_a_follow_up() -> None:
    assert is_for_us("and in Lisbon?", QUESTION)


def test_in_a_thread_where_nobody_has_asked_us_nothing_is() -> None:
    assert not is_for_us("how many days do I get?")
    assert not is_for_us("how many days do I get?", Line(by="theo", text="Let's talk about leave"))


@pytest.mark.parametrize(
    "text",
    [
        "<@U0THEO> and in Lisbon?",
        "<!subteam^S1> and in Lisbon?",
        "<!here> and in Lisbon?",
        "Theo, and in Lisbon?",
        "hey theo and in Lisbon?",
        "And in Lisbon, Theo?",
        ":thinking_face:",
        "<https://example.com/how?a=b>",
        "",
    ],
)
def test_what_is_meant_for_somebody_or_nobody_is_not(text: str) -> None:
    assert not is_for_us(text, QUESTION, ANSWER)


def test_our_own_name_is_as_good_as_a_mention() -> None:
    talk = Line(by="theo", text="I think that has changed.")
    assert not is_for_us("what do I do then?", QUESTION, ANSWER, talk)
    assert is_for_us("Answerdesk, what do I do then?", QUESTION, ANSWER, talk)


def test_once_we_are_asked_again_what_people_said_before_counts_no_more() -> None:
    talk = Line(by="theo", text="I think that has changed.")
    again = Line(by="theo", text="<@U0US> has it changed?", to_us=True)
    assert is_for_us("since when?", QUESTION, ANSWER, talk, again, ANSWER, by="theo")


def test_a_long_thread_of_questions_is_judged_in_no_time() -> None:
    """Each of them is judged in the light of those before it, once."""
    many = [Line(by=f"U{n}", text=f"and in town {n}?") for n in range(1_000)]
    long = "and, " * 5_000
    began = time.process_time()
    assert is_for_us("and here?", QUESTION, ANSWER, *many)
    is_for_us(long, QUESTION, ANSWER)
    assert time.process_time() - began < 10
