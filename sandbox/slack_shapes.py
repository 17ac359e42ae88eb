"""People, groups, conversations and messages as Slack's Web API and events write them. Pure."""

from typing import Any

from sandbox.company import Bot, Company, Group, Person
from sandbox.conversations import Conversation, Message
from sandbox.workspace import Workspace

Json = dict[str, Any]

CREATED = 1_700_000_000
"""When everything in the workspace was made (any moment before the demo), in Unix seconds."""


def user_json(user: Person | Bot, *, company: Company) -> Json:
    """A user as ``users.info`` gives it."""
    bot = isinstance(user, Bot)
    names = user.name.split()
    profile = {
        "title": "" if isinstance(user, Bot) else user.title,
        "real_name": user.name,
        "real_name_normalized": user.name,
        "display_name": user.handle,
        "display_name_normalized": user.handle,
        "first_name": names[0],
        "last_name": " ".join(names[1:]),
        "team": company.team.id,
    }
    if isinstance(user, Bot):
        profile |= {"api_app_id": user.app_id, "bot_id": user.bot_id}
    elif user.email:
        profile |= {"email": user.email}
    return {
        "id": user.user_id if isinstance(user, Bot) else user.id,
        "team_id": company.team.id,
        "name": user.handle,
        "deleted": False,
        "real_name": user.name,
        "tz": "Europe/Berlin",
        "tz_label": "Central European Time",
        "tz_offset": 3600,
        "profile": profile,
        "is_admin": isinstance(user, Person) and user.admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": isinstance(user, Person) and user.guest,
        "is_ultra_restricted": False,
        "is_bot": bot,
        "is_app_user": False,
        "updated": CREATED,
    }


def group_json(group: Group, *, company: Company, include_users: bool) -> Json:
    """A user group as ``usergroups.list`` gives it."""
    return {
        "id": group.id,
        "team_id": company.team.id,
        "is_usergroup": True,
        "is_subteam": True,
        "name": group.name,
        "description": "",
        "handle": group.handle,
        "is_external": False,
        "date_create": CREATED,
        "date_update": CREATED,
        "date_delete": 0,
        "user_count": len(group.members),
        **({"users": list(group.members)} if include_users else {}),
    }


def conversation_json(conversation: Conversation, *, workspace: Workspace, num_members: bool = False) -> Json:
    """A conversation as ``conversations.info`` gives it to the app."""
    if conversation.kind == "im":
        return {
            "id": conversation.id,
            "created": CREATED,
            "is_im": True,
            "is_org_shared": False,
            "is_archived": False,
            "user": conversation.members[0],
            "is_user_deleted": False,
            "context_team_id": workspace.company.team.id,
        }
    private = conversation.kind == "group"
    return {
        "id": conversation.id,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_channel": not private,
        "is_group": False,
        "is_im": False,
        "is_mpim": False,
        "is_private": private,
        "is_archived": False,
        "is_general": conversation.name == "general",
        "is_shared": conversation.external,
        "is_ext_shared": conversation.external,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "pending_shared": [],
        "context_team_id": workspace.company.team.id,
        "created": CREATED,
        "creator": workspace.company.people[0].id,
        "is_member": workspace.bot.user_id in conversation.members,
        "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
        **({"num_members": len(conversation.members)} if num_members else {}),
    }


def message_json(message: Message, *, workspace: Workspace, metadata: bool = False) -> Json:
    """A message as ``conversations.history`` gives it, its thread's counts included."""
    team = workspace.company.team.id
    shown: Json = {
        "type": "message",
        "user": message.user,
        "ts": message.ts,
        "text": message.text,
        "team": team,
        "blocks": message.blocks,
    }
    if message.tombstone:
        shown |= {"subtype": "tombstone", "hidden": True, "user": "USLACKBOT"}
    elif message.by_app:
        shown |= _app_json(workspace)
    if message.client_msg_id:
        shown["client_msg_id"] = message.client_msg_id
    if message.edited_ts:
        shown["edited"] = {"user": message.user, "ts": message.edited_ts}
    if message.metadata is not None and metadata:
        shown["metadata"] = message.metadata
    return shown | _thread_json(message, workspace=workspace)


def _app_json(workspace: Workspace) -> Json:
    bot = workspace.bot
    profile = {
        "id": bot.bot_id,
        "app_id": bot.app_id,
        "user_id": bot.user_id,
        "name": bot.name,
        "deleted": False,
        "updated": CREATED,
        "team_id": workspace.company.team.id,
    }
    return {"bot_id": bot.bot_id, "app_id": bot.app_id, "bot_profile": profile}


def _thread_json(message: Message, *, workspace: Workspace) -> Json:
    messages = workspace.conversations[message.channel].messages
    if message.thread_ts is not None:
        parent = messages.get(message.thread_ts)
        shown: Json = {"thread_ts": message.thread_ts, "parent_user_id": parent.user if parent else ""}
        return shown | {"subtype": "thread_broadcast"} if message.broadcast else shown
    replies = workspace.replies(message.channel, message.ts)
    if not replies:
        return {}
    users = list(dict.fromkeys(reply.user for reply in replies))
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users_count": len(users),
        "reply_users": users,
        "latest_reply": replies[-1].ts,
        "is_locked": False,
        "subscribed": workspace.bot.user_id in users,
    }
