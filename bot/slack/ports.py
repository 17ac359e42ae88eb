"""What the Slack use cases need of the world: small Protocols, and the types that cross them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.answering.question import Manner
from bot.slack.edit_budget import Edit
from bot.slack.view import Payload
from wire.errors import RefusedError
from wire.questions import AskedFile, QuestionAsked


class SupersededError(Exception):
    """Another replica answers this question by now; this one must not touch its message again."""


class SlackRefusedError(RefusedError):
    """Slack said no.

    Attributes:
        method: to what.
        reason: its own name for why, such as ``message_not_found``.
    """

    def __init__(self, method: str, reason: str) -> None:
        super().__init__(f"Slack refuses {method}: {reason}")
        self.method = method
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who we are in this workspace."""

    team: str
    user: str
    bot: str


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody in the workspace.

    Attributes:
        outside: a guest, or not known to be of this workspace.
        name: as they want to be called; ``full_name`` as they are.
        zone: where their days begin and end, such as ``Europe/Berlin``, as far as they told Slack.
        admin: an owner or admin of the workspace.
    """

    id: str
    name: str
    email: str | None
    outside: bool
    zone: str | None = None
    full_name: str = ""
    admin: bool = False


@dataclass(frozen=True, kw_only=True)
class UserGroup:
    """A user group: its name, what it is mentioned by, and its members' ids."""

    id: str
    name: str
    handle: str
    members: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ThreadMessage:
    """A message of a thread.

    Attributes:
        question: the id of the question that it answers, where it is ours.
        finished: whether that answer is a whole one.
    """

    ts: str
    user: str
    ours: bool
    question: str | None
    finished: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a message says, as Slack sends it, who says so, and its files."""

    user: str
    text: str
    files: tuple[AskedFile, ...]


@dataclass(frozen=True, kw_only=True)
class SharedFile:
    """A file in Slack.

    Attributes:
        bytes: how long it is.
        url: where it lies; None where that is not in Slack, or not any more.
        preview_url: of a picture that is larger, Slack's own preview of 1,024 pixels.
    """

    name: str
    media_type: str
    bytes: int
    url: str | None
    preview_url: str | None


@dataclass(frozen=True, kw_only=True)
class StopWish:
    """Somebody wants our answer to stop.

    Attributes:
        granted: whether they may: whoever asked, or nobody in particular where the question is gone.
        pressed: whether they pressed the button, and so look for something to happen.
    """

    granted: bool
    by: str | None
    pressed: bool

    @property
    def question_gone(self) -> bool:
        """Whether its asker has deleted the question."""
        return self.by is None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A press, a modal or a shortcut that was seen to.

    Attributes:
        reply: goes to Slack with the acknowledgement, such as what is wrong with a modal's fields.
    """

    reply: dict[str, Any] = field(default_factory=dict)


class Interaction(Protocol):
    """Sees to some of the presses, modals and shortcuts."""

    async def take(self, body: dict[str, Any]) -> Taken | None:
        """See to it within Slack's 3 s; None where it is somebody else's.

        Raises:
            AnswerdeskError: it could not be done; whoever did it is shown that it failed.
        """
        ...


