"""Who will read an answer, as principals. Decided before anything is searched.

In a direct message the reader is the asker. Anywhere else it is everybody there, so only what the whole
company may read and what was given to that channel is searched. Where somebody from outside is present
only ``external`` is; where that can't be told, the answer is a refusal.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Generic, TypeVar

import structlog

from bot.answering.quota import Asker
from bot.slack.ports import Directory, Person
from wire.errors import AnswerdeskError, OverloadedError, RefusedError, UnavailableError
from wire.principals import EXTERNAL, PUBLIC
from wire.questions import QuestionAsked

PEOPLE_EVERY_S = 300.0
PEOPLE_AGE_S = 900.0
"""An older list of people is not trusted."""
FIRST_PEOPLE_WITHIN_S = 20.0
ASKER_AGE_S = 60.0
GROUPS_AGE_S = 60.0
CHANNEL_AGE_S = 30.0
FACTS_KEPT = 2_000
TRY_AGAIN_AFTER_S = 5.0

_UNKNOWN = (
    "I can't tell right now who will read my answer here, so I won't search for one. "
    "Please ask again in a minute."
)
_log = structlog.get_logger("audience")
T = TypeVar("T")
Mapped = Callable[[QuestionAsked], Awaitable[tuple[str, ...]]]
"""What else is read in a question's channel, as its admins say. Raises UnavailableError."""


async def nothing_mapped(_question: QuestionAsked) -> tuple[str, ...]:
    """No channel reads more than its own."""
    return ()


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


class _Everybody:
    """The workspace's people, read anew in the background, since a large workspace takes minutes."""

    def __init__(self, directory: Directory, *, first_within_s: float) -> None:
        self._directory = directory
        self._first_within_s = first_within_s
        self._people: dict[str, Person] = {}
        self._read_at = float("-inf")
        self._read = asyncio.Event()

    async def get(self, user: str) -> Person:
        """Somebody, as of the last reading.

        Raises:
            UnavailableError: nobody has been read yet, or too long ago.
        """
        try:
            async with asyncio.timeout(self._first_within_s):
                await self._read.wait()
        except TimeoutError as error:
            raise UnavailableError("Slack's list of people is not read yet", service="slack") from error
        if time.monotonic() - self._read_at > PEOPLE_AGE_S:
            raise UnavailableError("Slack's list of people is too old", service="slack")
        if user not in self._people:
            self._people[user] = await self._directory.person(user)
        return self._people[user]

    def names(self) -> dict[str, str]:
        return {person.id: person.name for person in self._people.values()}

    async def keep_reading(self) -> None:
        """Read everybody every few minutes, page by page, as slowly as Slack wants it."""
        while True:
            people: dict[str, Person] = {}
            cursor = ""
            while True:
                page, cursor = await self._page(cursor)
                people |= {person.id: person for person in page}
                if not cursor:
                    break
            self._people, self._read_at = people, time.monotonic()
            self._read.set()
            await asyncio.sleep(PEOPLE_EVERY_S)

    async def _page(self, cursor: str) -> tuple[list[Person], str]:
        while True:
            try:
                return await self._directory.people(cursor)
            except OverloadedError as error:
                await asyncio.sleep(error.retry_after_s or TRY_AGAIN_AFTER_S)
            except AnswerdeskError as error:
                _log.warning("people not read; trying again", reason=str(error))
                await asyncio.sleep(TRY_AGAIN_AFTER_S)


@contextmanager
def _unknown_is_refused() -> Iterator[None]:
    try:
        yield
    except OverloadedError:
        raise
    except (UnavailableError, RefusedError) as error:
        _log.warning("audience unknown", reason=str(error))
        raise RefusedError(_UNKNOWN) from error


