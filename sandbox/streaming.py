"""Streamed messages: they begin, grow, and end; or their time runs out, or a person stops them. Pure."""

from dataclasses import replace
from typing import Any

from sandbox.changes import AgentChanged, SessionStopped
from sandbox.chunks import grown, text_of
from sandbox.conversations import Blocks, Conversation, Message, Stream, with_ids
from sandbox.errors import SlackError
from sandbox.workspace import Workspace

Json = dict[str, Any]

MOST_BLOCKS = 50
"""That chunks may make of a message; as many more may come at its end."""
MOST_CHARS = 40_000
"""Slack's limit for any message; for streams it names only 12,000 a call."""


def start(
    workspace: Workspace,
    conversation: Conversation,
    chunks: list[Json],
    *,
    thread_ts: str | None,
    recipient: str | None,
    plan: bool,
) -> Message:
    """A message that will grow.

    Raises:
        SlackError: ``thread_not_found``, or the chunks are too much.
    """
    stream = Stream(recipient=recipient, until_s=workspace.now() + workspace.stream_life_s, plan=plan)
    blocks = _grown([], chunks, plan=plan)
    message = workspace.post(
        conversation,
        text=text_of(blocks),
        blocks=blocks,
        thread_ts=thread_ts,
        stream=stream,
        streaming_state="in_progress",
    )
    workspace.streams.add((conversation.id, message.ts))
    return message


def append(workspace: Workspace, conversation: Conversation, ts: str, chunks: list[Json]) -> None:
    """It grows.

    Raises:
        SlackError: ``message_not_in_streaming_state``, ``stopped_by_user``, or the chunks are too much.
    """
    message, stream = _streaming(workspace, conversation, ts)
    if stream.stopped:
        raise SlackError("stopped_by_user")
    blocks = _grown(message.blocks, chunks, plan=stream.plan)
    workspace.change(message, blocks=blocks, text=text_of(blocks), grown=True, at=workspace.next_ts())


def stop(
    workspace: Workspace,
    conversation: Conversation,
    ts: str,
    chunks: list[Json],
    *,
    blocks: Blocks,
    metadata: Json | None,
) -> Message:
    """It ends, with ``blocks`` at its foot, and everybody sees it.

    Raises:
        SlackError: ``message_not_in_streaming_state``, or the chunks are too much.
    """
    message, stream = _streaming(workspace, conversation, ts)
    whole = _grown(message.blocks, chunks, plan=stream.plan)
    return workspace.change(
        message,
        text=text_of(whole),
        blocks=[*whole, *with_ids(blocks)],
        metadata=metadata or message.metadata,
        stream=None,
        streaming_state="completed",
        at=workspace.next_ts(),
    )


def press_stop(workspace: Workspace, conversation: Conversation, thread_ts: str, *, user: str) -> None:
    """A person presses the Stop of a session that is at work.

    Raises:
        SlackError: ``action_not_found`` (ours), where there is no such button.
    """
    thread = workspace.agents.thread(conversation.id, thread_ts)
    if thread.session != "processing" or not workspace.bot.stops:
        raise SlackError("action_not_found")
    in_thread = [conversation.messages.get(thread_ts), *workspace.replies(conversation.id, thread_ts)]
    stopped = []
    for message in in_thread:
        if message is not None and message.stream is not None and not message.stream.stopped:
            stream = replace(message.stream, stopped=True)
            stopped.append(workspace.change(message, stream=stream, grown=True, at=workspace.next_ts()))
    workspace.emit(
        SessionStopped(
            channel=conversation.id,
            thread_ts=thread_ts,
            user=user,
            streams=tuple(message.ts for message in stopped),
            ts=workspace.next_ts(),
        )
    )


def expire(workspace: Workspace) -> None:
    """End what has been streamed for too long, and statuses that have stood for too long."""
    now_s = workspace.now()
    for channel, ts in list(workspace.streams):
        message = workspace.conversations[channel].messages.get(ts)
        if message is None or message.stream is None:
            workspace.streams.discard((channel, ts))
        elif message.stream.until_s <= now_s:
            workspace.change(message, stream=None, streaming_state="errored", at=workspace.next_ts())
    for channel in workspace.agents.expire(now_s=now_s):
        workspace.emit(AgentChanged(channel=channel))


def _streaming(workspace: Workspace, conversation: Conversation, ts: str) -> tuple[Message, Stream]:
    message = conversation.messages.get(ts)
    if message is None:
        raise SlackError("message_not_found")
    if not message.by_app:
        raise SlackError("message_not_owned_by_app")
    if message.stream is None or message.stream.until_s <= workspace.now():
        raise SlackError("message_not_in_streaming_state")
    return message, message.stream


def _grown(blocks: Blocks, chunks: list[Json], *, plan: bool) -> Blocks:
    whole = grown(blocks, chunks, plan=plan)
    if len(whole) > MOST_BLOCKS:
        raise SlackError("msg_blocks_too_many")
    if len(text_of(whole)) > MOST_CHARS:
        raise SlackError("msg_blocks_too_long")
    return whole
