"""What somebody looks at in Slack while they ask us in the pane beside it (pure).

Slack says so with each direct message to an app that subscribes to ``app_context_changed``. What a person
sees changes often, and only with a question it matters: the event itself is nothing to us.
"""

import re
from typing import Any

CONTEXT_CHANGED = "app_context_changed"
_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)
_HERE = re.compile(
    r"\b(?:here(?!\s+in\b)|hier|ici|aquí|(?:this|diese[mnrs]?|ce|este) (?:channel|kanal|canal))\b",
    re.IGNORECASE,
)
"""Not "here in Berlin", which says itself where."""


def read_viewing(event: dict[str, Any], *, team: str) -> str | None:
    """The channel of our workspace that whoever wrote this message looks at, if Slack says so."""
    context = event.get("app_context")
    entities = context.get("entities") if isinstance(context, dict) else None
    for entity in entities if isinstance(entities, list) else ():
        if isinstance(entity, dict) and entity.get("team_id") in (None, team):
            channel = _channel(entity)
            if channel is not None:
                return channel
    return None


def points_here(text: str) -> bool:
    """Whether a question means the place where it is asked."""
    return _HERE.search(text) is not None


def _channel(entity: dict[str, Any]) -> str | None:
    value = entity.get("value")
    if entity.get("type") == "slack#/types/message_context" and isinstance(value, dict):
        value = value.get("channel_id")
    elif entity.get("type") != "slack#/types/channel_id":
        return None
    return value if isinstance(value, str) and _CHANNEL.fullmatch(value) else None
