"""People, groups, conversations and messages as Slack's Web API and events write them. Pure."""

from typing import Any

from sandbox.company import Bot, Company, Group, Person
from sandbox.conversations import Conversation, Message
from sandbox.workspace import Workspace

Json = dict[str, Any]

CREATED = 1_700_000_000
"""When everything in the workspace was made (any moment before the demo), in Unix seconds."""


def user_json(user: Person | Bot, *, company: Company) -> Json:
    """A user as ``users.info`` gives it; of a stranger Slack tells less."""
    bot = isinstance(user, Bot)
    team = (isinstance(user, Person) and user.team) or company.team.id
    stranger = team != company.team.id
    names = user.name.split()
    profile = {
        "title": "" if isinstance(user, Bot) else user.title,
        "real_name": user.name,
        "real_name_normalized": user.name,
        "display_name": user.handle,
        "display_name_normalized": user.handle,
        "first_name": names[0],
        "last_name": " ".join(names[1:]),
        "team": team,
    }
    if isinstance(user, Bot):
        profile |= {"api_app_id": user.app_id, "bot_id": user.bot_id}
    elif user.email and not stranger:
        profile |= {"email": user.email}
    return {
        "id": user.user_id if isinstance(user, Bot) else user.id,
        "team_id": team,
        "name": user.handle,
        "deleted": isinstance(user, Person) and user.deleted,
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
        **({"is_stranger": True} if stranger else {}),
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
    private, several = conversation.kind != "channel", conversation.kind == "mpim"
    return {
        "id": conversation.id,
        "name": conversation.name,
        "name_normalized": conversation.name,
        "is_channel": not several,
        "is_group": several,
        "is_im": False,
        "is_mpim": several,
        "is_private": private,
        "is_archived": False,
        "is_general": conversation.name == "general",
        "is_shared": conversation.external,
        "is_ext_shared": conversation.external,
        "is_org_shared": False,
        "is_pending_ext_shared": conversation.pending_external,
        "pending_shared": [],
        "shared_team_ids": _teams(conversation, workspace),
        "context_team_id": workspace.company.team.id,
        "created": CREATED,
        "creator": workspace.company.people[0].id,
        "is_member": workspace.bot.user_id in conversation.members,
        "topic": {"value": conversation.topic, "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
        "previous_names": [],
        **({"num_members": len(conversation.members)} if num_members else {}),
    }


def _teams(conversation: Conversation, workspace: Workspace) -> list[str]:
    """The workspaces that a channel is shared between, ours first."""
    return list(dict.fromkeys([workspace.company.team.id, *map(workspace.team_of, conversation.members)]))


def message_json(message: Message, *, workspace: Workspace, metadata: bool = False) -> Json:
    """A message as ``conversations.history`` gives it, its thread's counts included."""
    team = workspace.team_of(message.user)
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
    shown |= _with_it_json(message, workspace=workspace)
    if team != workspace.company.team.id:
        shown |= {"user_team": team, "source_team": team}
    return shown | _thread_json(message, workspace=workspace)


def _with_it_json(message: Message, *, workspace: Workspace) -> Json:
    """What comes with a message: files, emoji, previews, how far it is streamed."""
    shown: Json = {}
    if message.files and not message.tombstone:
        shown |= {"subtype": "file_share", "files": [workspace.files.json(file) for file in message.files]}
    if message.reactions:
        shown["reactions"] = [
            {"name": name, "users": list(users), "count": len(users)}
            for name, users in message.reactions.items()
        ]
    if message.streaming_state:
        shown["streaming_state"] = message.streaming_state
    if message.unfurls:
        shown["attachments"] = [_preview(number, url) for number, url in enumerate(message.unfurls, start=1)]
    return shown


def _preview(number: int, url: str) -> Json:
    """A link's preview: nobody is asked for its content, so it is the address alone."""
    return {
        "id": number,
        "from_url": url,
        "original_url": url,
        "fallback": url,
        "title": url,
        "title_link": url,
    }


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
