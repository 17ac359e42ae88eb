"""Who works at the company and what channels it has, as ``workspace.toml`` says."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from sandbox.errors import CompanyError

EVERYONE = "*"

UserId = Annotated[str, StringConstraints(pattern=r"^U[A-Z0-9]+$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^S[A-Z0-9]+$")]
TeamId = Annotated[str, StringConstraints(pattern=r"^T[A-Z0-9]+$")]
ChannelId = Annotated[str, StringConstraints(pattern=r"^C[A-Z0-9]+$")]
Handle = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]


class _Entry(BaseModel):
    """Part of the file: a key that nobody reads is a mistake worth telling."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Team(_Entry):
    """The workspace itself, or another company's that shares channels with it."""

    id: TeamId
    name: str
    domain: str


class Bot(_Entry):
    """The app that is installed in the workspace."""

    app_id: Annotated[str, StringConstraints(pattern=r"^A[A-Z0-9]+$")]
    bot_id: Annotated[str, StringConstraints(pattern=r"^B[A-Z0-9]+$")]
    user_id: UserId
    name: str
    handle: Handle
    agent: bool = True
    """Declared an agent (``agent_view``): prompts, titles and sessions are for agents alone."""
    home: bool = True
    """Has a Home tab."""
    stops: bool = True
    """Subscribed to ``agent_session_stopped``: a working session has a Stop button."""


class Person(_Entry):
    """Somebody who writes here."""

    id: UserId
    handle: Handle
    name: str
    title: str = ""
    email: str = ""
    admin: bool = False
    guest: bool = False
    """From outside, with an account in this workspace."""
    team: TeamId | None = None
    """Another company's workspace, for somebody who is here through shared channels alone: a stranger."""
    deleted: bool = False
    """Deactivated."""


class Group(_Entry):
    """A user group, such as ``@on-call``."""

    id: GroupId
    handle: Handle
    name: str
    members: tuple[UserId, ...] = ()


class Channel(_Entry):
    """A channel. ``bot`` says that the app is in it, ``external`` that another company is.

    ``group_message`` makes it direct messages of several people.
    """

    id: ChannelId
    name: Handle
    private: bool = False
    group_message: bool = False
    topic: str = ""
    members: tuple[UserId | Literal["*"], ...] = (EVERYONE,)
    bot: bool = False
    external: bool = False


class Command(_Entry):
    """A slash command of the app. ``escape`` turns names in its text into ids, as the manifest's does."""

    command: Annotated[str, StringConstraints(pattern=r"^/[a-z0-9_-]{1,31}$")]
    description: str
    usage_hint: str = ""
    escape: bool = False


class Shortcut(_Entry):
    """A shortcut of the app: on a message, or from anywhere."""

    type: Literal["message", "global"]
    name: Annotated[str, StringConstraints(max_length=24)]
    callback_id: Annotated[str, StringConstraints(max_length=255)]
    description: str = ""


class Suggestion(_Entry):
    """A question that the page offers where a conversation is short."""

    text: str
    where: Literal["channel", "dm"]
    channel: ChannelId | None = None


class Company(_Entry):
    """The whole file."""

    team: Team
    partners: tuple[Team, ...] = ()
    bot: Bot
    people: tuple[Person, ...]
    groups: tuple[Group, ...] = ()
    channels: tuple[Channel, ...]
    commands: tuple[Command, ...] = ()
    shortcuts: tuple[Shortcut, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()

    @model_validator(mode="after")
    def _ids_are_known(self) -> Self:
        people = {person.id for person in self.people}
        members = {group.id: set(group.members) for group in self.groups}
        members |= {channel.id: set(channel.members) - {EVERYONE} for channel in self.channels}
        for listed, named in members.items():
            if strangers := named - people:
                raise ValueError(f"{listed} lists members that are no people: {sorted(strangers)}")
        partners = {partner.id for partner in self.partners}
        if unknown := {person.team for person in self.people if person.team} - partners:
            raise ValueError(f"people are of teams that are no partners: {sorted(unknown)}")
        ids = [entry.id for entry in self.people]
        ids += [entry.id for entry in self.groups]
        ids += [entry.id for entry in self.channels]
        twice = sorted({entry for entry in ids if ids.count(entry) > 1})
        if twice:
            raise ValueError(f"ids stand twice: {twice}")
        return self


def read_company(folder: Path) -> Company:
    """Read ``workspace.toml`` in ``folder``.

    Raises:
        CompanyError: the file is missing or wrong.
    """
    path = folder / "workspace.toml"
    try:
        return Company.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise CompanyError(f"{path} can't be read: {error.strerror}") from error
    except tomllib.TOMLDecodeError as error:
        raise CompanyError(f"{path} is not TOML: {error}") from error
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']) or 'the file'}: {problem['msg']}"
            for problem in error.errors(include_url=False)
        )
        raise CompanyError(f"{path}: {problems}") from error
