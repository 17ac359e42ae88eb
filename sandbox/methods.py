"""The Web API's methods over the state, one function each. Pure: arguments in, Slack's answer out.

What is not here, Slack's answer to it is ``unknown_method``: a success that means nothing helps nobody.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sandbox.blocks import check_blocks
from sandbox.conversations import Conversation, Message
from sandbox.errors import SlackError
from sandbox.slack_shapes import conversation_json, group_json, message_json, user_json
from sandbox.workspace import Workspace

Json = dict[str, Any]
Method = Callable[[Workspace, "Arguments"], Json]
Item = TypeVar("Item")

MOST_POSTED_CHARS = 40_000
"""``chat.postMessage`` cuts text here ..."""
MOST_UPDATED_CHARS = 4_000
"""... and ``chat.update`` refuses more than this."""


class Arguments:
    """A call's arguments, whether they came as a form (all strings) or as JSON."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return self._given.get(name) not in (None, "")

    def text(self, name: str, default: str | None = None) -> str:
        """A string.

        Raises:
            SlackError: ``invalid_arguments``, where it is missing and has no default.
        """
        value = self._given.get(name)
        if value is None or value == "":
            if default is None:
                raise SlackError("invalid_arguments", messages=(f"[ERROR] missing required field: {name}",))
            return default
        return str(value)

    def optional(self, name: str) -> str | None:
        """A string, or nothing."""
        return self.text(name) if name in self else None

    def flag(self, name: str) -> bool:
        """Whether it is set: ``true``, ``1``."""
        return str(self._given.get(name, "")).lower() in ("true", "1")

    def number(self, name: str, *, default: int, most: int) -> int:
        """A whole number from 1 to ``most``.

        Raises:
            SlackError: ``invalid_limit``, for anything else.
        """
        try:
            value = int(self.text(name, str(default)))
        except ValueError:
            raise SlackError("invalid_limit") from None
        if not 1 <= value <= most:
            raise SlackError("invalid_limit")
        return value

    def json(self, name: str, *, otherwise: str) -> Any:
        """What a form carries as a JSON string, and a JSON body as it is; None where it is missing.

        Raises:
            SlackError: ``otherwise``, where it is not JSON.
        """
        value = self._given.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError(otherwise) from None


def auth_test(workspace: Workspace, _arguments: Arguments) -> Json:
    """Who the token belongs to."""
    team, bot = workspace.company.team, workspace.bot
    return {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": bot.handle,
        "team_id": team.id,
        "user_id": bot.user_id,
        "bot_id": bot.bot_id,
        "is_enterprise_install": False,
    }


def chat_post_message(workspace: Workspace, arguments: Arguments) -> Json:
    """Post; text over 40,000 characters is cut, as Slack cuts it."""
    conversation = _where_to_post(workspace, arguments.text("channel"))
    text, blocks = _content(arguments)
    message = workspace.post(
        conversation,
        text=text[:MOST_POSTED_CHARS],
        blocks=blocks,
        thread_ts=arguments.optional("thread_ts"),
        broadcast=arguments.flag("reply_broadcast"),
        metadata=_metadata(arguments),
    )
    shown = message_json(message, workspace=workspace, metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "message": shown}


def chat_update(workspace: Workspace, arguments: Arguments) -> Json:
    """Edit a message of the app's own."""
    conversation = workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)
    text, blocks = _content(arguments)
    if len(text) > MOST_UPDATED_CHARS:
        raise SlackError("msg_too_long")
    message = workspace.update(
        conversation, arguments.text("ts"), text=text, blocks=blocks, metadata=_metadata(arguments)
    )
    shown = message_json(message, workspace=workspace, metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "text": message.text, "message": shown}


def chat_delete(workspace: Workspace, arguments: Arguments) -> Json:
    """Delete a message of the app's own."""
    conversation = workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)
    workspace.delete(conversation, arguments.text("ts"))
    return {"channel": conversation.id, "ts": arguments.text("ts")}


def chat_post_ephemeral(workspace: Workspace, arguments: Arguments) -> Json:
    """Show one person a message."""
    conversation = workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)
    text, blocks = _content(arguments)
    message = workspace.whisper(
        conversation,
        user=arguments.text("user"),
        text=text[:MOST_POSTED_CHARS],
        blocks=blocks,
        thread_ts=arguments.optional("thread_ts"),
    )
    return {"message_ts": message.ts}


def conversations_info(workspace: Workspace, arguments: Arguments) -> Json:
    """A conversation, if the app may know of it."""
    conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    members = arguments.flag("include_num_members")
    return {"channel": conversation_json(conversation, workspace=workspace, num_members=members)}


