"""What the app is told of a change: Slack's events, as their payloads look. Pure."""

import uuid
from typing import Any

from sandbox.changes import (
    AppOpened,
    Change,
    Changed,
    ContextChanged,
    GroupChanged,
    Joined,
    Left,
    PersonChanged,
    Reacted,
    SessionStopped,
    Shared,
)
from sandbox.company import Bot
from sandbox.conversations import Conversation, direct_id
from sandbox.slack_shapes import CREATED, group_json, message_json, user_json
from sandbox.workspace import Workspace

Json = dict[str, Any]


def events_of(change: Change, *, workspace: Workspace) -> list[Json]:
    """The inner events that the app gets: none for what it can't see, two for a mention in a channel."""
    match change:
        case Changed() | Reacted():
            conversation = workspace.conversations[change.message.channel]
        case Joined() | Left() | Shared() | SessionStopped():
            conversation = workspace.conversations[change.channel]
        case _:
            return _of_people(change, workspace)
    leaves = isinstance(change, Left) and change.user == workspace.bot.user_id
    if workspace.bot.user_id not in conversation.members and not leaves:
        return []
    return _in_conversation(change, conversation, workspace)


def _in_conversation(
    change: Changed | Reacted | Joined | Left | Shared | SessionStopped,
    conversation: Conversation,
    workspace: Workspace,
) -> list[Json]:
    match change:
        case Changed():
            return _of_message(change, conversation, workspace)
        case Reacted():
            return [_reacted(change)]
        case Joined() | Left():
            return [_moved(change, conversation, workspace)]
        case Shared():
            kind = "channel_shared" if change.external else "channel_unshared"
            teams = {"connected_team_id": change.team} if change.external else {}
            return [{"type": kind, "channel": change.channel, "event_ts": change.ts, **teams}]
        case SessionStopped():
            return [_stopped(change)] if workspace.bot.stops else []


def _of_people(change: Change, workspace: Workspace) -> list[Json]:
    match change:
        case PersonChanged():
            user = user_json(workspace.users[change.user], company=workspace.company)
            return [{"type": "user_change", "user": user, "cache_ts": CREATED, "event_ts": change.ts}]
        case GroupChanged():
            return _group_changed(change, workspace)
        case AppOpened():
            return [_opened(change, workspace)]
        case ContextChanged() if workspace.bot.agent:
            context = _context(change.channel, workspace)
            where = direct_id(change.user)
            return [_about_app("app_context_changed", change.user, where, change.ts) | {"context": context}]
        case _:
            return []


def _of_message(change: Changed, conversation: Conversation, workspace: Workspace) -> list[Json]:
    if change.message.visible_to is not None or change.kind == "grown":
        return []
    return (
        _posted(change, conversation, workspace)
        if change.kind == "posted"
        else [_edited(change, conversation, workspace)]
    )


def _posted(change: Changed, conversation: Conversation, workspace: Workspace) -> list[Json]:
    message = change.message
    shown = {
        **message_json(message, workspace=workspace, metadata=True),
        "channel": conversation.id,
        "event_ts": message.ts,
    }
    if message.beside is not None and workspace.bot.agent:
        shown["app_context"] = _context(message.beside, workspace)
    events = [{**shown, "channel_type": conversation.kind}]
    mentioned = f"<@{workspace.bot.user_id}>" in message.text and not message.by_app
    if mentioned and conversation.kind != "im":
        mention = {key: value for key, value in shown.items() if key != "subtype"}
        events.insert(0, mention | {"type": "app_mention"})
    return events


def _edited(change: Changed, conversation: Conversation, workspace: Workspace) -> Json:
    event: Json = {
        "type": "message",
        "subtype": "message_changed" if change.kind == "changed" else "message_deleted",
        "hidden": True,
        "channel": conversation.id,
        "channel_type": conversation.kind,
        "ts": change.ts,
        "event_ts": change.ts,
    }
    if change.previous is not None:
        event["previous_message"] = message_json(change.previous, workspace=workspace, metadata=True)
    if change.kind == "changed":
        event["message"] = message_json(change.message, workspace=workspace, metadata=True)
    else:
        event["deleted_ts"] = change.message.ts
    return event


