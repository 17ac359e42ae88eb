"""What a model is given stays within its budget, and the best and the newest are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answering.prompt import Prompt, build_prompt, result_blocks, result_text, result_title
from bot.answering.question import Question, Turn
from tests.retrieval_stand_in import passage
from wire.errors import RefusedError


def words(text: str) -> int:
    return len(text.split())


SYSTEM_TOKENS = words(Prompt(question="", passages=(), turns=(), answer_tokens=1, tokens=0).system)
LEAVE = [passage(f"Rule {n} " + "of leave " * 50, ordinal=n) for n in range(8)]


def turns(number: int) -> tuple[Turn, ...]:
    return tuple(Turn(role="user", author="Ada", text=f"turn {n} " + "word " * 20) for n in range(number))


def built(*, prompt_tokens: int, conversation: tuple[Turn, ...] = (), text: str = "How long?") -> Prompt:
    question = Question(id="q", text=text, person="p", principals=("public",), conversation=conversation)
    return build_prompt(question, LEAVE, prompt_tokens=prompt_tokens, answer_tokens=100, count=words)


def test_everything_is_taken_where_it_fits() -> None:
    prompt = built(prompt_tokens=10_000, conversation=turns(3))
    assert prompt.passages == tuple(LEAVE)
    assert prompt.turns == turns(3)
    assert (prompt.passages_left_out, prompt.turns_left_out) == (0, 0)


def test_the_last_passages_and_the_oldest_turns_are_left_out_and_counted() -> None:
    prompt = built(prompt_tokens=SYSTEM_TOKENS + 500, conversation=turns(9))
    assert prompt.passages == tuple(LEAVE[: len(prompt.passages)])
    assert 0 < len(prompt.passages) < 8
    assert prompt.passages_left_out == 8 - len(prompt.passages)
    assert prompt.turns == turns(9)[-len(prompt.turns) :]
    assert 0 < len(prompt.turns) < 9
    assert prompt.turns_left_out == 9 - len(prompt.turns)


@given(st.integers(SYSTEM_TOKENS, SYSTEM_TOKENS + 1500), st.integers(0, 12))
def test_a_prompt_never_exceeds_its_budget(prompt_tokens: int, number: int) -> None:
    try:
        prompt = built(prompt_tokens=prompt_tokens, conversation=turns(number))
    except RefusedError as error:
        assert error.code == "question_too_long"  # noqa: PT017 — a small budget may end either way
        return
    given_tokens = (
        words(prompt.system)
        + words(prompt.question)
        + sum(words(result_text(passage)) for passage in prompt.passages)
        + sum(words(f"{turn.author}: {turn.text}") for turn in prompt.turns)
    )
    assert given_tokens <= prompt.tokens <= prompt_tokens


def test_a_question_that_leaves_no_room_for_a_passage_is_refused() -> None:
    with pytest.raises(RefusedError) as caught:
        built(prompt_tokens=SYSTEM_TOKENS + 200, text="why " * 150)
    assert caught.value.code == "question_too_long"


def test_a_passage_tells_where_it_stands_and_from_when_it_is() -> None:
    found = passage("Fourteen months.", heading=("Leave policy", "Parental leave"))
    assert result_title(found) == "Leave policy > Parental leave (updated 2026-11-01)"


def test_the_blocks_that_citations_name_join_up_to_the_passage() -> None:
    found = passage("One. Two.\n\n- three\n- four\n")
    assert result_blocks(found) == ("One. ", "Two.\n\n", "- three\n", "- four\n")


def test_what_says_that_it_was_replaced_comes_last_and_says_so() -> None:
    old = passage("This policy was replaced in 2026. Hotels: EUR 110.", document="old", title="Travel 2023")
    new = passage("Hotels: EUR 150.", document="new", title="Travel 2026")
    asked = Question(id="q", text="Hotels?", person="p", principals=("public",))
    prompt = build_prompt(asked, (old, new), prompt_tokens=4000, answer_tokens=100, count=words)
    assert [found.document for found in prompt.passages] == ["new", "old"]
    assert result_title(prompt.passages[0], outdated=prompt.outdated) == "Travel 2026 (updated 2026-11-01)"
    assert result_title(prompt.passages[1], outdated=prompt.outdated) == (
        "Travel 2023 (updated 2026-11-01; says that it was replaced or is out of date)"
    )
