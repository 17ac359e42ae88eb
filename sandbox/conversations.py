"""What the workspace is made of: messages, conversations, and what a conversation keeps."""

import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.company import EVERYONE, Channel
from sandbox.errors import SlackError
from sandbox.files import SharedFile

Blocks = list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Stream:
    """What a message that is being streamed knows beyond its text."""

    recipient: str | None
    """The one person who sees it grow in a channel; everybody else waits for its end."""
    until_s: float
    """When Slack stops taking more, in Unix seconds."""
    plan: bool = False
    """Tasks stand together in one plan, not each where it began."""
    stopped: bool = False
    """The person pressed Stop."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as it is now; an edit makes a new one with the same ``ts``."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: Blocks = field(default_factory=list)
    thread_ts: str | None = None
    """The thread's first message, for a reply."""
    by_app: bool = False
    broadcast: bool = False
    """A reply that stands in the channel too."""
    client_msg_id: str | None = None
    beside: str | None = None
    """The channel that its writer was looking at beside the agent's pane."""
    metadata: dict[str, Any] | None = None
    edited_ts: str | None = None
    """When it was last edited in a way that shows "(edited)"."""
    visible_to: str | None = None
    """The one person who sees it, for an ephemeral message."""
    tombstone: bool = False
    """A thread's first message that was deleted while its replies stay."""
    reactions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Who reacted, by emoji."""
    stream: Stream | None = None
    """While it is being streamed."""
    streaming_state: Literal["in_progress", "completed", "errored"] | None = None
    """How far a streamed message is; errored where its time ran out."""
    files: tuple[SharedFile, ...] = ()
    unfurls: tuple[str, ...] = ()
    """The links that are shown with a preview."""


@dataclass
class Conversation:
    """A channel, direct messages of several people (``mpim``), or a person's with the app (``im``)."""

    id: str
    name: str
    kind: Literal["channel", "group", "mpim", "im"]
    members: list[str]
    topic: str = ""
    external: bool = False
    pending_external: bool = False
    """Another company is invited, and has not accepted yet."""
    messages: dict[str, Message] = field(default_factory=dict)
    """By ``ts``, oldest first; replies among them."""
    threads: dict[str, list[str]] = field(default_factory=dict)
    """The replies' ``ts`` by the first message's."""

    def add(self, message: Message) -> None:
        """Keep a new message."""
        self.messages[message.ts] = message
        if message.thread_ts is not None:
            self.threads.setdefault(message.thread_ts, []).append(message.ts)

    def remove(self, ts: str) -> None:
        """Forget a message."""
        message = self.messages.pop(ts)
        if message.thread_ts is not None:
            self.threads[message.thread_ts].remove(ts)

    def replies(self, ts: str) -> list[Message]:
        """A thread's replies, oldest first."""
        return [self.messages[reply] for reply in self.threads.get(ts, [])]

    def thread(self, thread_ts: str | None) -> str | None:
        """The thread that a reply to ``thread_ts`` is in.

        Raises:
            SlackError: ``thread_not_found``, ``cannot_reply_to_message``.
        """
        if thread_ts is None:
            return None
        parent = self.messages.get(thread_ts)
        if parent is None:
            raise SlackError("thread_not_found")
        if parent.thread_ts is not None:
            raise SlackError("cannot_reply_to_message")
        return thread_ts

    def own(self, ts: str, *, by: str, otherwise: str) -> Message:
        """A message that ``by`` wrote.

        Raises:
            SlackError: ``message_not_found``; ``otherwise``, where somebody else wrote it.
        """
        message = self.messages.get(ts)
        if message is None or message.tombstone:
            raise SlackError("message_not_found")
        if message.user != by:
            raise SlackError(otherwise)
        return message

    def shows(self, message: Message, *, to: str) -> bool:
        """Whether a person sees a message of it: not another's ephemeral one, nor another's stream."""
        if to not in self.members or message.visible_to not in (None, to):
            return False
        return message.stream is None or self.kind == "im" or to in (message.user, message.stream.recipient)


def direct_id(user: str) -> str:
    """The id of a person's direct messages with the app."""
    return f"D{user.removeprefix('U')}"


def open_channel(channel: Channel, *, everyone: list[str], bot: str) -> Conversation:
    """A channel as it stands at the start."""
    members = [*everyone] if EVERYONE in channel.members else [*channel.members]
    return Conversation(
        id=channel.id,
        name=channel.name,
        kind="mpim" if channel.group_message else "group" if channel.private else "channel",
        members=[*members, bot] if channel.bot else members,
        topic=channel.topic,
        external=channel.external,
    )


def direct_conversation(user: str, *, bot: str) -> Conversation:
    """A person's direct messages with the app, before the first one."""
    return Conversation(id=direct_id(user), name="", kind="im", members=[user, bot])


def with_ids(blocks: Blocks) -> Blocks:
    """Every block, and every element that can be used, has an id; Slack makes those that are missing."""
    return [_block_with_ids(block) for block in blocks]


def _block_with_ids(block: dict[str, Any]) -> dict[str, Any]:
    named = {**block, "block_id": block.get("block_id") or _short_id()}
    if block["type"] in ("actions", "context_actions"):
        named["elements"] = [_element_with_id(element) for element in block["elements"]]
    for place in ("accessory", "element"):
        if place in block and block[place]["type"] != "image":
            named[place] = _element_with_id(block[place])
    return named


def _element_with_id(element: dict[str, Any]) -> dict[str, Any]:
    return {**element, "action_id": element.get("action_id") or _short_id()}


def _short_id() -> str:
    return uuid.uuid4().hex[:5]
