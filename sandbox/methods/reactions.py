"""``reactions.*``: the app's own emoji on messages."""

from typing import Any

from sandbox.conversations import Message
from sandbox.methods.arguments import Arguments
from sandbox.reactions import react, take_back
from sandbox.slack_shapes import message_json
from sandbox.workspace import Workspace

Json = dict[str, Any]


def reactions_add(workspace: Workspace, arguments: Arguments) -> Json:
    """Put an emoji on a message."""
    message = _message(workspace, arguments)
    react(workspace, message, arguments.text("name").strip(":"), user=workspace.bot.user_id)
    return {}


def reactions_remove(workspace: Workspace, arguments: Arguments) -> Json:
    """Take the app's emoji away."""
    message = _message(workspace, arguments)
    take_back(workspace, message, arguments.text("name").strip(":"), user=workspace.bot.user_id)
    return {}


def reactions_get(workspace: Workspace, arguments: Arguments) -> Json:
    """A message with its emoji."""
    message = _message(workspace, arguments)
    shown = message_json(message, workspace=workspace)
    return {"type": "message", "channel": message.channel, "message": shown}


def _message(workspace: Workspace, arguments: Arguments) -> Message:
    channel, ts = arguments.text("channel"), arguments.text("timestamp")
    return workspace.message(channel, ts, seen_by=workspace.bot.user_id)