class Messages(Protocol):
    """Posts and edits our messages. Every method raises the wire's errors, and none tries twice."""

    async def post(
        self, *, channel: str, thread_ts: str, shown: Payload, question: str, part: int = 0
    ) -> str:
        """Post a message of our answer into a thread; gives its ``ts``. ``part`` counts them from 0.

        Raises:
            UnavailableError: no answer from Slack; the message may stand all the same.
            OverloadedError: too many posts.
            RefusedError, MalformedError, SettingsError: Slack said no.
        """
        ...

    async def update(self, *, channel: str, ts: str, shown: Payload, question: str, part: int = 0) -> None:
        """Edit a message of our answer. Raises as ``post`` does."""
        ...

    async def find(
        self, *, channel: str, thread_ts: str, asked_ts: str, question: str, streams: bool
    ) -> dict[int, list[str]]:
        """Our messages that answer a question, by their parts; several of one where it was posted anew.

        They are looked for after the question. Raises likewise.

        Args:
            channel: where.
            thread_ts: in which thread.
            asked_ts: the question's message.
            question: its id.
            streams: whether what is being streamed there, which names no question, is of this one.
        """
        ...

    async def thread(self, *, channel: str, thread_ts: str) -> list[ThreadMessage]:
        """A thread's newest messages, oldest first. Raises likewise."""
        ...

    async def words(self, *, channel: str, thread_ts: str, ts: str) -> Said | None:
        """What a message of a thread says now; None where it is gone. Raises likewise."""
        ...

    async def write(self, *, channel: str, shown: Payload) -> str:
        """Post a message that answers no question; gives its ``ts``. Raises likewise."""
        ...

    async def withdraw(self, *, channel: str, ts: str) -> None:
        """Delete a message of ours. Raises likewise."""
        ...

    async def whisper(self, *, channel: str, thread_ts: str | None, user: str, shown: Payload) -> None:
        """Show one person a message that nobody else sees. Raises likewise.

        In a thread without a message yet Slack shows none (docs.slack.dev, chat.postEphemeral).
        """
        ...

    async def open_view(self, *, trigger: str, view: dict[str, Any]) -> str:
        """Open a modal before whoever did what gave the trigger; gives its id. Raises likewise."""
        ...

    async def post_question(self, *, channel: str, text: str, asker: str) -> str:
        """Post a question in its asker's name, for its answer to stand under; gives its ``ts``.

        Args:
            channel: where.
            text: as it was typed.
            asker: who asks.
        """
        ...

    async def open_direct(self, *, user: str) -> str:
        """Our direct messages with somebody. Raises likewise."""
        ...

    async def link(self, *, channel: str, ts: str) -> str:
        """The address of a message. Raises likewise."""
        ...

    async def answer(self, *, url: str, shown: Payload, replace: bool = True) -> None:
        """Answer a press or a shortcut, to whoever did it, at the address that came with it. Raises likewise.

        Args:
            url: that address.
            shown: what they are shown.
            replace: put it into the place of the message whose button was pressed.
        """
        ...

    async def place_name(self, channel: str) -> str | None:
        """What a channel is called; None of everybody's. Raises likewise, of one that we can't see, too."""
        ...

    async def channel_name(self, channel: str) -> str | None:
        """What a channel that we are in, and so can write in, is called; None of others. Raises likewise."""
        ...


class Directory(Protocol):
    """Knows people, user groups and channels. Every method raises the wire's errors."""

    async def people(self, cursor: str) -> tuple[list[Person], str]:
        """A page of the workspace's people, and the next page's cursor (empty: it was the last)."""
        ...

    async def person(self, user: str) -> Person:
        """One person, members of connected workspaces included."""
        ...

    async def groups(self) -> dict[str, UserGroup]:
        """User groups by id."""
        ...

    async def channel_is_shared(self, channel: str) -> bool:
        """Whether other companies are in the channel, or are about to be."""
        ...

    async def channel_members(self, channel: str) -> frozenset[str]:
        """The ids of everybody in a channel."""
        ...


class EditBudget(Protocol):
    """Gives out a workspace's edits, never more than Slack allows."""

    async def take(self, method: str, *, edit: Edit) -> float:
        """Take one call of a method now (0.0), or learn how many seconds to wait before asking again.

        Args:
            method: Slack's name of it.
            edit: what it is for; a last edit may use what others leave.
        """
        ...

    async def pause(self, method: str, *, seconds: float) -> None:
        """Slack said when to come back: nobody calls it before that."""
        ...


class Stops(Protocol):
    """Hears who wants an answer to stop."""

    def heard(self, question: QuestionAsked) -> AbstractContextManager[asyncio.Queue[StopWish]]:
        """The wishes to stop this question's answer, while the block lasts."""
        ...


class Turns(Protocol):
    """One question at a time in each thread."""

    def turn(
        self, question: QuestionAsked, *, on_wait: Callable[[], Awaitable[None]], within_s: float
    ) -> AbstractAsyncContextManager[None]:
        """Wait for this question's turn and hold it for the block; ``on_wait`` if others come first.

        Raises:
            UnavailableError: its turn did not come in time.
            SupersededError: another replica waits with this question by now.
        """
        ...


class Replays(Protocol):
    """Knows which of Slack's signed requests were taken."""

    async def take(self, signature: str) -> bool:
        """Take it; False where it was taken before."""
        ...

    async def give_back(self, signature: str) -> None:
        """What it came with could not be kept; it may come again."""
        ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How somebody, or a channel's admins, want a question answered.

    Attributes:
        manner: what the pipeline is told.
        fresh: whether no answer of before is wanted.
    """

    manner: Manner = field(default_factory=Manner)
    fresh: bool = False


class Preferences(Protocol):
    """Knows what people and admins have set."""

    async def wanted(self, question: QuestionAsked) -> Wanted:
        """How this question is to be answered. Raises UnavailableError."""
        ...


class Recent(Protocol):
    """Keeps each person's last questions, for themselves."""

    async def note(self, question: QuestionAsked, *, words: str, ts: str) -> None:
        """This question's answer stands at ``ts``; where that can't be kept, it is left out of their list."""
        ...
