"""What is known of a question on its way."""

import pytest

from bot.answering.following_up import Standalone
from bot.answering.question import Question
from bot.answering.run import Run


@pytest.mark.parametrize(("viewing", "told"), [("", "Who decides here?"), ("travel", None)])
def test_a_question_that_points_at_a_channel_is_not_told_from_its_words_alone(
    viewing: str, told: str | None
) -> None:
    """Or it would be given the answer to the same words beside another channel."""
    question = Question(id="q", text="Who decides here?", person="p", principals=("public",), viewing=viewing)
    asked = Standalone(query="Who decides here?", how="asked")
    assert Run(question=question, asked=asked).stands_alone == told
