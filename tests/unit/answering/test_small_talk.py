"""What is no question is told from what is one."""

import time

import pytest

from bot.answering import small_talk as says
from bot.answering.small_talk import small_talk


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("hello", says.HELLO),
        ("Hi there!", says.HELLO),
        ("hey @Answerdesk, how are you today?", says.HELLO),
        ("Good morning everyone", says.HELLO),
        ("Olá!", says.HELLO),
        ("who are you?", says.WHO),
        ("Hi, what can you do for me?", says.WHO),
        ("What\u2019s your name", says.WHO),
        ("help", says.WHO),
        ("Are you a bot?", says.WHO),
        ("thanks!", says.WELCOME),
        ("Great, thank you so much :tada:", says.WELCOME),
        ("danke schön", says.WELCOME),
        ("ok", says.GLAD),
        ("Perfect, that helps!", says.GLAD),
        ("bye", says.GOODBYE),
        ("You are useless", says.SORRY),
        ("this is really not helpful", says.SORRY),
        ("👍", says.NO_WORDS),
        (":tada: :tada:", says.NO_WORDS),
        ("?", says.NO_WORDS),
        ("...", says.NO_WORDS),
    ],
)
def test_what_is_said_to_a_person_is_answered_in_kind(text: str, reply: str) -> None:
    assert small_talk(text) == reply


@pytest.mark.parametrize(
    "text",
    [
        "thanks, and in Lisbon?",
        "hi, how many days of leave do I get?",
        "hello world in Rust",
        "help desk hours",
        "Who are you supposed to call in an emergency?",
        "what can you do about mould in the office?",
        "what can I ask the works council about?",
        "vacation",
        " \n",
        "bye-laws",
        "garbage",
        "good morning routine for new starters",
        "this is useless, where do I return my laptop",
        "42",
        "你好吗",
    ],
)
def test_what_may_be_a_question_is_searched(text: str) -> None:
    assert small_talk(text) is None


def test_however_long_a_message_is_it_is_told_at_once() -> None:
    started = time.process_time()
    for text in ("good " * 800, "thanks so very much " * 200, "ok great " * 9 + "x"):
        assert small_talk(text) is None
    assert time.process_time() - started < 5.0
