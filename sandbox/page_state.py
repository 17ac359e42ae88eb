"""What one person sees, as the page reads it: Slack's own message JSON, and who and where. Pure."""

from typing import Any

from sandbox.company import Bot
from sandbox.conversations import Conversation, Message
from sandbox.faults import Faults
from sandbox.slack_shapes import message_json
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_SHOWN = 500
"""Messages per conversation in the page; a browser stays quick with that many."""


def state_of(workspace: Workspace, *, user: str, sockets: int, faults: Faults) -> Json:
    """Everything that ``user`` sees."""
    company = workspace.company
    mine = [each for each in workspace.conversations.values() if user in each.members]
    return {
        "team": company.team.model_dump(),
        "me": user,
        "app": {"user": workspace.bot.user_id, "name": workspace.bot.name, "sockets": sockets},
        "users": [_user(workspace, identifier) for identifier in workspace.users],
        "groups": [group.model_dump() for group in company.groups],
        "channels": [_channel(conversation, workspace) for conversation in mine],
        "channel_names": {
            each.id: each.name for each in workspace.conversations.values() if each.kind == "channel"
        },
        "suggestions": [suggestion.model_dump() for suggestion in company.suggestions],
        "messages": {each.id: _messages(each, workspace, user) for each in mine},
        "faults": faults.model_dump(),
    }


def message_of(message: Message, *, workspace: Workspace) -> Json:
    """A message, with where it stands and whether only one person sees it."""
    shown = message_json(message, workspace=workspace) | {"channel": message.channel}
    return shown | ({"is_ephemeral": True} if message.visible_to else {})


def _user(workspace: Workspace, identifier: str) -> Json:
    user = workspace.users[identifier]
    bot = isinstance(user, Bot)
    return {
        "id": identifier,
        "handle": user.handle,
        "name": user.name,
        "title": "" if isinstance(user, Bot) else user.title,
        "guest": False if isinstance(user, Bot) else user.guest,
        "bot": bot,
    }


def _channel(conversation: Conversation, workspace: Workspace) -> Json:
    return {
        "id": conversation.id,
        "name": conversation.name,
        "kind": conversation.kind,
        "topic": conversation.topic,
        "external": conversation.external,
        "members": conversation.members,
        "app": workspace.bot.user_id in conversation.members,
    }


def _messages(conversation: Conversation, workspace: Workspace, user: str) -> list[Json]:
    kept = list(conversation.messages.values())[-MOST_SHOWN:]
    whispered = [
        each for each in workspace.whispers if each.channel == conversation.id and each.visible_to == user
    ]
    both = sorted([*kept, *whispered], key=lambda each: each.ts)
    return [message_of(each, workspace=workspace) for each in both]
