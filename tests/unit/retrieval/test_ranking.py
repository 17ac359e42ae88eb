"""Which of the hits a reader gets, and in which order."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from retrieval.index import Hit
from retrieval.ranking import AGE_COSTS, MUCH, Ranked, Ranking, chosen, ranked
from tests.unit.retrieval.found import found, hit

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def documents(ranking: Sequence[Ranked]) -> str:
    return "".join(one.hit.passage.document for one in ranking)


def order(hits: list[Hit], ranking: Ranking | None = None) -> str:
    return documents(ranked(hits, ranking or Ranking(), now=NOW))


def test_one_document_does_not_fill_the_list_while_others_have_something() -> None:
    hits = [
        *(found("a", n, score=0.9 - n / 100) for n in range(6)),
        found("b", score=0.5),
        found("c", score=0.4),
    ]
    assert documents(chosen(hits, limit=5, per_document=3)) == "aaabc"


def test_one_document_alone_does_fill_the_list() -> None:
    hits = [found("a", n, score=0.9 - n / 100) for n in range(6)]
    assert documents(chosen(hits, limit=5, per_document=3)) == "aaaaa"


def test_the_best_comes_first() -> None:
    hits = [*(found("a", n, score=0.9 - n / 100) for n in range(5)), found("b", score=0.5)]
    scores = [one.score for one in chosen(hits, limit=6, per_document=3)]
    assert scores == sorted(scores, reverse=True)


def test_a_copy_does_not_take_a_place_from_another_text() -> None:
    text = "Whoever leaves gives the laptop back on the last day, with its charger, at the front desk."
    hits = [found("a", score=0.9, text=text), found("b", score=0.8, text=text.upper()), found("c", score=0.1)]
    assert documents(chosen(hits, limit=3, per_document=3)) == "ac"


def test_meaning_and_words_count_together() -> None:
    both = hit("a", cosine=0.6, words=15.0)
    near = hit("b", cosine=0.7)
    wordy = hit("c", cosine=0.1, words=20.0)
    assert order([wordy, near, both]) == "acb"


def test_a_word_in_passing_does_not_beat_the_meaning() -> None:
    """The best BM25 score is not much by being the best."""
    assert order([hit("a", cosine=0.1, words=MUCH / 4), hit("b", cosine=0.4)]) == "ba"
    assert order([hit("a", cosine=0.1, words=MUCH), hit("b", cosine=0.4)]) == "ab"


def test_words_that_stand_together_as_in_the_question_count() -> None:
    apart = hit("a", cosine=0.5, words=12.0, text="Leave your parental role at the door.")
    together = hit("b", cosine=0.5, words=12.0, text="Parental leave is sixteen weeks.")
    first = ranked([apart, together], Ranking(), now=NOW, pairs=[("paren", "leave")])
    assert documents(first) == "ba"


def test_a_pair_of_words_weighs_less_than_the_words_themselves() -> None:
    wordy = hit("a", cosine=0.5, words=20.0, text="Leave your parental role at the door.")
    together = hit("b", cosine=0.5, words=12.0, text="Parental leave is sixteen weeks.")
    first = ranked([wordy, together], Ranking(), now=NOW, pairs=[("paren", "leave")])
    assert documents(first) == "ab"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_by_one_part_alone_no_pair_counts(share: float) -> None:
    hits = [hit("a", cosine=0.5, words=20.0), hit("b", cosine=0.4, words=10.0, text="Parental leave")]
    ranking = Ranking(meaning_share=share)
    assert ranked(hits, ranking, now=NOW, pairs=[("paren", "leave")]) == ranked(hits, ranking, now=NOW)


def test_equals_stay_as_the_index_had_them() -> None:
    assert order([hit("b"), hit("a"), hit("c")]) == "bac"


@pytest.mark.parametrize(("share", "first"), [(1.0, "a"), (0.0, "b")])
def test_one_part_alone_can_be_asked_for(share: float, first: str) -> None:
    hits = [hit("a", cosine=0.9, words=1.0), hit("b", cosine=0.1, words=20.0)]
    assert order(hits, Ranking(meaning_share=share))[0] == first


def test_a_sources_weight_counts() -> None:
    hits = [hit("a", cosine=0.5, source="chat"), hit("b", cosine=0.45, source="wiki")]
    assert order(hits) == "ab"
    assert order(hits, Ranking(source_weights={"chat": 0.8})) == "ba"


def test_of_two_alike_the_newer_comes_first_where_age_counts() -> None:
    old = hit("a", cosine=0.50, updated_at=NOW - timedelta(days=3 * 365))
    new = hit("b", cosine=0.48, updated_at=NOW - timedelta(days=30))
    assert order([old, new]) == "ab"
    assert order([old, new], Ranking(half_life_days=365)) == "ba"


def test_age_costs_no_more_than_its_share_and_no_date_costs_nothing() -> None:
    ancient = hit("a", cosine=0.8, updated_at=NOW - timedelta(days=36_500))
    undated = hit("b", cosine=0.8)
    scores = {
        one.hit.passage.document: one.score
        for one in ranked([ancient, undated], Ranking(half_life_days=365), now=NOW)
    }
    assert scores["a"] == pytest.approx(0.8 * (1 - AGE_COSTS))
    assert scores["b"] == pytest.approx(0.8)


def test_a_date_in_the_future_is_no_advantage() -> None:
    tomorrow = hit("a", cosine=0.5, updated_at=NOW + timedelta(days=1))
    assert ranked([tomorrow], Ranking(half_life_days=1), now=NOW)[0].score == pytest.approx(0.5)
