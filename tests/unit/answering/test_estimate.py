"""A count of tokens that learns how the model counts, and never believes what can't be."""

import pytest

from bot.answering.estimate import LEAST, MOST, Estimate


def test_it_comes_near_to_what_the_model_counts() -> None:
    estimate = Estimate(len)
    text = "x" * 1000
    for _ in range(30):
        estimate.learn(estimated=estimate.count(text), reported=1300)
    assert estimate.count(text) == pytest.approx(1300, rel=0.01)


def test_one_answer_changes_it_a_little() -> None:
    estimate = Estimate(len)
    estimate.learn(estimated=1000, reported=2000)
    assert 1.0 < estimate.ratio < 1.5


@pytest.mark.parametrize(("reported", "bound"), [(10**9, MOST), (1, LEAST)])
def test_it_is_bounded(reported: int, bound: float) -> None:
    estimate = Estimate(len)
    for _ in range(100):
        estimate.learn(estimated=1000, reported=reported)
    assert estimate.ratio == bound


def test_nothing_is_learnt_from_nothing() -> None:
    estimate = Estimate(len)
    estimate.learn(estimated=1000, reported=0)
    estimate.learn(estimated=10, reported=100)
    assert estimate.ratio == 1.0
