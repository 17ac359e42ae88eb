"""A button, or a menu's entry, that names a question and a thread, as pressed (pure)."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from wire.questions import QuestionName


@dataclass(frozen=True, kw_only=True)
class Pressed:
    """Which button, and what it names."""

    action: str
    question: QuestionName
    thread_ts: str


def read_pressed(body: dict[str, Any], actions: Collection[str]) -> Pressed | None:
    """The press in a ``block_actions`` payload, if it is of one of these and can still be read."""
    for action in body.get("actions") or [] if body.get("type") == "block_actions" else []:
        value = action.get("value") or (action.get("selected_option") or {}).get("value")
        name, _, thread_ts = str(value or "").partition(" ")
        question = QuestionName.read(name)
        if action.get("action_id") in actions and question and thread_ts:
            return Pressed(action=action["action_id"], question=question, thread_ts=thread_ts)
    return None
