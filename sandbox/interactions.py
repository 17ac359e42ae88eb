"""What the app is told when a person presses, commands, submits, picks a shortcut: Slack's payloads. Pure."""

from dataclasses import dataclass
from typing import Any

from sandbox.company import Command, Shortcut
from sandbox.conversations import Conversation, Message
from sandbox.errors import SlackError
from sandbox.inputs import chosen, elements_of
from sandbox.slack_shapes import message_json
from sandbox.workspace import Workspace

Json = dict[str, Any]

_NAMES = {"channel": None, "group": "privategroup", "mpim": None, "im": "directmessage"}


@dataclass(frozen=True, kw_only=True)
class Press:
    """Which element was used, and what was chosen in it."""

    action_id: str
    block_id: str | None = None
    """Where several blocks share an ``action_id``."""
    value: Any = None
    """Which one of a feedback pair; an option's value, or a list of them; a text."""


def block_actions(
    message: Message, press: Press, *, user: str, workspace: Workspace, response_url: str = ""
) -> Json:
    """A person used an element of a message.

    Raises:
        SlackError: ``action_not_found`` (ours; Slack's own page can't press what is not there).
    """
    conversation = workspace.conversations[message.channel]
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": conversation.id,
        "is_ephemeral": message.visible_to is not None,
    }
    if message.thread_ts is not None:
        container["thread_ts"] = message.thread_ts
    payload = {
        **_interaction("block_actions", user=user, workspace=workspace),
        "container": container,
        "channel": _channel(conversation),
        "state": {"values": {}},
        "actions": [_action(message.blocks, press, workspace)],
        "response_url": response_url,
    }
    if message.visible_to is None:
        payload["message"] = message_json(message, workspace=workspace, metadata=True)
    return payload


def view_actions(view: Json, press: Press, *, user: str, workspace: Workspace) -> Json:
    """A person used an element of a modal or of the Home tab, as it is or as they still had it before them.

    Raises:
        SlackError: ``action_not_found`` (ours).
    """
    return {
        **_interaction("block_actions", user=user, workspace=workspace),
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [_action(workspace.views.drawn(view), press, workspace)],
    }


def view_submission(view: Json, *, user: str, workspace: Workspace) -> Json:
    """A person submitted a modal."""
    payload = _interaction("view_submission", user=user, workspace=workspace)
    return {**payload, "view": view, "response_urls": []}


def view_closed(view: Json, *, user: str, workspace: Workspace, is_cleared: bool) -> Json:
    """A person closed a modal whose app wants to know; this one opens nothing any more."""
    payload = _interaction("view_closed", user=user, workspace=workspace)
    del payload["trigger_id"]
    return {**payload, "view": view, "is_cleared": is_cleared}


def message_shortcut(
    shortcut: Shortcut, message: Message, *, user: str, workspace: Workspace, response_url: str
) -> Json:
    """A person picked a shortcut in a message's menu."""
    return {
        **_interaction("message_action", user=user, workspace=workspace),
        "callback_id": shortcut.callback_id,
        "action_ts": f"{workspace.now():.6f}",
        "channel": _channel(workspace.conversations[message.channel]),
        "message_ts": message.ts,
        "message": message_json(message, workspace=workspace, metadata=True),
        "response_url": response_url,
    }


def global_shortcut(shortcut: Shortcut, *, user: str, workspace: Workspace) -> Json:
    """A person picked a shortcut that belongs to no message."""
    return {
        **_interaction("shortcut", user=user, workspace=workspace),
        "callback_id": shortcut.callback_id,
        "action_ts": f"{workspace.now():.6f}",
    }


def slash_command(
    command: Command,
    text: str,
    *,
    user: str,
    conversation: Conversation,
    workspace: Workspace,
    response_url: str,
) -> Json:
    """A person typed a command."""
    team = workspace.company.team
    handle = workspace.users[user].handle
    return {
        "token": "verification-token-of-the-sandbox",
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": conversation.id,
        "channel_name": _NAMES[conversation.kind] or conversation.name,
        "user_id": user,
        "user_name": handle,
        "command": command.command,
        "text": text,
        "api_app_id": workspace.bot.app_id,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": workspace.triggers.issue(user, now_s=workspace.now()),
    }


def _interaction(kind: str, *, user: str, workspace: Workspace) -> Json:
    team, person = workspace.company.team, workspace.users[user]
    return {
        "type": kind,
        "user": {
            "id": user,
            "username": person.handle,
            "name": person.handle,
            "team_id": workspace.team_of(user),
        },
        "api_app_id": workspace.bot.app_id,
        "token": "verification-token-of-the-sandbox",
        "trigger_id": workspace.triggers.issue(user, now_s=workspace.now()),
        "team": {"id": team.id, "domain": team.domain},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _channel(conversation: Conversation) -> Json:
    return {"id": conversation.id, "name": _NAMES[conversation.kind] or conversation.name}


def _action(blocks: list[Json], press: Press, workspace: Workspace) -> Json:
    for block, element in elements_of(blocks):
        if element["action_id"] == press.action_id and press.block_id in (None, block["block_id"]):
            return {
                "action_id": press.action_id,
                "block_id": block["block_id"],
                **chosen(element, press.value),
                "action_ts": f"{workspace.now():.6f}",
            }
    raise SlackError("action_not_found")
