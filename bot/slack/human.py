"""Asking a person instead of the documents: the modal that shows what will be posted, and the post (pure)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.slack.mrkdwn import escaped, section, short, small_print
from bot.slack.pressed import read_pressed
from bot.slack.view import Payload
from wire.questions import QuestionName

ASK_A_HUMAN = "answerdesk_human"
TEXT_CHARS = 2_000
_SECTION_CHARS = 3_000
_ESCAPED_CHARS = 590
"""Which fit into a section even if each of them has to be escaped."""
_GROUP = re.compile(r"S[A-Z0-9]+", re.ASCII)
_WHOM_CHARS = 75
"""docs.slack.dev, option object: the longest text."""


@dataclass(frozen=True, kw_only=True)
class HumanWanted:
    """Somebody wants to ask a person.

    Attributes:
        trigger: opens a modal before them, within 3 s.
    """

    question: QuestionName
    thread_ts: str
    by: str
    team: str
    trigger: str


@dataclass(frozen=True, kw_only=True)
class Whom:
    """Who can be asked: a channel, a person, or a user group, which is mentioned in the channel.

    Attributes:
        id: the channel's, the person's or the group's.
        name: as it is shown, such as ``#ask-hr``.
    """

    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class HumanAsked:
    """What was agreed to in the modal: whom to ask, and in which words; ``modal`` names that one."""

    question: QuestionName
    thread_ts: str
    whom: str
    text: str
    by: str
    team: str
    modal: str


def read_human_wanted(body: dict[str, Any]) -> HumanWanted | None:
    """The wish to ask a person in a ``block_actions`` payload."""
    pressed = read_pressed(body, (ASK_A_HUMAN,))
    if pressed is None:
        return None
    return HumanWanted(
        question=pressed.question,
        thread_ts=pressed.thread_ts,
        by=str(body["user"]["id"]),
        team=str(body["user"].get("team_id") or ""),
        trigger=str(body.get("trigger_id") or ""),
    )


def human_modal(wanted: HumanWanted, whom: Sequence[Whom], *, words: str) -> dict[str, Any]:
    """Shows exactly what will be posted, and where: nothing is, before it is sent."""
    options = [{"text": _plain(short(each.name, _WHOM_CHARS)), "value": each.id} for each in whom]
    return {
        "type": "modal",
        "callback_id": ASK_A_HUMAN,
        "private_metadata": f"{wanted.question} {wanted.thread_ts}",
        "title": _plain("Ask a human"),
        "submit": _plain("Post it"),
        "close": _plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "whom",
                "label": _plain("Whom to ask"),
                "element": {
                    "type": "radio_buttons",
                    "action_id": "whom",
                    "options": options,
                    "initial_option": options[0],
                },
            },
            {
                "type": "input",
                "block_id": "text",
                "label": _plain("Exactly this is posted there, in your name"),
                "element": {
                    "type": "plain_text_input",
                    "action_id": "text",
                    "multiline": True,
                    "max_length": TEXT_CHARS,
                    "initial_value": words[:TEXT_CHARS],
                },
            },
            small_print("With it goes a link to this thread, for those who may read it anyway."),
        ],
    }


def read_human_asked(body: dict[str, Any]) -> HumanAsked | None:
    """What was agreed to, if this is the payload of that modal's being sent."""
    view, user = body.get("view") or {}, body.get("user") or {}
    if body.get("type") != "view_submission" or view.get("callback_id") != ASK_A_HUMAN:
        return None
    name, _, thread_ts = str(view.get("private_metadata") or "").partition(" ")
    fields = (view.get("state") or {}).get("values") or {}
    picked = ((fields.get("whom") or {}).get("whom") or {}).get("selected_option") or {}
    question = QuestionName.read(name)
    if question is None or not thread_ts or not picked.get("value"):
        return None
    return HumanAsked(
        question=question,
        thread_ts=thread_ts,
        whom=str(picked["value"]),
        text=str(((fields.get("text") or {}).get("text") or {}).get("value") or "").strip(),
        by=str(user["id"]),
        team=str(user.get("team_id") or ""),
        modal=str(view["id"]),
    )


def human_post(asked: HumanAsked, *, link: str | None) -> Payload:
    """The question, in its asker's name; what they typed are words, whatever they typed."""
    where = f" · <{link}|my answer>" if link else ""
    pieces = [asked.text]
    if len(escaped(asked.text)) > _SECTION_CHARS:
        pieces = [asked.text[at : at + _ESCAPED_CHARS] for at in range(0, len(asked.text), _ESCAPED_CHARS)]
    group = _GROUP.fullmatch(asked.whom)
    mention = [f"<!subteam^{asked.whom}>"] if group else []
    blocks = [
        small_print(f"<@{asked.by}> asks{where}"),
        # In a paragraph of its own: whom a line beside the text mentions is not told for certain.
        *(section(each) for each in mention),
        *(section(escaped(piece)) for piece in pieces),
    ]
    return Payload(text=" ".join([*mention, escaped(asked.text[:_ESCAPED_CHARS])]), blocks=blocks)


def refused_in_modal(sentence: str) -> dict[str, Any]:
    """Says under the words why they can't be posted; the modal stays."""
    return {"response_action": "errors", "errors": {"text": sentence}}


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}
