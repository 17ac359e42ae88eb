"""What can change in the workspace, as its listeners (the app's events, the browsers) are told of it."""

from dataclasses import dataclass
from typing import Literal

from sandbox.company import Group
from sandbox.conversations import Message


@dataclass(frozen=True, kw_only=True)
class Changed:
    """A message was posted, changed, deleted, or grew as a stream. ``ts`` is when."""

    kind: Literal["posted", "changed", "deleted", "grown"]
    message: Message
    previous: Message | None = None
    ts: str


@dataclass(frozen=True, kw_only=True)
class Reacted:
    """Somebody put an emoji on a message, or took theirs away."""

    added: bool
    user: str
    emoji: str
    message: Message
    ts: str


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Somebody, or the app, was taken into a channel by ``inviter``."""

    channel: str
    user: str
    inviter: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class Left:
    """Somebody, or the app, left a channel."""

    channel: str
    user: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A channel is open to another company from now on, or no more."""

    channel: str
    external: bool
    team: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class PersonChanged:
    """A person's title, e-mail, status as guest or the like is another one."""

    user: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class GroupChanged:
    """A user group has other members."""

    group: Group
    added: tuple[str, ...]
    removed: tuple[str, ...]
    ts: str


@dataclass(frozen=True, kw_only=True)
class AppOpened:
    """A person opened a tab of the app, looking at ``context`` (a channel) when it is the agent's pane."""

    user: str
    tab: Literal["home", "messages"]
    context: str | None
    ts: str


@dataclass(frozen=True, kw_only=True)
class ContextChanged:
    """A person with the agent's pane open looks at another channel."""

    user: str
    channel: str
    ts: str


@dataclass(frozen=True, kw_only=True)
class SessionStopped:
    """A person pressed the Stop of an agent's session."""

    channel: str
    thread_ts: str
    user: str
    streams: tuple[str, ...]
    ts: str


@dataclass(frozen=True, kw_only=True)
class ViewsChanged:
    """What a person sees in modals or in the Home tab is another one: for browsers alone."""

    user: str


@dataclass(frozen=True, kw_only=True)
class AgentChanged:
    """A thread's status, title or session, or the prompts of direct messages: for browsers alone."""

    channel: str


Change = (
    Changed
    | Reacted
    | Joined
    | Left
    | Shared
    | PersonChanged
    | GroupChanged
    | AppOpened
    | ContextChanged
    | SessionStopped
    | ViewsChanged
    | AgentChanged
)
