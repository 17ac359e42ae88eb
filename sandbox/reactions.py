"""Emoji on messages. Pure."""

import re

from sandbox.changes import Reacted
from sandbox.conversations import Message
from sandbox.errors import SlackError
from sandbox.workspace import Workspace

MOST_EMOJI = 23
"""Different ones on a message, for one person (Slack's own limit; its page names it as 23)."""


def react(workspace: Workspace, message: Message, emoji: str, *, user: str) -> None:
    """Put an emoji on a message.

    Raises:
        SlackError: ``invalid_name``, ``already_reacted``, ``too_many_reactions``.
    """
    if not re.fullmatch(r"[a-z0-9_'+-]+(::skin-tone-[2-6])?", emoji):
        raise SlackError("invalid_name")
    users = message.reactions.get(emoji, ())
    if user in users:
        raise SlackError("already_reacted")
    if sum(user in each for each in message.reactions.values()) >= MOST_EMOJI:
        raise SlackError("too_many_reactions")
    _set(workspace, message, emoji, (*users, user), added=True, user=user)


def take_back(workspace: Workspace, message: Message, emoji: str, *, user: str) -> None:
    """Take one's emoji away.

    Raises:
        SlackError: ``no_reaction``.
    """
    users = message.reactions.get(emoji, ())
    if user not in users:
        raise SlackError("no_reaction")
    _set(workspace, message, emoji, tuple(each for each in users if each != user), added=False, user=user)


def _set(
    workspace: Workspace, message: Message, emoji: str, users: tuple[str, ...], *, added: bool, user: str
) -> None:
    reactions = {**message.reactions, emoji: users}
    if not users:
        del reactions[emoji]
    changed = workspace.replace(message, reactions=reactions)
    workspace.emit(Reacted(added=added, user=user, emoji=emoji, message=changed, ts=workspace.next_ts()))
