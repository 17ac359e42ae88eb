"""The workspace's people, read anew in the background, since a large workspace takes minutes."""

import asyncio
import re
import time

import structlog

from bot.slack.ports import Directory, Person
from wire.errors import AnswerdeskError, OverloadedError, UnavailableError

READ_AGAIN_AFTER_S = 120.0
"""Between two readings of the list."""
AGE_S = 300.0
"""What was read longer ago of somebody is asked for anew."""
KEPT_S = 900.0
"""Whoever was not seen for so long is forgotten, strangers and those who have left."""
TRY_AGAIN_AFTER_S = 5.0

_log = structlog.get_logger("people")


class Everybody:
    """Knows people, as of a few minutes ago at the most."""

    def __init__(self, directory: Directory, *, first_within_s: float, age_s: float = AGE_S) -> None:
        self._directory = directory
        self._first_within_s = first_within_s
        self._age_s = age_s
        self._people: dict[str, tuple[Person, float]] = {}
        """Each with the time when it was asked for."""
        self._changed: dict[str, float] = {}
        self._read = asyncio.Event()

    async def get(self, user: str) -> Person:
        """Somebody.

        Raises:
            UnavailableError: nobody has been read yet, or Slack does not say.
            RefusedError, OverloadedError: Slack does not say.
        """
        try:
            async with asyncio.timeout(self._first_within_s):
                await self._read.wait()
        except TimeoutError as error:
            raise UnavailableError("Slack's list of people is not read yet", service="slack") from error
        known, asked_at = self._people.get(user, (None, float("-inf")))
        if known is not None and time.monotonic() - asked_at < self._age_s:
            return known
        asked_at = time.monotonic()
        person = await self._directory.person(user)
        self._note(person, asked_at=asked_at)
        return person

    def names(self) -> dict[str, str]:
        """People's names by id, as far as they are known."""
        return {person.id: person.name for person, _ in self._people.values()}

    def colleague(self, owner: str) -> Person | None:
        """The one colleague whom this names, by e-mail address or full name; None where it is not one."""
        named = owner.casefold()
        words = set(re.split(r"[\s<>(),;]+", named))
        found = [
            person
            for person, _ in self._people.values()
            if not person.outside
            and (person.full_name.casefold() == named or (person.email or "").casefold() in words - {""})
        ]
        return found[0] if len(found) == 1 else None

    def domains(self) -> frozenset[str]:
        """Of the colleagues' e-mail addresses."""
        emails = (person.email for person, _ in self._people.values() if not person.outside)
        return frozenset(email.rpartition("@")[2].casefold() for email in emails if email)

    def changed(self, user: str) -> None:
        """Somebody is not who they were: what is known of them, and what is being asked, counts no more."""
        self._people.pop(user, None)
        self._changed[user] = time.monotonic()

    def taken_in(self, user: str) -> bool:
        """Somebody belongs to the workspace: whether they were known as from outside, which counts no more.

        Of whoever was known as one of us nothing is asked anew: that would be everybody, all day long.
        """
        person, _ = self._people.get(user, (None, 0.0))
        if person is None or not person.outside:
            return False
        self.changed(user)
        return True

    async def keep_reading(self) -> None:
        """Read everybody again and again, page by page, as slowly as Slack wants it."""
        while True:
            cursor = ""
            while True:
                asked_at = time.monotonic()
                page, cursor = await self._page(cursor)
                for person in page:
                    self._note(person, asked_at=asked_at)
                if not cursor:
                    break
            self._read.set()
            await asyncio.sleep(READ_AGAIN_AFTER_S)
            self._drop_old()

    def _note(self, person: Person, *, asked_at: float) -> None:
        if self._changed.get(person.id, float("-inf")) < asked_at:
            self._people[person.id] = (person, asked_at)

    def _drop_old(self) -> None:
        oldest = time.monotonic() - KEPT_S
        self._changed = {user: at for user, at in self._changed.items() if at > oldest}
        self._people = {user: kept for user, kept in self._people.items() if kept[1] > oldest}

    async def _page(self, cursor: str) -> tuple[list[Person], str]:
        while True:
            try:
                return await self._directory.people(cursor)
            except OverloadedError as error:
                await asyncio.sleep(error.retry_after_s or TRY_AGAIN_AFTER_S)
            except AnswerdeskError as error:
                _log.warning("people not read; trying again", reason=str(error))
                await asyncio.sleep(TRY_AGAIN_AFTER_S)
