"""The workspace's state: conversations, messages, threads. Pure: no sockets, no waiting, time is passed in.

Whatever changes is told to ``emit`` once it stands; the shells turn that into Slack events and page updates.
"""

import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal

from sandbox.agents import Agents
from sandbox.changes import AgentChanged, Change, Changed
from sandbox.company import Bot, Company, Group, Person
from sandbox.conversations import (
    Blocks,
    Conversation,
    Message,
    direct_conversation,
    direct_id,
    open_channel,
    with_ids,
)
from sandbox.errors import SlackError
from sandbox.files import Files
from sandbox.triggers import Triggers
from sandbox.typing_text import Typing, links_of
from sandbox.views import Views

MOST_TYPED_CHARS = 40_000
"""Slack's limit for any message."""
KEPT_MESSAGES = 5_000
"""Per conversation; the oldest go. A demo never gets there, a long test must not fill the memory."""
KEPT_WHISPERS = 200
STREAM_LIFE_S = 300.0
"""How long Slack lets a message be streamed (about five minutes: python-slack-sdk issue 1859)."""


class Workspace:
    """One team, its people, and what they wrote."""

    def __init__(
        self,
        company: Company,
        *,
        now: Callable[[], float],
        emit: Callable[[Change], None],
        stream_life_s: float = STREAM_LIFE_S,
    ) -> None:
        self.company = company
        self.stream_life_s = stream_life_s
        self.emit = emit
        self.now = now
        """The time by the workspace's clock, in Unix seconds."""
        self.users: dict[str, Person | Bot] = {person.id: person for person in company.people}
        self.bot = company.bot
        self.users[self.bot.user_id] = self.bot
        self.groups: dict[str, Group] = {group.id: group for group in company.groups}
        everyone = [person.id for person in company.people if person.team is None]
        self.conversations = {
            channel.id: open_channel(channel, everyone=everyone, bot=self.bot.user_id)
            for channel in company.channels
        }
        for person in company.people:
            conversation = direct_conversation(person.id, bot=self.bot.user_id)
            self.conversations[conversation.id] = conversation
        self.whispers: deque[Message] = deque(maxlen=KEPT_WHISPERS)
        """Ephemeral messages, for the page alone: the Web API can't read them."""
        self.streams: set[tuple[str, str]] = set()
        """The messages that are being streamed, by channel and ts."""
        self.files = Files()
        self.views = Views(bot=self.bot, team=company.team.id)
        self.agents = Agents()
        self.triggers = Triggers()
        self.typing = Typing(company)
        self._last_ts = 0

    # -- looking

    def people(self) -> Iterator[Person]:
        """Everybody but the app, as they are now."""
        return (user for user in self.users.values() if isinstance(user, Person))

    def team_of(self, user: str) -> str:
        """The workspace that somebody belongs to: another company's, for a stranger."""
        found = self.users.get(user)
        return (isinstance(found, Person) and found.team) or self.company.team.id

    def conversation(self, channel: str, *, seen_by: str) -> Conversation:
        """A conversation that this user may know of: private ones are unknown to outsiders.

        Raises:
            SlackError: ``channel_not_found``.
        """
        found = self.conversations.get(channel)
        if found is None or (found.kind != "channel" and seen_by not in found.members):
            raise SlackError("channel_not_found")
        return found

    def entered(self, channel: str, *, by: str) -> Conversation:
        """A conversation that this user is in.

        Raises:
            SlackError: ``channel_not_found``, ``not_in_channel``.
        """
        conversation = self.conversation(channel, seen_by=by)
        if by not in conversation.members:
            raise SlackError("not_in_channel")
        return conversation

    def direct(self, user: str) -> Conversation:
        """A person's direct messages with the app.

        Raises:
            SlackError: ``user_not_found``.
        """
        found = self.conversations.get(direct_id(user))
        if found is None:
            raise SlackError("user_not_found")
        return found

    def replies(self, channel: str, ts: str) -> list[Message]:
        """A thread's replies, oldest first."""
        return self.conversations[channel].replies(ts)

    def message(self, channel: str, ts: str, *, seen_by: str) -> Message:
        """A message that a person sees, an ephemeral one of theirs included.

        Raises:
            SlackError: ``channel_not_found``, ``not_in_channel``, ``message_not_found``.
        """
        kept = self.entered(channel, by=seen_by).messages.get(ts)
        whispered = (each for each in self.whispers if (each.channel, each.ts) == (channel, ts))
        found = kept or next((each for each in whispered if each.visible_to == seen_by), None)
        if found is None or not self.conversations[channel].shows(found, to=seen_by):
            raise SlackError("message_not_found")
        return found

    def person(self, name: str) -> str:
        """A person's id, by id or handle.

        Raises:
            SlackError: ``user_not_found``.
        """
        for person in self.people():
            if name in (person.id, person.handle):
                return person.id
        raise SlackError("user_not_found")

    def channel(self, name: str, *, seen_by: str) -> str:
        """A conversation's id, by id or name; ``dm`` is this person's direct messages with the app.

        Raises:
            SlackError: ``channel_not_found``.
        """
        if name == "dm":
            return direct_id(seen_by)
        for conversation in self.conversations.values():
            if conversation.name and conversation.name == name.removeprefix("#"):
                return self.conversation(conversation.id, seen_by=seen_by).id
        return self.conversation(name, seen_by=seen_by).id

    # -- what people do

    def say(
        self,
        *,
        user: str,
        channel: str,
        text: str,
        thread_ts: str | None = None,
        beside: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> Message:
        """A person typed ``text`` and pressed Enter; in the agent's pane, ``beside`` a channel.

        A file alone, by name and bytes, is a message too.

        Raises:
            SlackError: they can't write there, or there is no such thread.
        """
        conversation = self.entered(channel, by=user)
        written, blocks = self._typed(text) if text.strip() or not files else ("", [])
        return self.add(
            conversation,
            Message(
                channel=channel,
                ts=self.next_ts(),
                user=user,
                files=self.files.share(files, user=user),
                text=written,
                blocks=blocks,
                thread_ts=conversation.thread(thread_ts),
                client_msg_id=str(uuid.uuid4()),
                beside=beside,
                unfurls=links_of(blocks),
            ),
        )

    def edit(self, *, user: str, channel: str, ts: str, text: str) -> Message:
        """A person edits a message of their own.

        Raises:
            SlackError: it is not theirs, or gone.
        """
        conversation = self.entered(channel, by=user)
        previous = conversation.own(ts, by=user, otherwise="cant_update_message")
        written, blocks = self._typed(text)
        now = self.next_ts()
        return self.change(previous, text=written, blocks=blocks, edited_ts=now, at=now)

    def erase(self, *, user: str, channel: str, ts: str) -> None:
        """A person deletes a message of their own; a thread keeps a tombstone in its place.

        Raises:
            SlackError: it is not theirs, or gone.
        """
        conversation = self.entered(channel, by=user)
        self._remove(conversation, conversation.own(ts, by=user, otherwise="cant_delete_message"))

    # -- what the app does

    def post(
        self,
        conversation: Conversation,
        *,
        text: str,
        blocks: Blocks,
        thread_ts: str | None = None,
        **more: Any,
    ) -> Message:
        """The app posts; ``more`` are other fields of ``Message``.

        Raises:
            SlackError: ``thread_not_found``, ``cannot_reply_to_message``.
        """
        message = Message(
            channel=conversation.id,
            ts=self.next_ts(),
            user=self.bot.user_id,
            text=text,
            blocks=with_ids(blocks),
            thread_ts=conversation.thread(thread_ts),
            by_app=True,
            **more,
        )
        if self.agents.posted(conversation.id, message.thread_ts or message.ts):
            self.emit(AgentChanged(channel=conversation.id))
        return self.add(conversation, message)

    def whisper(
        self,
        conversation: Conversation,
        *,
        user: str,
        text: str,
        blocks: Blocks,
        thread_ts: str | None = None,
    ) -> Message:
        """The app shows one person an ephemeral message.

        Raises:
            SlackError: ``user_not_in_channel``, or there is no such thread.
        """
        if user not in conversation.members:
            raise SlackError("user_not_in_channel")
        message = Message(
            channel=conversation.id,
            ts=self.next_ts(),
            user=self.bot.user_id,
            text=text,
            blocks=with_ids(blocks),
            thread_ts=conversation.thread(thread_ts),
            by_app=True,
            visible_to=user,
        )
        self.whispers.append(message)
        self.emit(Changed(kind="posted", message=message, ts=message.ts))
        return message

    def update(
        self,
        conversation: Conversation,
        ts: str,
        *,
        text: str,
        blocks: Blocks,
        metadata: dict[str, Any] | None = None,
    ) -> Message:
        """The app edits its message. Text alone removes the blocks and shows "(edited)", as Slack does.

        Raises:
            SlackError: ``message_not_found``, ``cant_update_message``, ``streaming_state_conflict``.
        """
        previous = conversation.own(ts, by=self.bot.user_id, otherwise="cant_update_message")
        if previous.stream is not None and previous.stream.until_s > self.now():
            raise SlackError("streaming_state_conflict")
        now = self.next_ts()
        return self.change(
            previous,
            text=text,
            blocks=with_ids(blocks),
            metadata=previous.metadata if metadata is None else metadata,
            edited_ts=None if blocks else now,
            stream=None,
            at=now,
        )

    def delete(self, conversation: Conversation, ts: str) -> None:
        """The app deletes its message; a thread keeps a tombstone in its place.

        Raises:
            SlackError: ``message_not_found``, ``cant_delete_message``.
        """
        previous = conversation.own(ts, by=self.bot.user_id, otherwise="cant_delete_message")
        self._remove(conversation, previous)

    # -- for all who write

    def add(self, conversation: Conversation, message: Message) -> Message:
        """Keep a new message, and tell of it."""
        conversation.add(message)
        if len(conversation.messages) > KEPT_MESSAGES:
            conversation.remove(next(iter(conversation.messages)))
        self.emit(Changed(kind="posted", message=message, ts=message.ts))
        return message

    def change(self, previous: Message, *, at: str, grown: bool = False, **fields: Any) -> Message:
        """Put other fields of ``Message`` in place, and tell of it."""
        message = self.replace(previous, **fields)
        kind: Literal["grown", "changed"] = "grown" if grown else "changed"
        self.emit(Changed(kind=kind, message=message, previous=previous, ts=at))
        return message

    def replace(self, previous: Message, **fields: Any) -> Message:
        """Put other fields of ``Message`` in place, without a word."""
        message = replace(previous, **fields)
        if message.visible_to is None:
            self.conversations[message.channel].messages[message.ts] = message
        else:
            self.whispers[self.whispers.index(previous)] = message
        return message

    def next_ts(self) -> str:
        """Slack's message id: the time in microseconds, and never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    # -- inside

    def _typed(self, text: str) -> tuple[str, Blocks]:
        if not text.strip():
            raise SlackError("no_text")
        if len(text) > MOST_TYPED_CHARS:
            raise SlackError("msg_too_long")
        written, blocks = self.typing.read(text.strip())
        return written, with_ids(blocks)

    def _remove(self, conversation: Conversation, previous: Message) -> None:
        if self.replies(conversation.id, previous.ts):
            self.change(
                previous,
                text="This message was deleted.",
                blocks=[],
                metadata=None,
                tombstone=True,
                reactions={},
                stream=None,
                at=self.next_ts(),
            )
        else:
            conversation.remove(previous.ts)
            self.emit(Changed(kind="deleted", message=previous, previous=previous, ts=self.next_ts()))