def conversations_members(workspace: Workspace, arguments: Arguments) -> Json:
    """Who is in a conversation."""
    conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    page, cursor = _page(conversation.members, arguments, default=100, most=1000)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def conversations_open(workspace: Workspace, arguments: Arguments) -> Json:
    """The direct messages with a person (several people at once: the sandbox has no group messages)."""
    if "channel" in arguments:
        conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    else:
        users = arguments.text("users").split(",")
        if len(users) > 1:
            raise SlackError("method_not_supported_for_channel_type")
        conversation = workspace.direct(users[0])
    whole = conversation_json(conversation, workspace=workspace)
    shown = whole if arguments.flag("return_im") else {"id": conversation.id}
    return {"no_op": True, "already_open": True, "channel": shown}


def conversations_replies(workspace: Workspace, arguments: Arguments) -> Json:
    """A thread: its first message, then the replies, oldest first."""
    conversation = workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)
    ts = arguments.text("ts")
    first = conversation.messages.get(ts)
    if first is None:
        raise SlackError("thread_not_found")
    replies = [reply for reply in workspace.replies(conversation.id, ts) if _in_time(reply, arguments)]
    return _messages(workspace, [first, *replies], arguments, default=1000, most=1000)


def conversations_history(workspace: Workspace, arguments: Arguments) -> Json:
    """A conversation's messages without the replies in threads, newest first."""
    conversation = workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)
    shown = [
        message
        for message in reversed(conversation.messages.values())
        if (message.thread_ts is None or message.broadcast) and _in_time(message, arguments)
    ]
    return _messages(workspace, shown, arguments, default=100, most=999)


def users_info(workspace: Workspace, arguments: Arguments) -> Json:
    """A person, or the bot itself."""
    user = workspace.users.get(arguments.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user_json(user, company=workspace.company)}


def users_list(workspace: Workspace, arguments: Arguments) -> Json:
    """Everybody."""
    page, cursor = _page(list(workspace.users.values()), arguments, default=1000, most=1000)
    members = [user_json(user, company=workspace.company) for user in page]
    return {"members": members, "cache_ts": 0, "response_metadata": {"next_cursor": cursor}}


def usergroups_list(workspace: Workspace, arguments: Arguments) -> Json:
    """The user groups, with their members where ``include_users`` asks for them."""
    include = arguments.flag("include_users")
    groups = workspace.groups.values()
    return {
        "usergroups": [
            group_json(group, company=workspace.company, include_users=include) for group in groups
        ]
    }


METHODS: dict[str, Method] = {
    "auth.test": auth_test,
    "chat.postMessage": chat_post_message,
    "chat.update": chat_update,
    "chat.delete": chat_delete,
    "chat.postEphemeral": chat_post_ephemeral,
    "conversations.info": conversations_info,
    "conversations.members": conversations_members,
    "conversations.open": conversations_open,
    "conversations.replies": conversations_replies,
    "conversations.history": conversations_history,
    "users.info": users_info,
    "users.list": users_list,
    "usergroups.list": usergroups_list,
}


def _where_to_post(workspace: Workspace, channel: str) -> Conversation:
    """Posting also takes a channel's name and, for direct messages, a person's id."""
    if channel in workspace.users:
        return workspace.direct(channel)
    named = channel.removeprefix("#")
    for conversation in workspace.conversations.values():
        if conversation.name and conversation.name == named:
            return workspace.entered(conversation.id, by=workspace.bot.user_id)
    return workspace.entered(channel, by=workspace.bot.user_id)


def _content(arguments: Arguments) -> tuple[str, list[Json]]:
    text = arguments.text("text", "")
    given = arguments.json("blocks", otherwise="invalid_blocks_format")
    blocks = check_blocks(given) if given else []
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    return text, blocks


def _metadata(arguments: Arguments) -> Json | None:
    metadata = arguments.json("metadata", otherwise="invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return metadata


def _in_time(message: Message, arguments: Arguments) -> bool:
    oldest, latest = arguments.text("oldest", "0"), arguments.text("latest", "9" * 12)
    try:
        at, after, before = float(message.ts), float(oldest), float(latest)
    except ValueError:
        raise SlackError("invalid_ts_oldest") from None
    return after <= at <= before if arguments.flag("inclusive") else after < at < before


def _messages(
    workspace: Workspace, messages: Sequence[Message], arguments: Arguments, *, default: int, most: int
) -> Json:
    page, cursor = _page(messages, arguments, default=default, most=most)
    metadata = arguments.flag("include_all_metadata")
    answer: Json = {
        "messages": [message_json(message, workspace=workspace, metadata=metadata) for message in page],
        "has_more": bool(cursor),
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _page(items: Sequence[Item], arguments: Arguments, *, default: int, most: int) -> tuple[list[Item], str]:
    """So many items from where the cursor stands, and the next cursor (empty at the end)."""
    limit = arguments.number("limit", default=default, most=most)
    start = 0
    if "cursor" in arguments:
        try:
            start = int(
                base64.b64decode(arguments.text("cursor"), validate=True).decode().removeprefix("from:")
            )
        except (binascii.Error, ValueError):
            raise SlackError("invalid_cursor") from None
    rest = len(items) > start + limit
    cursor = base64.b64encode(f"from:{start + limit}".encode()).decode() if rest else ""
    return list(items[start : start + limit]), cursor
