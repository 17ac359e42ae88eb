"""Thumbs and what they say back, and what they make of each source."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.answering.unanswered import NO_MODEL
from bot.slack.buttons import with_button
from bot.slack.feedback import RATE, WHY, Thumb, read_thumb, read_why, why_modal
from bot.slack.feedback_summary import by_source
from bot.slack.rated import Rated, rated
from bot.slack.view import View, after, payload
from wire.answers import Done, Failed, Source, Usage
from wire.feedback import NO_SOURCE, Feedback, RatedDocument, SourceFeedback
from wire.questions import QuestionName

QUESTION = QuestionName("T1", "C1", "1700000000.000100", 2)
THREAD = "1700000000.000001"
LEAVE = RatedDocument(source="handbook", document="leave policy «1»")
SOURCE = Source(index=1, source="handbook", document=LEAVE.document, version=3, title="Leave")
DONE = Done(text="30 days [1].", sources=(SOURCE,), usage=Usage(), cached=False, model="m", timings_ms={})


def buttons(view: View) -> dict[str, Any] | None:
    shown = with_button(payload(view), question=QUESTION, thread_ts=THREAD)
    found = [block["elements"][0] for block in shown.blocks if block["type"] == "context_actions"]
    return dict(found[0]) if found else None


def pressed(value: str, **changes: Any) -> dict[str, Any]:
    user = {"id": "U1", "team_id": "T1"}
    action = {"action_id": RATE, "type": "feedback_buttons", "value": value}
    return {"type": "block_actions", "trigger_id": "1.2", "user": user, "actions": [action | changes]}


def sent(view: dict[str, Any], *, wrong: str | None, reason: str | None) -> dict[str, Any]:
    option = {"value": wrong} if wrong else None
    values = {"wrong": {"wrong": {"selected_option": option}}, "reason": {"reason": {"value": reason}}}
    user = {"id": "U1", "team_id": "T1"}
    return {"type": "view_submission", "user": user, "view": view | {"state": {"values": values}}}


def test_an_answer_can_be_rated_and_the_thumb_says_of_what() -> None:
    found = buttons(after(View(), DONE))
    assert found is not None
    up, down = found["positive_button"]["value"], found["negative_button"]["value"]
    said = Thumb(
        question=QUESTION,
        thread_ts=THREAD,
        rated=Rated(outcome="answered", documents=(LEAVE,)),
        helpful=True,
        by="U1",
        team="T1",
        trigger="1.2",
    )
    assert read_thumb(pressed(up)) == said
    thumb = read_thumb(pressed(down))
    assert thumb is not None
    assert not thumb.helpful


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"sources": (), "model": NO_MODEL}, "not_found"),
        ({"sources": ()}, "uncited"),
        ({"complete": False}, "incomplete"),
    ],
)
def test_how_a_question_ended_is_told_apart(changes: dict[str, Any], outcome: str) -> None:
    assert rated(DONE.model_copy(update=changes)).outcome == outcome


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(View(text="So far", doing="Writing…"), id="while it is written"),
        pytest.param(after(View(), Failed(code="internal", message="Sorry.")), id="a failure"),
        pytest.param(View(text="Stopped."), id="a sentence of ours"),
    ],
)
def test_what_is_no_answer_has_no_thumbs(view: View) -> None:
    assert buttons(view) is None


def test_many_long_documents_fit_a_buttons_value() -> None:
    many = tuple(SOURCE.model_copy(update={"document": "d" * 400, "index": n}) for n in range(1, 12))
    found = buttons(after(View(), DONE.model_copy(update={"sources": many})))
    assert found is not None
    assert len(found["negative_button"]["value"]) <= 2_000
    thumb = read_thumb(pressed(found["negative_button"]["value"]))
    assert thumb is not None
    assert len(thumb.rated.documents) == 3


def test_the_reason_comes_back_with_what_it_is_about() -> None:
    found = buttons(after(View(), DONE))
    assert found is not None
    thumb = read_thumb(pressed(found["negative_button"]["value"]))
    assert thumb is not None
    modal = why_modal(thumb)
    why = read_why(sent(modal, wrong="outdated", reason="  It is 31 since May.  "))
    assert why is not None
    assert (why.question, why.rated, why.helpful) == (QUESTION, thumb.rated, False)
    assert (why.wrong, why.reason) == ("outdated", "It is 31 since May.")
    nothing = read_why(sent(modal, wrong=None, reason=None))
    assert nothing is not None
    assert (nothing.wrong, nothing.reason) == (None, None)


@pytest.mark.parametrize(
    "body",
    [
        pressed("up nonsense"),
        pressed("up T1:C1:1.0:0 1.0 not json"),
        pressed('up T1:C1:1.0:0 1.0 ["made_up"]'),
        pressed('up T1:C1:1.0:0  ["answered"]'),
        pressed('up T1:C1:1.0:0 1.0 ["answered"]', action_id="somebody_elses"),
        {"type": "view_submission", "view": {"callback_id": "other"}},
        {"type": "view_submission", "user": {"id": "U1"}, "view": {"callback_id": WHY}},
    ],
)
def test_what_is_no_rating_of_ours_is_left_alone(body: dict[str, Any]) -> None:
    assert read_thumb(body) is None
    assert read_why(body) is None


def said(person: str, *sources: str, helpful: bool) -> Feedback:
    return Feedback(
        question="T1:C1:1.0:0",
        person=person,
        helpful=helpful,
        outcome="answered",
        documents=tuple(RatedDocument(source=source, document="d") for source in sources),
        given_at=datetime.now(UTC),
    )


def test_sources_come_worst_first_and_an_answers_sources_each_count_once() -> None:
    summary = by_source(
        [
            said("T1:U1", "wiki", "wiki", "handbook", helpful=False),
            said("T1:U2", "handbook", helpful=True),
            said("T1:U3", helpful=True),
        ]
    )
    assert summary == [
        SourceFeedback(source="wiki", helpful=0, unhelpful=1),
        SourceFeedback(source="handbook", helpful=1, unhelpful=1),
        SourceFeedback(source=NO_SOURCE, helpful=1, unhelpful=0),
    ]
