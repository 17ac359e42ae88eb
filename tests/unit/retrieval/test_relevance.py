"""What speaks for an answer, and how much."""

import itertools

import pytest

from retrieval.ranking import Ranked
from retrieval.relevance import MOST_LEAD, USUAL_LEAD, Evidence, Relevance, relevance
from retrieval.stop_words import StopWords
from tests.unit.retrieval.found import hit
from wire.settings import Settings

JUDGE = Relevance(StopWords.load())
FLOOR: float = Settings.model_fields["relevance_floor"].default


def evidence(question: str, *hits: Ranked) -> Evidence:
    return JUDGE.evidence(question, hits)


def found(text: str = "text", *, cosine: float = 0.5) -> Ranked:
    return Ranked(hit("leave", text=text, cosine=cosine), cosine)


def test_what_the_documents_are_not_about_is_below_the_floor() -> None:
    """Half of the questions that are asked of a foreign handbook are not nearer than this."""
    assert relevance(Evidence(cosine=0.2, coverage=0.35, lead=0.07)) < FLOOR / 2


def test_what_they_answer_is_far_above_it() -> None:
    """Half of a handbook's own questions are nearer than this."""
    assert relevance(Evidence(cosine=0.6, coverage=0.8, lead=0.11)) > 3 * FLOOR


def test_it_grows_with_each_of_its_evidence_and_stays_a_share() -> None:
    least = Evidence(cosine=-1.0, coverage=0.0, lead=0.0)
    most = Evidence(cosine=1.0, coverage=1.0, lead=MOST_LEAD)
    assert 0.0 <= relevance(least) < relevance(most) <= 1.0
    for cosine, coverage, lead in itertools.product((0.1, 0.5), (0.2, 0.7), (0.05, 0.2)):
        here = relevance(Evidence(cosine=cosine, coverage=coverage, lead=lead))
        assert here < relevance(Evidence(cosine=cosine + 0.1, coverage=coverage, lead=lead))
        assert here < relevance(Evidence(cosine=cosine, coverage=coverage + 0.1, lead=lead))
        assert here < relevance(Evidence(cosine=cosine, coverage=coverage, lead=lead + 0.02))


def test_coverage_counts_the_questions_own_words_and_not_its_small_ones() -> None:
    passage = found("Everybody has 28 days of leave.")
    assert evidence("What are the days of leave?", passage).coverage == 1.0
    assert evidence("What are the days of parental leave?", passage).coverage == pytest.approx(2 / 3)
    assert evidence("Who is it?", passage).coverage == 1.0


def test_a_title_and_a_heading_have_words_too() -> None:
    passage = Ranked(hit("Leave", heading=("Annual leave",), text="28 days."), 0.5)
    assert evidence("annual leave days", passage).coverage == 1.0


def test_the_lead_is_over_the_nearest_twenty() -> None:
    ahead = [found(cosine=0.6), *(found(cosine=0.4) for _ in range(30))]
    assert evidence("leave", *ahead).lead == pytest.approx(0.19)
    level = [found(cosine=0.6) for _ in range(30)]
    assert evidence("leave", *level).lead == 0.0


def test_a_lone_passage_has_the_usual_lead() -> None:
    assert evidence("leave", found()).lead == pytest.approx(USUAL_LEAD, abs=0.01)


def test_nothing_found_is_irrelevant() -> None:
    assert JUDGE.of("leave", []) == 0.0
