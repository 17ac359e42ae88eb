"""Who is an administrator, asked at the time of each press and command."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from bot.answering.quota import Asker
from bot.slack.ports import Person, UserGroup
from wire.admin_settings import AdminSettings
from wire.audit import Audit, AuditLine

TOLD_AT_MOST = 20
"""Administrators who are written to when there is news."""
PAGES_READ = 20


class Directory(Protocol):
    """Knows people and user groups. Every method raises the wire's errors."""

    async def people(self, cursor: str) -> tuple[list[Person], str]:
        """A page of the workspace's people, and the next page's cursor (empty: it was the last)."""
        ...

    async def person(self, user: str) -> Person:
        """One person, as Slack has them now."""
        ...

    async def groups(self) -> dict[str, UserGroup]:
        """User groups by id."""
        ...


AskerOf = Callable[[str], Awaitable[Asker]]
"""Somebody with their user groups, of which those that can't be told are missing."""


class Admins:
    """Knows them by what the settings say."""

    def __init__(
        self, settings: AdminSettings, *, directory: Directory, asker_of: AskerOf, audit: Audit
    ) -> None:
        self._audit = audit
        self._settings = settings
        self._directory = directory
        self._asker_of = asker_of

    async def is_admin(self, user: str) -> bool:
        """Whether this person is one now; a guest or stranger never is.

        Raises:
            UnavailableError, RefusedError: Slack does not say.
        """
        person = await self._directory.person(user)
        if person.outside:
            return False
        if user in self._settings.users or (self._settings.workspace_admins and person.admin):
            return True
        if not self._settings.groups:
            return False
        return not set(self._settings.groups).isdisjoint((await self._asker_of(user)).groups)

    async def may(self, user: str, *, team: str, tried: str) -> bool:
        """Whether this person is one now; where they are not, what they tried is noted. Raises likewise."""
        if await self.is_admin(user):
            return True
        line = AuditLine.of("refused", person=f"{team}:{user}", subject=tried, outcome="not_admin")
        await self._audit.note(line)
        return False

    async def everybody(self) -> tuple[str, ...]:
        """Their ids, twenty at the most.

        Raises:
            UnavailableError, RefusedError: Slack does not say.
        """
        found = set(self._settings.users)
        if self._settings.groups:
            groups = await self._directory.groups()
            found.update(*(groups[group].members for group in self._settings.groups if group in groups))
        if self._settings.workspace_admins:
            found |= await self._workspace_admins()
        return tuple(sorted(found)[:TOLD_AT_MOST])

    async def _workspace_admins(self) -> set[str]:
        found: set[str] = set()
        cursor = ""
        for _ in range(PAGES_READ):
            people, cursor = await self._directory.people(cursor)
            found |= {person.id for person in people if person.admin and not person.outside}
            if not cursor:
                break
        return found
