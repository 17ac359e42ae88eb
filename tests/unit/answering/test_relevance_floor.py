"""What is relevant enough to answer is relevant enough to offer, and the other way round."""

from typing import Any

import pytest
from pydantic import SecretStr

from bot.answering.extractive_model import LEAST_RELEVANCE
from bot.models import relevance_floor
from wire.settings import Settings

NO_MODEL: dict[str, Any] = {"relevance_floor": 0.2, "anthropic_api_key": None, "anthropic_base_url": None}
"""Whatever the environment says."""


@pytest.mark.parametrize(
    ("changes", "floor"),
    [
        ({}, LEAST_RELEVANCE),
        ({"relevance_floor": 0.9}, 0.9),
        ({"anthropic_api_key": SecretStr("sk-ant-test")}, 0.2),
        ({"anthropic_base_url": "http://127.0.0.1:1"}, 0.2),
    ],
    ids=["no model", "no model, and a high one is wanted", "a model", "a model of another server's"],
)
def test_without_a_model_the_floor_is_that_of_quoting(changes: dict[str, Any], floor: float) -> None:
    """Else an asker is offered a private answer that then finds nothing."""
    assert relevance_floor(Settings(**(NO_MODEL | changes))) == floor
