"""The buttons of our messages: what they look like, and what pressing one says (pure)."""

from dataclasses import dataclass, replace
from typing import Any, Literal

from bot.slack.feedback import thumbs
from bot.slack.mrkdwn import Block
from bot.slack.view import Payload
from wire.questions import QuestionName

Action = Literal["answerdesk_stop", "answerdesk_again"]
STOP: Action = "answerdesk_stop"
AGAIN: Action = "answerdesk_again"


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


def with_button(shown: Payload, *, question: QuestionName, thread_ts: str) -> Payload:
    """An answer's message with what can be done about it: stop it, or ask again and rate it at its end."""
    if not shown.blocks:
        return shown
    if shown.finished:
        anew = replace(question, attempt=question.attempt + 1)
        buttons = [again_button("Ask again", question=anew, thread_ts=thread_ts)]
        if shown.about:
            buttons.append(thumbs(shown.about, question=question, thread_ts=thread_ts))
    else:
        buttons = [_button("Stop", STOP, question, thread_ts, hint="Stop writing this answer")]
    return replace(shown, blocks=[*shown.blocks, *buttons])


def again_button(label: str, *, question: QuestionName, thread_ts: str) -> Block:
    """Offers to ask a question anew; ``question`` names that attempt."""
    return _button(label, AGAIN, question, thread_ts, hint="Search and answer anew")


def read_press(body: dict[str, Any]) -> Press | None:
    """The press in a ``block_actions`` payload, if it is of a button of ours that can still be read."""
    if body.get("type") != "block_actions":
        return None
    for action in body.get("actions") or []:
        name, _, thread_ts = str(action.get("value") or "").partition(" ")
        question = QuestionName.read(name)
        pressed = next((known for known in (STOP, AGAIN) if known == action.get("action_id")), None)
        if pressed and question and thread_ts:
            return Press(action=pressed, question=question, thread_ts=thread_ts, by=str(body["user"]["id"]))
    return None


def _button(label: str, action: Action, question: QuestionName, thread_ts: str, *, hint: str) -> Block:
    button = {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action,
        "value": f"{question} {thread_ts}",
        "accessibility_label": hint,
    }
    return {"type": "actions", "elements": [button]}
