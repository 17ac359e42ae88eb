"""What one person sees, as the page reads it: Slack's own message JSON, and who and where. Pure."""

from dataclasses import asdict
from typing import Any

from sandbox.changes import (
    AgentChanged,
    AppOpened,
    Change,
    Changed,
    ContextChanged,
    Reacted,
    SessionStopped,
    ViewsChanged,
)
from sandbox.company import Bot
from sandbox.conversations import Conversation, Message
from sandbox.slack_shapes import message_json
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_SHOWN = 500
"""Messages per conversation in the page; a browser stays quick with that many."""


def state_of(workspace: Workspace, *, user: str, sockets: int) -> Json:
    """Everything that ``user`` sees."""
    company = workspace.company
    mine = [each for each in workspace.conversations.values() if user in each.members]
    ours = workspace.team_of(user) == company.team.id
    return {
        "team": company.team.model_dump(),
        "me": user,
        "app": {
            "user": workspace.bot.user_id,
            "name": workspace.bot.name,
            "agent": workspace.bot.agent,
            "home": workspace.bot.home,
            "sockets": sockets,
        },
        "users": [_user(workspace, identifier) for identifier in workspace.users],
        "groups": [group.model_dump() for group in workspace.groups.values()],
        "channels": [_channel(conversation, workspace, user) for conversation in mine],
        "channel_names": {
            each.id: each.name for each in workspace.conversations.values() if each.kind == "channel"
        },
        "commands": [command.model_dump() for command in company.commands] if ours else [],
        "shortcuts": [shortcut.model_dump() for shortcut in company.shortcuts] if ours else [],
        "suggestions": [suggestion.model_dump() for suggestion in company.suggestions],
        "messages": {each.id: _messages(each, workspace, user) for each in mine},
        "agents": {each.id: agent_of(workspace, each.id) for each in mine},
        "views": views_of(workspace, user=user),
    }


def frames_of(change: Change, workspace: Workspace, *, user: str, sockets: int) -> list[Json]:
    """What a person's browser is told of a change."""
    match change:
        case Changed() | Reacted():
            return _of_message(change, workspace, user)
        case ViewsChanged():
            own = change.user == user
            return [{"type": "views", "views": views_of(workspace, user=user)}] if own else []
        case AgentChanged():
            inside = user in workspace.conversations[change.channel].members
            agent = agent_of(workspace, change.channel)
            return [{"type": "agent", "channel": change.channel, "agent": agent}] if inside else []
        case AppOpened() | ContextChanged() | SessionStopped():
            return []
        case _:
            return [{"type": "state", "state": state_of(workspace, user=user, sockets=sockets)}]


def message_of(message: Message, *, workspace: Workspace) -> Json:
    """A message, with where it stands and whether only one person sees it."""
    shown = message_json(message, workspace=workspace) | {"channel": message.channel}
    return shown | ({"is_ephemeral": True} if message.visible_to else {})


def views_of(workspace: Workspace, *, user: str) -> Json:
    """The modal on top, how many lie under it, and the Home tab."""
    return {
        "modal": workspace.views.modal(user),
        "depth": len(workspace.views.stacks.get(user, [])),
        "home": workspace.views.homes.get(user),
    }


def agent_of(workspace: Workspace, channel: str) -> Json:
    """What the agent says beside its messages there."""
    prompts = workspace.agents.prompts.get(channel)
    return {
        "prompts": asdict(prompts) if prompts else None,
        "threads": {
            thread_ts: {
                "status": thread.status,
                "loading_messages": thread.loading_messages,
                "title": thread.title,
                "stop": thread.session == "processing" and workspace.bot.stops,
            }
            for (where, thread_ts), thread in workspace.agents.threads.items()
            if where == channel
        },
    }


def _of_message(change: Changed | Reacted, workspace: Workspace, user: str) -> list[Json]:
    message = change.message
    conversation = workspace.conversations[message.channel]
    if not conversation.shows(message, to=user):
        return []
    kind = change.kind if isinstance(change, Changed) and change.kind != "grown" else "changed"
    frames = [{"type": kind, "message": message_of(message, workspace=workspace)}]
    parent = conversation.messages.get(message.thread_ts or "")
    if parent is not None and kind != "changed" and message.visible_to is None:
        frames.append({"type": "changed", "message": message_of(parent, workspace=workspace)})
    return frames


def _user(workspace: Workspace, identifier: str) -> Json:
    user = workspace.users[identifier]
    shown = {"id": identifier, "handle": user.handle, "name": user.name, "bot": isinstance(user, Bot)}
    if isinstance(user, Bot):
        return shown | {"title": "", "guest": False, "company": None}
    partner = next((each.name for each in workspace.company.partners if each.id == user.team), None)
    return shown | {"title": user.title, "guest": user.guest, "company": partner}


def _channel(conversation: Conversation, workspace: Workspace, user: str) -> Json:
    others = [each for each in conversation.members if each not in (user, workspace.bot.user_id)]
    several = ", ".join(workspace.users[each].name for each in others)
    return {
        "id": conversation.id,
        "name": several if conversation.kind == "mpim" else conversation.name,
        "kind": conversation.kind,
        "topic": conversation.topic,
        "external": conversation.external,
        "members": conversation.members,
        "app": workspace.bot.user_id in conversation.members,
    }


def _messages(conversation: Conversation, workspace: Workspace, user: str) -> list[Json]:
    kept = list(conversation.messages.values())[-MOST_SHOWN:]
    whispered = [each for each in workspace.whispers if each.channel == conversation.id]
    both = [each for each in (*kept, *whispered) if conversation.shows(each, to=user)]
    return [message_of(each, workspace=workspace) for each in sorted(both, key=lambda each: each.ts)]
