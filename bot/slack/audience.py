"""Who will read an answer, as principals. Decided before anything is searched.

In a direct message the reader is the asker. Anywhere else it is everybody there, so only what the whole
company may read and what was given to that channel is searched. Where somebody from outside is present
only ``external`` is; where that can't be told, the answer is a refusal.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import structlog

from bot.slack.ports import Directory, Person
from wire.errors import AnswerdeskError, RefusedError, UnavailableError
from wire.principals import EXTERNAL, PUBLIC
from wire.questions import QuestionAsked

PEOPLE_AGE_S = 600.0
"""users.list is a Tier 2 method (20 a minute) and takes a page for 200 people."""
GROUPS_AGE_S = 60.0
CHANNEL_AGE_S = 30.0
CHANNELS_KEPT = 2_000

_log = structlog.get_logger("audience")
T = TypeVar("T")


class _Remembered(Generic[T]):
    """A fact from Slack that is asked for again once it is too old."""

    def __init__(self, ask: Callable[[], Awaitable[T]], *, age_s: float) -> None:
        self._ask = ask
        self._age_s = age_s
        self._asked_at = float("-inf")
        self._fact: T | None = None
        self._asking = asyncio.Lock()

    async def get(self) -> T:
        async with self._asking:
            if self._fact is None or time.monotonic() - self._asked_at > self._age_s:
                self._fact = await self._ask()
                self._asked_at = time.monotonic()
            return self._fact


class Audience:
    """Tells who reads what is posted where."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._people = _Remembered(self._all_people, age_s=PEOPLE_AGE_S)
        self._groups = _Remembered(directory.groups, age_s=GROUPS_AGE_S)
        self._channels: dict[str, _Remembered[bool]] = {}

    async def principals(self, question: QuestionAsked) -> tuple[str, ...]:
        """The readers of this question's answer.

        Raises:
            RefusedError: it can't be told who they are.
        """
        try:
            if question.direct:
                return await self._of_person(question.user)
            outsiders = question.external or await self._has_outsiders(question.channel)
        except (UnavailableError, RefusedError) as error:
            _log.warning("audience unknown", error=str(error))
            raise RefusedError(
                "I can't tell right now who will read my answer here, so I won't search for one. "
                "Please ask again in a minute."
            ) from error
        return (EXTERNAL,) if outsiders else (PUBLIC, f"channel:{question.channel}")

    async def names(self) -> dict[str, str]:
        """People's names by id, as far as they are known."""
        try:
            return {person.id: person.name for person in (await self._people.get()).values()}
        except AnswerdeskError:
            return {}

    async def _of_person(self, user: str) -> tuple[str, ...]:
        person = await self._person(user)
        if person.outside:
            return (EXTERNAL,)
        groups = [
            f"group:{group}" for group, members in (await self._known_groups()).items() if user in members
        ]
        email = [f"email:{person.email.lower()}"] if person.email else []
        return (PUBLIC, f"user:{user}", *email, *groups)

    async def _known_groups(self) -> dict[str, frozenset[str]]:
        """User groups, or none: without them a reader sees less, never more."""
        try:
            return await self._groups.get()
        except (UnavailableError, RefusedError) as error:
            _log.warning("user groups unknown", error=str(error))
            return {}

    async def _has_outsiders(self, channel: str) -> bool:
        if channel not in self._channels:
            if len(self._channels) >= CHANNELS_KEPT:
                self._channels.clear()
            self._channels[channel] = _Remembered(lambda: self._look_around(channel), age_s=CHANNEL_AGE_S)
        return await self._channels[channel].get()

    async def _look_around(self, channel: str) -> bool:
        if await self._directory.channel_is_shared(channel):
            return True
        members = await self._directory.channel_members(channel)
        return any([(await self._person(member)).outside for member in members])

    async def _person(self, user: str) -> Person:
        people = await self._people.get()
        if user not in people:
            people[user] = await self._directory.person(user)
        return people[user]

    async def _all_people(self) -> dict[str, Person]:
        return {person.id: person for person in await self._directory.people()}
