"""Who will read an answer, as principals. Decided before anything is searched.

In a direct message the reader is the asker. Anywhere else it is everybody there, so only what the whole
company may read and what was given to that channel is searched. Where somebody from outside is present
only ``external`` is; where that can't be told, the answer is a refusal.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import structlog

from bot.answering.quota import Asker
from bot.slack.deadline import in_time
from bot.slack.owner_names import group_named
from bot.slack.people import AGE_S, Everybody
from bot.slack.ports import Directory, Person, UserGroup
from wire.errors import AnswerdeskError, OverloadedError, RefusedError, UnavailableError
from wire.people_news import PeopleChanged
from wire.principals import EXTERNAL, PUBLIC
from wire.questions import QuestionAsked
from wire.stopping import tasks_beside

FIRST_PEOPLE_WITHIN_S = 20.0
FACTS_KEPT = 2_000
LOOK_WITHIN_S = 20.0
"""How long it may take to see who is in a channel."""

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


@dataclass(frozen=True, kw_only=True)
class Ages:
    """For how many seconds a fact is taken for granted, unless there is news of it."""

    people_s: float = AGE_S
    """The standing, member or guest, of people in a channel."""
    asker_s: float = 60.0
    groups_s: float = 60.0
    channel_s: float = 30.0


BY_DEFAULT = Ages()


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
            if self._fact is None or time.monotonic() - self._asked_at >= self._age_s:
                self._fact = await self._ask()
                self._asked_at = time.monotonic()
            return self._fact


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

    def __init__(self, directory: Directory, *, people_within_s: float, ages: Ages, mapped: Mapped) -> None:
        self._directory = directory
        self._mapped = mapped
        self._ages = ages
        self._everybody = Everybody(directory, first_within_s=people_within_s, age_s=ages.people_s)
        self._groups = _Remembered(directory.groups, age_s=ages.groups_s)
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

    def colleague(self, owner: str) -> Person | None:
        """The one colleague whom this names, by e-mail address or full name."""
        return self._everybody.colleague(owner)

    async def owner_group(self, owner: str) -> UserGroup | None:
        """The one user group whom this names; None where that can't be told. Raises OverloadedError."""
        groups = (await self._known_groups()).values()
        return group_named(owner, groups, domains=self._everybody.domains())

    def changed(self, news: PeopleChanged) -> None:
        """Ask anew for what is remembered of these people, channels or groups."""
        for user in news.people:
            self._everybody.changed(user)
            self._askers.pop(user, None)
        for user in news.members:
            self._askers.pop(user, None)
        for channel in news.channels:
            self._channels.pop(channel, None)
        taken_in = [user for user in news.members if self._everybody.taken_in(user)]
        if news.people or taken_in:
            # Any channel may have them.
            self._channels.clear()
        if news.groups:
            self._groups = _Remembered(self._directory.groups, age_s=self._ages.groups_s)

    async def _of_person(self, user: str) -> tuple[str, ...]:
        person = await self._asker(user)
        if person.outside:
            return (EXTERNAL,)
        groups = [f"group:{group}" for group in await self._groups_of(user)]
        email = [f"email:{person.email.lower()}"] if person.email else []
        return (PUBLIC, f"user:{user}", *email, *groups)

    async def _asker(self, user: str) -> Person:
        asker = _kept(self._askers, user, lambda: self._directory.person(user), age_s=self._ages.asker_s)
        return await asker.get()

    async def _groups_of(self, user: str) -> tuple[str, ...]:
        return tuple(group for group, known in (await self._known_groups()).items() if user in known.members)

    async def _known_groups(self) -> dict[str, UserGroup]:
        """User groups, or none: without them a reader sees less, never more."""
        try:
            return await self._groups.get()
        except (UnavailableError, RefusedError) as error:
            _log.warning("user groups unknown", reason=str(error))
            return {}

    async def _has_outsiders(self, channel: str) -> bool:
        looked = _kept(
            self._channels, channel, lambda: self._look_around(channel), age_s=self._ages.channel_s
        )
        return await looked.get()

    async def _look_around(self, channel: str) -> bool:
        async with in_time(LOOK_WITHIN_S, service="slack"):
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
    ages: Ages = BY_DEFAULT,
    mapped: Mapped = nothing_mapped,
) -> AsyncIterator[Audience]:
    """An audience whose list of people is kept fresh while the block lasts.

    Args:
        directory: what tells of people and channels.
        people_within_s: how long a question waits for the first reading of the list.
        ages: how long what was asked for once is believed.
        mapped: what else is read in a channel.
    """
    audience = Audience(directory, people_within_s=people_within_s, ages=ages, mapped=mapped)
    async with tasks_beside() as group:
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
