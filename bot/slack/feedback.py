"""The thumbs under an answer, and the modal that asks what was wrong: what they look like and say (pure)."""

from dataclasses import dataclass
from typing import Any, get_args

from bot.slack.mrkdwn import Block, small_print
from bot.slack.rated import Rated
from wire.feedback import REASON_CHARS, Wrong
from wire.questions import QuestionName

RATE = "answerdesk_rate"
WHY = "answerdesk_why"
_UP, _DOWN = "up", "down"
_WRONG_LABELS: dict[Wrong, str] = {
    "incorrect": "It is incorrect",
    "outdated": "It is out of date",
    "incomplete": "Something is missing",
    "off_topic": "It is not what I asked",
}


@dataclass(frozen=True, kw_only=True)
class Thumb:
    """What somebody says of an answer.

    Attributes:
        thread_ts: the thread that the answer stands in.
        by: who says it, and of which team they are.
        trigger: opens a modal before them, within 3 s; empty where it came from one.
    """

    question: QuestionName
    thread_ts: str
    rated: Rated
    helpful: bool
    by: str
    team: str
    trigger: str = ""
    wrong: Wrong | None = None
    reason: str | None = None


def thumbs(about: str, *, question: QuestionName, thread_ts: str) -> Block:
    """The thumbs; ``about`` is the text of a `Rated`."""
    said = f"{question} {thread_ts} {about}"
    return {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": RATE,
                "positive_button": {
                    "text": _plain("Helpful"),
                    "value": f"{_UP} {said}",
                    "accessibility_label": "This answer is helpful",
                },
                "negative_button": {
                    "text": _plain("Not helpful"),
                    "value": f"{_DOWN} {said}",
                    "accessibility_label": "This answer is not helpful",
                },
            }
        ],
    }


def read_thumb(body: dict[str, Any]) -> Thumb | None:
    """The thumb in a ``block_actions`` payload, if it is one that can still be read."""
    for action in body.get("actions") or [] if body.get("type") == "block_actions" else []:
        if action.get("action_id") == RATE:
            return _thumb(str(action.get("value") or ""), body, trigger=str(body.get("trigger_id") or ""))
    return None


def why_modal(thumb: Thumb) -> dict[str, Any]:
    """Asks what was wrong; nothing of it must be said."""
    kept = f"{_DOWN} {thumb.question} {thumb.thread_ts} {thumb.rated}"
    options = [{"text": _plain(label), "value": value} for value, label in _WRONG_LABELS.items()]
    return {
        "type": "modal",
        "callback_id": WHY,
        "private_metadata": kept,
        "title": _plain("What was wrong?"),
        "submit": _plain("Send"),
        "close": _plain("Skip"),
        "blocks": [
            {
                "type": "input",
                "block_id": "wrong",
                "optional": True,
                "label": _plain("What fits best"),
                "element": {"type": "radio_buttons", "action_id": "wrong", "options": options},
            },
            {
                "type": "input",
                "block_id": "reason",
                "optional": True,
                "label": _plain("In your own words"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "reason",
                    "multiline": True,
                    "max_length": REASON_CHARS,
                    "placeholder": _plain("What would have been right, and where is it written?"),
                },
            },
            small_print("Your thumb is noted already. Those who look after the documents read this."),
        ],
    }


def read_why(body: dict[str, Any]) -> Thumb | None:
    """What was said in that modal, if this is the payload of its being sent."""
    view = body.get("view") or {}
    if body.get("type") != "view_submission" or view.get("callback_id") != WHY:
        return None
    fields = (view.get("state") or {}).get("values") or {}
    picked = ((fields.get("wrong") or {}).get("wrong") or {}).get("selected_option") or {}
    reason = str(((fields.get("reason") or {}).get("reason") or {}).get("value") or "").strip()
    wrong = next((known for known in get_args(Wrong) if known == picked.get("value")), None)
    return _thumb(
        str(view.get("private_metadata") or ""), body, wrong=wrong, reason=reason[:REASON_CHARS] or None
    )


def _thumb(said: str, body: dict[str, Any], **more: Any) -> Thumb | None:
    way, _, rest = said.partition(" ")
    name, _, rest = rest.partition(" ")
    thread_ts, _, about = rest.partition(" ")
    question, rated, user = QuestionName.read(name), Rated.read(about), body.get("user") or {}
    if question is None or rated is None or not thread_ts:
        return None
    return Thumb(
        question=question,
        thread_ts=thread_ts,
        rated=rated,
        helpful=way == _UP,
        by=str(user["id"]),
        team=str(user.get("team_id") or ""),
        **more,
    )


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
