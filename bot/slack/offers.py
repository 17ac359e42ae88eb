"""The offer to answer in private, which the asker alone sees: what it looks like and says back (pure)."""

from dataclasses import dataclass
from typing import Any

from bot.slack.commands import ASK_ABOUT, VALUE_CHARS
from bot.slack.mrkdwn import Block, section
from bot.slack.pressed import read_pressed
from bot.slack.view import Payload
from wire.questions import QuestionAsked, QuestionName

ANSWER_PRIVATELY = "answerdesk_privately"

_MORE = "You can read more about this than everybody here can. Shall I answer you in private?"
_UNKNOWN = "I can't tell who reads along here, but I can answer where only you read it."
_NOT_THERE = (
    "I could not write in {channel}, where you asked me something. "
    "Invite me there with `/invite` and ask again, or let me answer here."
)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """Somebody wants the private answer.

    Attributes:
        answer_url: where Slack takes what is to stand in the offer's place.
    """

    question: QuestionName
    thread_ts: str
    by: str
    team: str
    answer_url: str


def more_to_read(question: QuestionAsked) -> Payload:
    """Offers what only the asker may read."""
    return _offer(_MORE, _private_button(question))


def readers_unknown(question: QuestionAsked) -> Payload:
    """Offers an answer where nobody else can be reading."""
    return _offer(_UNKNOWN, _private_button(question))


def not_posted(question: QuestionAsked, *, words: str) -> Payload:
    """Says that we can't write there, and offers to answer here; a long question has to be asked again."""
    text = _NOT_THERE.format(channel=f"<#{question.channel}>")
    if not words or len(words) > VALUE_CHARS:
        return _offer(text)
    return _offer(text, _button("Answer here", ASK_ABOUT, words))


def read_accepted(body: dict[str, Any]) -> Accepted | None:
    """The wish for a private answer in a ``block_actions`` payload."""
    pressed = read_pressed(body, (ANSWER_PRIVATELY,))
    if pressed is None:
        return None
    return Accepted(
        question=pressed.question,
        thread_ts=pressed.thread_ts,
        by=str(body["user"]["id"]),
        team=str(body["user"].get("team_id") or ""),
        answer_url=str(body.get("response_url") or ""),
    )


def _private_button(question: QuestionAsked) -> Block:
    return _button("Answer privately", ANSWER_PRIVATELY, f"{question.id} {question.thread}")


def _offer(text: str, *buttons: Block) -> Payload:
    row = [{"type": "actions", "elements": list(buttons)}] if buttons else []
    return Payload(text=text, blocks=[section(text), *row])


def _button(label: str, action: str, value: str) -> Block:
    return {
        "type": "button",
        "text": {"type": "plain_text", "text": label},
        "action_id": action,
        "value": value,
    }
