"""``chat.*``, but for streams: posting, editing, deleting, whispering."""

from typing import Any

from sandbox.blocks import MOST_MARKDOWN_CHARS, check_blocks
from sandbox.conversations import Conversation
from sandbox.errors import SlackError
from sandbox.methods.arguments import Arguments
from sandbox.slack_shapes import message_json
from sandbox.typing_text import links_of
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_POSTED_CHARS = 40_000
"""``chat.postMessage`` cuts text here ..."""
MOST_UPDATED_CHARS = 4_000
"""... and ``chat.update`` refuses more than this."""
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def chat_post_message(workspace: Workspace, arguments: Arguments) -> Json:
    """Post; text over 40,000 characters is cut, as Slack cuts it, with a warning."""
    conversation = _where_to_post(workspace, arguments.text("channel"))
    text, blocks = _content(arguments)
    message = workspace.post(
        conversation,
        text=text[:MOST_POSTED_CHARS],
        blocks=blocks,
        thread_ts=arguments.optional("thread_ts"),
        broadcast=arguments.flag("reply_broadcast") and "thread_ts" in arguments,
        metadata=metadata_of(arguments),
        unfurls=_unfurls(text, blocks, arguments),
    )
    shown = message_json(message, workspace=workspace, metadata=True)
    answer = {"channel": conversation.id, "ts": message.ts, "message": shown}
    if len(text) <= MOST_POSTED_CHARS:
        return answer
    warning = "message_truncated"
    return answer | {"warning": warning, "response_metadata": {"warnings": [warning]}}


def chat_update(workspace: Workspace, arguments: Arguments) -> Json:
    """Edit a message of the app's own."""
    conversation = workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)
    text, blocks = _content(arguments)
    if len(text) > MOST_UPDATED_CHARS and "markdown_text" not in arguments:
        raise SlackError("msg_too_long")
    message = workspace.update(
        conversation, arguments.text("ts"), text=text, blocks=blocks, metadata=metadata_of(arguments)
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


def chat_get_permalink(workspace: Workspace, arguments: Arguments) -> Json:
    """Where a message can be opened; a reply's address names its thread."""
    conversation = workspace.conversation(arguments.text("channel"), seen_by=workspace.bot.user_id)
    ts = arguments.text("message_ts")
    message = conversation.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    link = (
        f"https://{workspace.company.team.domain}.slack.com/archives/{conversation.id}/p{ts.replace('.', '')}"
    )
    if message.thread_ts is not None:
        link += f"?thread_ts={message.thread_ts}&cid={conversation.id}"
    return {"channel": conversation.id, "permalink": link}


def metadata_of(arguments: Arguments) -> Json | None:
    """The message's metadata, if it has any.

    Raises:
        SlackError: ``invalid_metadata_format``, ``invalid_metadata_schema``.
    """
    metadata = arguments.json("metadata", otherwise="invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise SlackError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise SlackError("invalid_metadata_schema")
    return metadata


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
    if "markdown_text" in arguments:
        return _markdown(arguments)
    text = arguments.text("text", "")
    given = arguments.json("blocks", otherwise="invalid_blocks_format")
    blocks = check_blocks(given) if given else []
    if not text.strip() and not blocks:
        raise SlackError("no_text")
    return text, blocks


def _markdown(arguments: Arguments) -> tuple[str, list[Json]]:
    text = arguments.text("markdown_text")
    if "text" in arguments or "blocks" in arguments:
        raise SlackError("markdown_text_conflict")
    if len(text) > MOST_MARKDOWN_CHARS:
        raise SlackError("msg_too_long")
    return text, [{"type": "markdown", "text": text}]


def _unfurls(text: str, blocks: list[Json], arguments: Arguments) -> tuple[str, ...]:
    """An app's links are shown with a preview where it asks for that; pictures, unless it asks not to."""
    found = links_of([text, blocks])
    pictures = arguments.text("unfurl_media", "true").lower() in ("true", "1")
    links = arguments.flag("unfurl_links")
    return tuple(url for url in found if (pictures if url.lower().endswith(_PICTURES) else links))
