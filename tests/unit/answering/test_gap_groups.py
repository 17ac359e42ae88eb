"""What is asked in several words is one missing document."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.answering.gap_groups import grouped
from wire.gaps import KnowledgeGap

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def gap(question: str, **changes: Any) -> KnowledgeGap:
    fields: dict[str, Any] = {
        "id": question,
        "person": "T1:ADA",
        "question": question,
        "why": "not_found",
        "relevance": 0.1,
        "asked_at": NOW,
    }
    return KnowledgeGap(**(fields | changes))


def test_the_same_question_in_other_words_is_listed_once_as_it_was_asked_last() -> None:
    listed = grouped(
        [
            gap("How do I claim a taxi receipt?", person="T1:ADA"),
            gap("how can I claim taxi receipts", person="T1:BEN", asked_at=NOW + timedelta(hours=1)),
            gap("Where is the bicycle cellar?", person="T1:ADA"),
        ]
    )
    first, second = listed.gaps
    assert (first.question, first.times, first.people) == ("how can I claim taxi receipts", 2, 2)
    assert (second.question, second.times) == ("Where is the bicycle cellar?", 1)
    assert listed.questions == 3


def test_what_many_people_ask_comes_before_what_one_asks_often() -> None:
    one = [gap("Where is the bicycle cellar?", id=str(n)) for n in range(5)]
    two = [gap("Who orders plants?", person=person) for person in ("T1:BEN", "T1:CAI")]
    assert [each.question for each in grouped([*one, *two]).gaps] == [
        "Who orders plants?",
        "Where is the bicycle cellar?",
    ]


def test_nobody_is_named() -> None:
    assert "ADA" not in grouped([gap("Who orders plants?")]).to_json().decode()


def test_questions_without_a_telling_word_are_not_thrown_together_with_others() -> None:
    assert len(grouped([gap("who?"), gap("Who orders plants?")]).gaps) == 2


def test_none_are_none() -> None:
    assert grouped([]).gaps == ()
