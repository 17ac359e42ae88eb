"""How a channel or a reader wants answers is in the prompt and in the cache's key."""

from bot.answering.cache import cache_key, flight_key
from bot.answering.prompt import SYSTEM, build_prompt
from bot.answering.question import Manner, Question
from tests.retrieval_stand_in import passage

LEAVE = (passage("Everybody has 30 days of leave.", document="leave"),)


def prompt_for(manner: Manner, *, prompt_tokens: int = 4_000) -> tuple[str, str, int]:
    question = Question(id="1", text="How many?", person="T1:U1", principals=("public",), manner=manner)
    prompt = build_prompt(
        question, LEAVE, prompt_tokens=prompt_tokens, answer_tokens=100, count=lambda text: len(text.split())
    )
    return prompt.system, prompt.numbered_system, prompt.tokens


def test_the_usual_manner_adds_nothing() -> None:
    assert prompt_for(Manner())[0] == SYSTEM
    assert Manner().key == ""


def test_a_channels_instruction_comes_below_our_own_and_is_counted() -> None:
    system, numbered, tokens = prompt_for(Manner(instruction="Name the {runbook}.\u202e"))
    for text in (system, numbered):
        assert text.startswith(SYSTEM[:100])
        assert text.rstrip().endswith("Name the {runbook}.")
        assert "stands below all of the above" in text
    assert tokens > prompt_for(Manner())[2]


def test_a_readers_language_is_asked_for() -> None:
    assert "answers in German" in prompt_for(Manner(language="German"))[0]


def test_an_answer_given_in_one_manner_is_none_in_another() -> None:
    manners = (
        Manner(),
        Manner(sources=("wiki",)),
        Manner(sources=("wiki", "drive")),
        Manner(instruction="wiki"),
        Manner(language="wiki"),
    )
    assert len({cache_key("How many?", model="m", manner=each.key) for each in manners}) == len(manners)
    assert len({flight_key("q", model="m", given=(), manner=each.key) for each in manners}) == len(manners)
    ordered = Manner(sources=("drive", "wiki"))
    assert ordered.key == manners[2].key
