"""Who is where and who is who, as it changes: channels, user groups, people. Pure."""

from typing import Any, Literal

from sandbox.changes import AppOpened, ContextChanged, GroupChanged, Joined, Left, PersonChanged, Shared
from sandbox.company import Group, Person
from sandbox.errors import SlackError
from sandbox.workspace import Workspace


def take_in(workspace: Workspace, *, user: str, channel: str, by: str) -> None:
    """Take somebody, or the app, into a channel; where they already are, nothing happens.

    Raises:
        SlackError: the inviter is not in the channel.
    """
    conversation = workspace.entered(channel, by=by)
    if user not in conversation.members:
        conversation.members.append(user)
        workspace.emit(Joined(channel=channel, user=user, inviter=by, ts=workspace.next_ts()))


def leave(workspace: Workspace, *, user: str, channel: str) -> None:
    """Somebody, or the app, leaves a channel.

    Raises:
        SlackError: they are not in it.
    """
    workspace.entered(channel, by=user).members.remove(user)
    workspace.emit(Left(channel=channel, user=user, ts=workspace.next_ts()))


def share(workspace: Workspace, *, channel: str, external: bool, team: str) -> None:
    """Open a channel to another company's workspace, or close it again."""
    workspace.conversations[channel].external = external
    workspace.emit(Shared(channel=channel, external=external, team=team, ts=workspace.next_ts()))


def change_person(workspace: Workspace, user: str, **fields: Any) -> None:
    """Put other fields of ``Person`` in place.

    Raises:
        SlackError: ``user_not_found``.
    """
    person = workspace.users.get(user)
    if not isinstance(person, Person):
        raise SlackError("user_not_found")
    workspace.users[user] = Person.model_validate(person.model_dump() | fields)
    workspace.emit(PersonChanged(user=user, ts=workspace.next_ts()))


def change_group(workspace: Workspace, group: str, *, members: tuple[str, ...]) -> None:
    """Put other members into a user group, by id or handle.

    Raises:
        SlackError: ``no_such_subteam``.
    """
    for known in workspace.groups.values():
        if group in (known.id, known.handle):
            break
    else:
        raise SlackError("no_such_subteam")
    changed = Group.model_validate(known.model_dump() | {"members": members})
    workspace.groups[known.id] = changed
    workspace.emit(
        GroupChanged(
            group=changed,
            added=tuple(user for user in members if user not in known.members),
            removed=tuple(user for user in known.members if user not in members),
            ts=workspace.next_ts(),
        )
    )


def open_app(workspace: Workspace, *, user: str, tab: str, context: str | None = None) -> None:
    """A person opens a tab of the app, beside the channel ``context`` where it is the agent's pane."""
    kind: Literal["home", "messages"] = "home" if tab == "home" else "messages"
    workspace.emit(AppOpened(user=user, tab=kind, context=context, ts=workspace.next_ts()))


def look_at(workspace: Workspace, *, user: str, channel: str) -> None:
    """A person who has the agent's pane open goes to another channel."""
    workspace.entered(channel, by=user)
    workspace.emit(ContextChanged(user=user, channel=channel, ts=workspace.next_ts()))
