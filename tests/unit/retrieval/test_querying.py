"""What is found for a question and for its parts makes one list."""

import pytest

from retrieval.querying import MOST_RAISED, OF_A_PART, merged
from tests.unit.retrieval.found import found


def test_a_part_that_scores_less_has_its_best_near_the_top_and_keeps_its_order() -> None:
    whole = [found("leave", number, score=score) for number, score in enumerate((0.8, 0.75, 0.74, 0.73))]
    part = [found("travel", 0, score=0.7), found("travel", 1, score=0.35)]
    both = merged(whole, [whole, part])
    assert [one.hit.passage.id for one in both[:2]] == ["leave-0", "travel-0"]
    assert both[1].score == pytest.approx(OF_A_PART * 0.8)
    assert both[-1].score == pytest.approx(OF_A_PART * 0.8 / 2)


def test_what_is_far_from_answering_a_part_is_raised_so_far_and_no_further() -> None:
    both = merged([found("leave", score=0.8)], [[found("weather", score=0.3)], []])
    assert both[1].score == pytest.approx(OF_A_PART * MOST_RAISED * 0.3)


def test_a_part_that_scores_more_than_the_whole_is_what_the_others_are_raised_to() -> None:
    weak = found("a", score=0.7)
    both = merged([found("leave", score=0.4)], [[found("travel", score=0.8)], [weak]])
    assert [one.hit.passage.document for one in both] == ["travel", "a", "leave"]
    assert both[0].score == both[1].score == pytest.approx(OF_A_PART * 0.8)


def test_where_nothing_answers_there_is_nothing_to_raise() -> None:
    assert merged([], [[], []]) == []
    assert [one.score for one in merged([found("leave", score=0.0)], [[found("a", score=0.0)]])] == [0.0]
    assert [one.score for one in merged([], [[found("a", score=0.4)]])] == [pytest.approx(OF_A_PART * 0.4)]