def _reacted(change: Reacted) -> Json:
    return {
        "type": "reaction_added" if change.added else "reaction_removed",
        "user": change.user,
        "reaction": change.emoji,
        "item_user": change.message.user,
        "item": {"type": "message", "channel": change.message.channel, "ts": change.message.ts},
        "event_ts": change.ts,
    }


def _moved(change: Joined | Left, conversation: Conversation, workspace: Workspace) -> Json:
    joined = isinstance(change, Joined)
    return {
        "type": "member_joined_channel" if joined else "member_left_channel",
        "user": change.user,
        "channel": conversation.id,
        "channel_type": "C" if conversation.kind == "channel" else "G",
        "team": workspace.team_of(change.user),
        "event_ts": change.ts,
        **({"inviter": change.inviter} if isinstance(change, Joined) else {}),
    }


def _stopped(change: SessionStopped) -> Json:
    return {
        "type": "agent_session_stopped",
        "channel": change.channel,
        "user": change.user,
        "thread_ts": change.thread_ts,
        "streaming_message_ts": list(change.streams),
        "event_ts": change.ts,
    }


def _group_changed(change: GroupChanged, workspace: Workspace) -> list[Json]:
    group = change.group
    updated = {
        "type": "subteam_updated",
        "subteam": group_json(group, company=workspace.company, include_users=True),
        "event_ts": change.ts,
    }
    members = {
        "type": "subteam_members_changed",
        "subteam_id": group.id,
        "team_id": workspace.company.team.id,
        "date_previous_update": CREATED,
        "date_update": int(float(change.ts)),
        "added_users": list(change.added),
        "added_users_count": len(change.added),
        "removed_users": list(change.removed),
        "removed_users_count": len(change.removed),
        "event_ts": change.ts,
    }
    return [updated, members]


def _opened(change: AppOpened, workspace: Workspace) -> Json:
    event = _about_app("app_home_opened", change.user, direct_id(change.user), change.ts)
    event["tab"] = change.tab
    if change.tab == "home" and change.user in workspace.views.homes:
        event["view"] = workspace.views.homes[change.user]
    if change.context is not None and workspace.bot.agent:
        event["context"] = _context(change.context, workspace)
    return event


def _about_app(kind: str, user: str, channel: str, ts: str) -> Json:
    return {"type": kind, "user": user, "channel": channel, "event_ts": ts}


def _context(channel: str, workspace: Workspace) -> Json:
    team = workspace.company.team.id
    return {"entities": [{"type": "slack#/types/channel_id", "value": channel, "team_id": team}]}


def event_callback(event: Json, *, workspace: Workspace) -> Json:
    """The outer event: the same for every delivery of it, ``event_id`` included."""
    team, bot = workspace.company.team.id, workspace.bot
    return {
        "token": "verification-token-of-the-sandbox",
        "team_id": team,
        "context_team_id": team,
        "context_enterprise_id": None,
        "api_app_id": bot.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:11].upper()}",
        "event_time": int(float(event["event_ts"])),
        "authorizations": [_authorization(bot, team)],
        "is_ext_shared_channel": _is_external(event, workspace),
        "event_context": f"4-{uuid.uuid4().hex}",
    }


def _authorization(bot: Bot, team: str) -> Json:
    return {
        "enterprise_id": None,
        "team_id": team,
        "user_id": bot.user_id,
        "is_bot": True,
        "is_enterprise_install": False,
    }


def _is_external(event: Json, workspace: Workspace) -> bool:
    channel = event.get("channel") or event.get("item", {}).get("channel")
    return channel in workspace.conversations and workspace.conversations[channel].external
