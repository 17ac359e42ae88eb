"""``chat.startStream``, ``appendStream`` and ``stopStream``: a message that grows as it is written."""

from typing import Any

from sandbox.blocks import MOST_MARKDOWN_CHARS, check_blocks, check_chunks
from sandbox.conversations import Conversation
from sandbox.errors import SlackError
from sandbox.methods.agents import set_session
from sandbox.methods.arguments import Arguments
from sandbox.methods.chat import metadata_of
from sandbox.slack_shapes import message_json
from sandbox.streaming import append, start, stop
from sandbox.workspace import Workspace

Json = dict[str, Any]


def chat_start_stream(workspace: Workspace, arguments: Arguments) -> Json:
    """Begin; in a channel it must say for whom, and that person alone sees it grow."""
    conversation = _where(workspace, arguments)
    chunks = _chunks(arguments)
    thread_ts = arguments.optional("thread_ts")
    recipient = None
    if conversation.kind == "im":
        if thread_ts is None:
            raise SlackError("invalid_arguments", messages=("[ERROR] missing required field: thread_ts",))
    else:
        recipient = _recipient(workspace, arguments)
    mode = arguments.text("task_display_mode", "timeline")
    if mode not in ("timeline", "plan"):
        raise SlackError("invalid_arguments", messages=("[ERROR] must be a valid enum value",))
    message = start(
        workspace, conversation, chunks, thread_ts=thread_ts, recipient=recipient, plan=mode == "plan"
    )
    return {"channel": conversation.id, "ts": message.ts}


def chat_append_stream(workspace: Workspace, arguments: Arguments) -> Json:
    """Go on."""
    conversation = _where(workspace, arguments)
    chunks, ts = _chunks(arguments), arguments.text("ts")
    if not chunks:
        raise SlackError("no_text")
    append(workspace, conversation, ts, chunks)
    return {"channel": conversation.id, "ts": ts}


def chat_stop_stream(workspace: Workspace, arguments: Arguments) -> Json:
    """End, with blocks at the foot; from then on everybody sees the message."""
    conversation = _where(workspace, arguments)
    given = arguments.json("blocks", otherwise="invalid_blocks_format")
    message = stop(
        workspace,
        conversation,
        arguments.text("ts"),
        _chunks(arguments),
        blocks=check_blocks(given) if given else [],
        metadata=metadata_of(arguments),
    )
    if "session_status" in arguments:
        set_session(
            workspace, message.channel, message.thread_ts or message.ts, arguments.text("session_status")
        )
    shown = message_json(message, workspace=workspace, metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "message": shown}


def _where(workspace: Workspace, arguments: Arguments) -> Conversation:
    return workspace.entered(arguments.text("channel"), by=workspace.bot.user_id)


def _recipient(workspace: Workspace, arguments: Arguments) -> str:
    for name in ("recipient_user_id", "recipient_team_id"):
        if name not in arguments:
            raise SlackError(f"missing_{name}")
    user = arguments.text("recipient_user_id")
    if user not in workspace.users or workspace.team_of(user) != arguments.text("recipient_team_id"):
        raise SlackError("user_not_found")
    return user


def _chunks(arguments: Arguments) -> list[Json]:
    """What the call adds; ``markdown_text`` is a chunk by another name."""
    given = arguments.json("chunks", otherwise="invalid_chunks")
    chunks = check_chunks(given) if given else []
    for chunk in chunks:
        if chunk["type"] == "blocks":
            check_blocks(chunk["blocks"])
    if "markdown_text" in arguments:
        text = arguments.text("markdown_text")
        if len(text) > MOST_MARKDOWN_CHARS:
            raise SlackError("msg_too_long")
        chunks = [*chunks, {"type": "markdown_text", "text": text}]
    return chunks
