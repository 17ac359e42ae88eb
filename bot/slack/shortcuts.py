"""The shortcuts "Answer this", of a message, and "Ask a question", from anywhere, and its modal (pure)."""

from dataclasses import dataclass
from typing import Any

from bot.slack.events import asked_files
from bot.slack.mrkdwn import Block, section
from wire.questions import AskedFile

ANSWER_THIS = "answer_this"
ASK_A_QUESTION = "ask_a_question"
QUESTION_CHARS = 3_000
"""docs.slack.dev, plain-text input element: the longest text."""


@dataclass(frozen=True, kw_only=True)
class PickedMessage:
    """Somebody wants a message answered.

    Attributes:
        text: as Slack sends it, mentions still as ids.
        author: who wrote it; for an app's message its bot's id.
        by: who wants it, and of which team they are.
        answer_url: where Slack takes what they are told.
    """

    channel: str
    ts: str
    thread_ts: str | None
    text: str
    files: tuple[AskedFile, ...]
    author: str
    by: str
    team: str
    answer_url: str


@dataclass(frozen=True, kw_only=True)
class TypedQuestion:
    """A question that was typed into the modal; ``modal`` names that one."""

    text: str
    by: str
    team: str
    modal: str


def read_picked(body: dict[str, Any]) -> PickedMessage | None:
    """The message that "Answer this" was picked of."""
    if body.get("type") != "message_action" or body.get("callback_id") != ANSWER_THIS:
        return None
    message, user = body["message"], body["user"]
    return PickedMessage(
        channel=str(body["channel"]["id"]),
        ts=str(body.get("message_ts") or message["ts"]),
        thread_ts=message.get("thread_ts"),
        text=str(message.get("text") or ""),
        files=asked_files(message),
        author=str(message.get("bot_id") or message.get("user") or ""),
        by=str(user["id"]),
        team=str(user.get("team_id") or ""),
        answer_url=str(body.get("response_url") or ""),
    )


def read_wish_to_ask(body: dict[str, Any]) -> str | None:
    """The trigger that opens the modal, if "Ask a question" was picked."""
    if body.get("type") != "shortcut" or body.get("callback_id") != ASK_A_QUESTION:
        return None
    return str(body["trigger_id"])


def read_typed(body: dict[str, Any]) -> TypedQuestion | None:
    """What was typed into the modal, if this is the payload of its being sent."""
    view, user = body.get("view") or {}, body.get("user") or {}
    if body.get("type") != "view_submission" or view.get("callback_id") != ASK_A_QUESTION:
        return None
    fields = (view.get("state") or {}).get("values") or {}
    return TypedQuestion(
        text=str(((fields.get("question") or {}).get("question") or {}).get("value") or "").strip(),
        by=str(user["id"]),
        team=str(user.get("team_id") or ""),
        modal=str(view["id"]),
    )


def ask_modal() -> dict[str, Any]:
    """Where a question is typed."""
    question = {
        "type": "input",
        "block_id": "question",
        "label": _plain("What would you like to know?"),
        "hint": _plain("The answer comes in our direct message, where only you can read it."),
        "element": {
            "type": "plain_text_input",
            "action_id": "question",
            "multiline": True,
            "max_length": QUESTION_CHARS,
            "focus_on_load": True,
            "placeholder": _plain("How many days of leave do I get?"),
        },
    }
    return _modal([question], submit="Ask", close="Cancel")


def told_modal(mrkdwn: str) -> dict[str, Any]:
    """What became of it, in the same modal."""
    return _modal([section(mrkdwn)], close="Done")


def _modal(blocks: list[Block], *, close: str, submit: str | None = None) -> dict[str, Any]:
    modal = {
        "type": "modal",
        "callback_id": ASK_A_QUESTION,
        "title": _plain("Ask a question"),
        "close": _plain(close),
        "blocks": blocks,
    }
    return modal | ({"submit": _plain(submit)} if submit else {})


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
