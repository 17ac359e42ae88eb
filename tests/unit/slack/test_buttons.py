"""What the buttons say, and what pressing them says back."""

from typing import Any

import pytest

from bot.slack.buttons import AGAIN, GO_ON, MUTE, STOP, Press, read_press, with_button
from bot.slack.view import View, payload, without_blocks
from wire.questions import QuestionName

QUESTION = QuestionName("T1", "C1", "1700000000.000100", 2)
THREAD = "1700000000.000001"


def pressed(button: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": "block_actions", "user": {"id": "U1"}, "actions": [button | changes]}


def button_of(view: View) -> dict[str, Any]:
    shown = with_button(payload(view), question=QUESTION, thread_ts=THREAD)
    return dict(shown.blocks[-1]["elements"][0])


def test_while_it_is_written_it_can_be_stopped() -> None:
    button = button_of(View(text="So far", doing="Writing…"))
    assert button["text"]["text"] == "Stop"
    assert read_press(pressed(button)) == Press(action=STOP, question=QUESTION, thread_ts=THREAD, by="U1")


def test_once_finished_it_can_be_asked_again_as_the_next_attempt() -> None:
    button = button_of(View(text="The answer."))
    press = read_press(pressed(button))
    anew = QuestionName("T1", "C1", "1700000000.000100", 3)
    assert press == Press(action=AGAIN, question=anew, thread_ts=THREAD, by="U1")


def test_in_a_channel_its_thread_can_be_muted_and_in_direct_messages_it_can_not() -> None:
    view = View(text="The answer.")
    [_, mute] = with_button(payload(view), question=QUESTION, thread_ts=THREAD).blocks[-1]["elements"]
    chosen = {"type": "overflow", "action_id": mute["action_id"], "selected_option": mute["options"][0]}
    assert read_press(pressed(chosen)) == Press(action=MUTE, question=QUESTION, thread_ts=THREAD, by="U1")
    direct = QuestionName("T1", "D1", QUESTION.ts)
    [again] = with_button(payload(view), question=direct, thread_ts=THREAD).blocks[-1]["elements"]
    assert again["action_id"] == AGAIN


def test_what_would_be_said_again_has_no_button_but_to_mute_its_thread() -> None:
    shown = payload(View(text="You're welcome.", repeatable=False))
    [mute] = with_button(shown, question=QUESTION, thread_ts=THREAD).blocks[-1]["elements"]
    assert mute["action_id"] == MUTE
    direct = QuestionName("T1", "D1", QUESTION.ts)
    assert with_button(shown, question=direct, thread_ts=THREAD).blocks == shown.blocks


def test_an_answer_that_broke_off_can_be_gone_on_with_or_asked_again() -> None:
    shown = with_button(payload(View(text="Half", so_far="Half")), question=QUESTION, thread_ts=THREAD)
    go_on, again, _mute = shown.blocks[-1]["elements"]
    anew = QuestionName("T1", "C1", "1700000000.000100", 3)
    assert read_press(pressed(go_on)) == Press(action=GO_ON, question=anew, thread_ts=THREAD, by="U1")
    assert again["action_id"] == AGAIN


def test_a_message_of_words_alone_has_no_button() -> None:
    plain = without_blocks(payload(View(text="The answer.")), note="(plain)")
    assert with_button(plain, question=QUESTION, thread_ts=THREAD).blocks == []


@pytest.mark.parametrize(
    "changes",
    [
        {"action_id": "somebody_elses"},
        {"value": ""},
        {"value": "T1:C1:1.0:x 1.0"},
        {"value": "T1:C1:1.0:0"},
        {"value": "not a name 1.0"},
    ],
)
def test_what_no_button_of_ours_says_is_no_press(changes: dict[str, Any]) -> None:
    assert read_press(pressed(button_of(View(text="x")), **changes)) is None
    assert read_press({"type": "view_submission"}) is None
