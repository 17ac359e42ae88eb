"""What is relevant enough to answer is relevant enough to offer, and the other way round."""

import pytest
from pydantic import SecretStr

from bot.answering.extractive_model import LEAST_RELEVANCE
from bot.models import relevance_floor
from wire.settings import Settings


@pytest.mark.parametrize(
    ("settings", "floor"),
    [
        (Settings(relevance_floor=0.2), LEAST_RELEVANCE),
        (Settings(relevance_floor=0.9), 0.9),
        (Settings(relevance_floor=0.2, anthropic_api_key=SecretStr("sk-ant-test")), 0.2),
        (Settings(relevance_floor=0.2, anthropic_base_url="http://127.0.0.1:1"), 0.2),
    ],
    ids=["no model", "no model, and a high one is wanted", "a model", "a model of another server's"],
)
def test_without_a_model_the_floor_is_that_of_quoting(settings: Settings, floor: float) -> None:
    """Else an asker is offered a private answer that then finds nothing."""
    assert relevance_floor(settings) == floor