class Audience:
    """Tells who reads what is posted where; made by ``watching_people``."""

    def __init__(
        self, directory: Directory, *, people_within_s: float, asker_age_s: float, mapped: Mapped
    ) -> None:
        self._directory = directory
        self._mapped = mapped
        self._asker_age_s = asker_age_s
        self._everybody = _Everybody(directory, first_within_s=people_within_s)
        self._groups = _Remembered(directory.groups, age_s=GROUPS_AGE_S)
        self._askers: dict[str, _Remembered[Person]] = {}
        self._channels: dict[str, _Remembered[bool]] = {}

    async def principals(self, question: QuestionAsked) -> tuple[str, ...]:
        """The readers of this question's answer.

        Raises:
            RefusedError: it can't be told who they are.
            OverloadedError: Slack wants us to ask later.
        """
        if question.direct:
            return await self.of_person(question.user)
        with _unknown_is_refused():
            outsiders = question.external or await self._has_outsiders(question.channel)
        if outsiders:
            return (EXTERNAL,)
        return (PUBLIC, f"channel:{question.channel}", *await self._mapped(question))

    async def of_person(self, user: str) -> tuple[str, ...]:
        """What one person may read where nobody else reads along. Raises as ``principals``."""
        with _unknown_is_refused():
            return await self._of_person(user)

    async def asker(self, user: str, *, team: str) -> Asker:
        """Whose quotas a question draws from; their own alone where Slack says no more of them."""
        alone = Asker(person=f"{team}:{user}")
        try:
            person = await self._asker(user)
            groups = await self._groups_of(user)
        except AnswerdeskError:
            return alone
        return replace(alone, groups=groups, zone=person.zone)

    def names(self) -> dict[str, str]:
        """People's names by id, as far as they are known."""
        return self._everybody.names()

    async def keep_reading_people(self) -> None:
        """Keep the list of people fresh, until cancelled."""
        await self._everybody.keep_reading()

    async def _of_person(self, user: str) -> tuple[str, ...]:
        person = await self._asker(user)
        if person.outside:
            return (EXTERNAL,)
        groups = [f"group:{group}" for group in await self._groups_of(user)]
        email = [f"email:{person.email.lower()}"] if person.email else []
        return (PUBLIC, f"user:{user}", *email, *groups)

    async def _asker(self, user: str) -> Person:
        asker = _kept(self._askers, user, lambda: self._directory.person(user), age_s=self._asker_age_s)
        return await asker.get()

    async def _groups_of(self, user: str) -> tuple[str, ...]:
        return tuple(group for group, members in (await self._known_groups()).items() if user in members)

    async def _known_groups(self) -> dict[str, frozenset[str]]:
        """User groups, or none: without them a reader sees less, never more."""
        try:
            return await self._groups.get()
        except (UnavailableError, RefusedError) as error:
            _log.warning("user groups unknown", reason=str(error))
            return {}

    async def _has_outsiders(self, channel: str) -> bool:
        looked = _kept(self._channels, channel, lambda: self._look_around(channel), age_s=CHANNEL_AGE_S)
        return await looked.get()

    async def _look_around(self, channel: str) -> bool:
        if await self._directory.channel_is_shared(channel):
            return True
        for member in await self._directory.channel_members(channel):
            if (await self._everybody.get(member)).outside:
                return True
        return False


@asynccontextmanager
async def watching_people(
    directory: Directory,
    *,
    people_within_s: float = FIRST_PEOPLE_WITHIN_S,
    asker_age_s: float = ASKER_AGE_S,
    mapped: Mapped = nothing_mapped,
) -> AsyncIterator[Audience]:
    """An audience whose list of people is kept fresh while the block lasts.

    Args:
        directory: what tells of people and channels.
        people_within_s: how long a question waits for the first reading of the list.
        asker_age_s: how long an asker's standing, member or guest, is taken for granted.
        mapped: what else is read in a channel.
    """
    audience = Audience(directory, people_within_s=people_within_s, asker_age_s=asker_age_s, mapped=mapped)
    async with asyncio.TaskGroup() as group:
        reading = group.create_task(audience.keep_reading_people(), name="read people")
        yield audience
        reading.cancel()


def _kept(
    facts: dict[str, _Remembered[T]], key: str, ask: Callable[[], Awaitable[T]], *, age_s: float
) -> _Remembered[T]:
    if key not in facts:
        if len(facts) >= FACTS_KEPT:
            facts.clear()
        facts[key] = _Remembered(ask, age_s=age_s)
    return facts[key]
