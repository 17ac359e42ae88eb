"""The workspace's state: conversations, messages, threads. Pure: no sockets, no waiting, time is passed in.

Whatever changes is told to ``emit`` once it stands; the shells turn that into Slack events and page updates.
"""

import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.company import Bot, Company, Group, Person
from sandbox.conversations import (
    Blocks,
    Change,
    Changed,
    Conversation,
    Joined,
    Message,
    direct_conversation,
    direct_id,
    open_channel,
    with_ids,
)
from sandbox.errors import SlackError
from sandbox.typing_text import Typing

MOST_TYPED_CHARS = 40_000
"""Slack's limit for any message."""
KEPT_MESSAGES = 5_000
"""Per conversation; the oldest go. A demo never gets there, a long test must not fill the memory."""
KEPT_WHISPERS = 200


class Workspace:
    """One team, its people, and what they wrote."""

    def __init__(self, company: Company, *, now: Callable[[], float], emit: Callable[[Change], None]) -> None:
        self.company = company
        self.users: dict[str, Person | Bot] = {person.id: person for person in company.people}
        self.bot = company.bot
        self.users[self.bot.user_id] = self.bot
        self.groups: dict[str, Group] = {group.id: group for group in company.groups}
        everyone = [person.id for person in company.people]
        self.conversations = {
            channel.id: open_channel(channel, everyone=everyone, bot=self.bot.user_id)
            for channel in company.channels
        }
        for person in company.people:
            conversation = direct_conversation(person.id, bot=self.bot.user_id)
            self.conversations[conversation.id] = conversation
        self.whispers: deque[Message] = deque(maxlen=KEPT_WHISPERS)
        """Ephemeral messages, for the page alone: the Web API can't read them."""
        self._typing = Typing(company)
        self._now = now
        self._emit = emit
        self._last_ts = 0

    # -- looking

    def now(self) -> float:
        """The time by the workspace's clock, in Unix seconds."""
        return self._now()

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
        if found is None:
            raise SlackError("message_not_found")
        return found

    def person(self, name: str) -> str:
        """A person's id, by id or handle.

        Raises:
            SlackError: ``user_not_found``.
        """
        for person in self.company.people:
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

    def say(self, *, user: str, channel: str, text: str, thread_ts: str | None = None) -> Message:
        """A person typed ``text`` and pressed Enter.

        Raises:
            SlackError: they can't write there, or there is no such thread.
        """
        conversation = self.entered(channel, by=user)
        if not text.strip():
            raise SlackError("no_text")
        if len(text) > MOST_TYPED_CHARS:
            raise SlackError("msg_too_long")
        written, blocks = self._typing.read(text.strip())
        return self._add(
            conversation,
            Message(
                channel=channel,
                ts=self._next_ts(),
                user=user,
                text=written,
                blocks=with_ids(blocks),
                thread_ts=self._thread(conversation, thread_ts),
                client_msg_id=str(uuid.uuid4()),
            ),
        )

    def invite_app(self, *, channel: str, by: str) -> None:
        """Take the app into a channel; where it already is, nothing happens.

        Raises:
            SlackError: the inviter is not in the channel.
        """
        conversation = self.entered(channel, by=by)
        if self.bot.user_id not in conversation.members:
            conversation.members.append(self.bot.user_id)
            self._emit(Joined(channel=channel, inviter=by, ts=self._next_ts()))

    # -- what the app does

    def post(
        self,
        conversation: Conversation,
        *,
        text: str,
        blocks: Blocks,
        thread_ts: str | None = None,
        broadcast: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> Message:
        """The app posts.

        Raises:
            SlackError: ``thread_not_found``, ``cannot_reply_to_message``.
        """
        return self._add(
            conversation,
            Message(
                channel=conversation.id,
                ts=self._next_ts(),
                user=self.bot.user_id,
                text=text,
                blocks=with_ids(blocks),
                thread_ts=self._thread(conversation, thread_ts),
                by_app=True,
                broadcast=broadcast and thread_ts is not None,
                metadata=metadata,
            ),
        )

    def whisper(
        self,
        conversation: Conversation,
        *,
        user: str,
        text: str,
        blocks: Blocks,
        thread_ts: str | None = None,
    ) -> Message:
        """The app posts an ephemeral message: one person sees it, nobody can read or edit it later.

        Raises:
            SlackError: ``user_not_in_channel``, ``thread_not_found``.
        """
        if user not in conversation.members:
            raise SlackError("user_not_in_channel")
        message = Message(
            channel=conversation.id,
            ts=self._next_ts(),
            user=self.bot.user_id,
            text=text,
            blocks=with_ids(blocks),
            thread_ts=self._thread(conversation, thread_ts),
            by_app=True,
            visible_to=user,
        )
        self.whispers.append(message)
        self._emit(Changed(kind="posted", message=message, ts=message.ts))
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
            SlackError: ``message_not_found``, ``cant_update_message``.
        """
        previous = self._own(conversation, ts, otherwise="cant_update_message")
        now = self._next_ts()
        message = replace(
            previous,
            text=text,
            blocks=with_ids(blocks),
            metadata=previous.metadata if metadata is None else metadata,
            edited_ts=None if blocks else now,
        )
        conversation.messages[ts] = message
        self._emit(Changed(kind="changed", message=message, previous=previous, ts=now))
        return message

    def delete(self, conversation: Conversation, ts: str) -> None:
        """The app deletes its message; a thread keeps a tombstone in its place.

        Raises:
            SlackError: ``message_not_found``, ``cant_delete_message``.
        """
        previous = self._own(conversation, ts, otherwise="cant_delete_message")
        if self.replies(conversation.id, ts):
            message = replace(
                previous, text="This message was deleted.", blocks=[], metadata=None, tombstone=True
            )
            conversation.messages[ts] = message
            self._emit(Changed(kind="changed", message=message, previous=previous, ts=self._next_ts()))
        else:
            conversation.remove(ts)
            self._emit(Changed(kind="deleted", message=previous, previous=previous, ts=self._next_ts()))

    # -- inside

    def _own(self, conversation: Conversation, ts: str, *, otherwise: str) -> Message:
        message = conversation.messages.get(ts)
        if message is None or message.tombstone:
            raise SlackError("message_not_found")
        if not message.by_app:
            raise SlackError(otherwise)
        return message

    def _thread(self, conversation: Conversation, thread_ts: str | None) -> str | None:
        if thread_ts is None:
            return None
        parent = conversation.messages.get(thread_ts)
        if parent is None:
            raise SlackError("thread_not_found")
        if parent.thread_ts is not None:
            raise SlackError("cannot_reply_to_message")
        return thread_ts

    def _add(self, conversation: Conversation, message: Message) -> Message:
        conversation.add(message)
        if len(conversation.messages) > KEPT_MESSAGES:
            conversation.remove(next(iter(conversation.messages)))
        self._emit(Changed(kind="posted", message=message, ts=message.ts))
        return message

    def _next_ts(self) -> str:
        """Slack's message id: the time in microseconds, and never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self._now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"
