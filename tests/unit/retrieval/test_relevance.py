"""The figures of `retrieval.relevance`, kept true to its docstring."""

import pytest

from retrieval.relevance import relevance
from wire.settings import Settings


def test_the_default_floor_is_a_cosine_of_one_third() -> None:
    floor: float = Settings.model_fields["relevance_floor"].default
    assert relevance(cosine=0.33) == pytest.approx(floor, abs=0.01)


def test_what_the_documents_are_not_about_is_far_below_the_floor() -> None:
    """The nearest of azure-ragchat's questions on other subjects has a cosine of 0.16."""
    assert relevance(cosine=0.16) < 0.15


def test_it_grows_with_the_cosine_and_stays_a_share() -> None:
    values = [relevance(cosine=tenths / 10) for tenths in range(-10, 11)]
    assert values == sorted(values)
    assert 0.0 <= values[0] < values[-1] <= 1.0
