"""``conversations.*``: what there is, who is in it, what was written."""

from collections.abc import Sequence
from typing import Any

from sandbox.conversations import Conversation, Message
from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments, page_of
from sandbox.slack_shapes import conversation_json, message_json
from sandbox.workspace import Workspace

Json = dict[str, Any]


def conversations_info(workspace: Workspace, arguments: Arguments) -> Json:
    """A conversation, if the app may know of it."""
    conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    members = arguments.flag("include_num_members")
    return {"channel": conversation_json(conversation, workspace=workspace, num_members=members)}


def conversations_members(workspace: Workspace, arguments: Arguments) -> Json:
    """Who is in a conversation."""
    conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    page, cursor = page_of(conversation.members, arguments, default=100, most=1000)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def conversations_open(workspace: Workspace, arguments: Arguments) -> Json:
    """The direct messages with a person, or with several where there are such: none are made here."""
    if "channel" in arguments:
        conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    else:
        users = arguments.text("users").split(",")
        conversation = workspace.direct(users[0]) if len(users) == 1 else _several(workspace, users)
    whole = conversation_json(conversation, workspace=workspace)
    shown = whole if arguments.flag("return_im") else {"id": conversation.id}
    return {"no_op": True, "already_open": True, "channel": shown}


def _several(workspace: Workspace, users: list[str]) -> Conversation:
    wanted = {*users, workspace.bot.user_id}
    for conversation in workspace.conversations.values():
        if conversation.kind == "mpim" and set(conversation.members) == wanted:
            return conversation
    raise SlackError("method_not_supported_for_channel_type")


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


def conversations_list(workspace: Workspace, arguments: Arguments) -> Json:
    """The channels that the app may know of."""
    return _listed(workspace, arguments)


def users_conversations(workspace: Workspace, arguments: Arguments) -> Json:
    """The conversations that a person, or the app, is in."""
    user = arguments.text("user", workspace.bot.user_id)
    if user not in workspace.users:
        raise SlackError("user_not_found")
    return _listed(workspace, arguments, member=user)


def _listed(workspace: Workspace, arguments: Arguments, *, member: str | None = None) -> Json:
    kinds = {"public_channel": "channel", "private_channel": "group", "mpim": "mpim", "im": "im"}
    wanted = {kinds.get(kind.strip()) for kind in arguments.text("types", "public_channel").split(",")}
    bot = workspace.bot.user_id
    found = [
        each
        for each in workspace.conversations.values()
        if each.kind in wanted
        and (each.kind == "channel" or bot in each.members)
        and member in (None, *each.members)
    ]
    page, cursor = page_of(found, arguments, default=100, most=999)
    channels = [conversation_json(each, workspace=workspace) for each in page]
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


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
    page, cursor = page_of(messages, arguments, default=default, most=most)
    metadata = arguments.flag("include_all_metadata")
    answer: Json = {
        "messages": [message_json(message, workspace=workspace, metadata=metadata) for message in page],
        "has_more": bool(cursor),
    }
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})
