"""The buttons of our messages: what they look like, and what pressing one says (pure)."""

from dataclasses import dataclass, replace
from typing import Any, Literal, cast, get_args

from bot.slack.feedback import thumbs
from bot.slack.human import ASK_A_HUMAN
from bot.slack.mrkdwn import Block
from bot.slack.pressed import read_pressed
from bot.slack.view import Payload
from wire.questions import QuestionName

Action = Literal["answerdesk_stop", "answerdesk_again", "answerdesk_go_on", "answerdesk_mute"]
STOP: Action = "answerdesk_stop"
AGAIN: Action = "answerdesk_again"
GO_ON: Action = "answerdesk_go_on"
MUTE: Action = "answerdesk_mute"


@dataclass(frozen=True, kw_only=True)
class Press:
    """Somebody pressed one of our buttons.

    Attributes:
        question: what is to be stopped, or to be asked.
        thread_ts: the thread that this happens in.
    """

    action: Action
    question: QuestionName
    thread_ts: str
    by: str


def with_button(
    shown: Payload, *, question: QuestionName, thread_ts: str, asks_humans: bool = False
) -> Payload:
    """An answer's message with what can be done about it: stop it; or go on, ask again, mute us, rate it."""
    if not shown.blocks:
        return shown
    if not shown.finished:
        stop = _button("Stop", STOP, question, thread_ts, hint="Stop writing this answer")
        return replace(shown, blocks=[*shown.blocks, _row(stop)])
    anew = replace(question, attempt=question.attempt + 1)
    buttons = []
    if shown.goes_on:
        hint = "Write on where this answer broke off"
        buttons.append(_button("Go on", GO_ON, anew, thread_ts, hint=hint))
    if shown.repeatable:
        buttons.append(_button("Ask again", AGAIN, anew, thread_ts, hint="Search and answer anew"))
    if asks_humans and shown.about and not shown.goes_on:
        hint = "Ask a human: shows what would be posted, and where"
        buttons.append(_button("Ask a human", ASK_A_HUMAN, question, thread_ts, hint=hint))
    if not question.channel.startswith("D"):
        # In a menu: with four buttons a phone shows more of them than of a short answer.
        buttons.append(
            _menu("Mute thread", MUTE, question, thread_ts, hint="I answer here only if mentioned")
        )
    rating = [thumbs(shown.about, question=question, thread_ts=thread_ts)] if shown.about else []
    row = [_row(*buttons)] if buttons else []
    return replace(shown, blocks=[*shown.blocks, *row, *rating])


def again_button(label: str, *, question: QuestionName, thread_ts: str) -> Block:
    """Offers to ask a question anew; ``question`` names that attempt."""
    return _row(_button(label, AGAIN, question, thread_ts, hint="Search and answer anew"))


def read_press(body: dict[str, Any]) -> Press | None:
    """The press in a ``block_actions`` payload, if it is of a button of ours that can still be read."""
    pressed = read_pressed(body, get_args(Action))
    if pressed is None:
        return None
    return Press(
        action=cast("Action", pressed.action),
        question=pressed.question,
        thread_ts=pressed.thread_ts,
        by=str(body["user"]["id"]),
    )


def _button(label: str, action: str, question: QuestionName, thread_ts: str, *, hint: str) -> Block:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label, "emoji": True},
        "action_id": action,
        "value": f"{question} {thread_ts}",
        "accessibility_label": hint,
    }


def _menu(label: str, action: str, question: QuestionName, thread_ts: str, *, hint: str) -> Block:
    option = {
        "text": {"type": "plain_text", "text": label},
        "description": {"type": "plain_text", "text": hint},
        "value": f"{question} {thread_ts}",
    }
    return {"type": "overflow", "action_id": action, "options": [option]}


def _row(*buttons: Block) -> Block:
    return {"type": "actions", "elements": list(buttons)}
