"""How much may be asked, as the pipeline sees it, and what the counts are called (pure).

Tokens are drawn from pots: a person's, each of their groups', the workspace's, for a day and for a month.
A question draws from all of its asker's pots at once, or from none.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wire.answer_settings import GroupQuota

Scope = Literal["person", "group", "workspace"]
Period = Literal["day", "month"]
WORKSPACE = "all"


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Whose pots an answer draws from.

    Attributes:
        person: such as ``T1:U2``.
        groups: the ids of their user groups.
        zone: where their days begin and end, such as ``Europe/Berlin``.
    """

    person: str
    groups: tuple[str, ...] = ()
    zone: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pot:
    """So many tokens for somebody and some time.

    Attributes:
        name: of its owner: a person, a group, or all.
        begins: the day it begins with, such as ``2026-11-25``.
        limit: how many tokens.
        resets_at: when the next one begins, in its owner's zone.
    """

    scope: Scope
    name: str
    period: Period
    begins: str
    limit: int
    resets_at: datetime

    @property
    def key(self) -> str:
        """Names the pot among all that there are."""
        return f"{self.period}:{self.begins}:{self.scope}:{self.name}"


@dataclass(frozen=True, kw_only=True)
class Level:
    """How far a pot has been drawn."""

    pot: Pot
    used: int
    reserved: int


@dataclass(frozen=True, kw_only=True)
class Reservation:
    """Tokens set aside for one answer.

    Attributes:
        key: names this run of this attempt at the question.
        pots: the keys of those that it draws from: today's, also when the answer ends tomorrow.
        tokens: how many.
    """

    key: str
    pots: tuple[str, ...]
    tokens: int


@dataclass(frozen=True, kw_only=True)
class OwnLimits:
    """What one person may use, where it is not what everybody may; 0 sets no limit."""

    per_day: int = 0
    per_month: int = 0
    requests_per_minute: int = 0


@dataclass(frozen=True, kw_only=True)
class QuotaLimits:
    """Tokens, and questions a minute; 0 sets no limit.

    Attributes:
        own: of those persons who have limits of their own.
        zone: where the workspace's and groups' days begin, and those of people of whom no zone is known.
    """

    person_per_day: int = 0
    person_per_month: int = 0
    workspace_per_day: int = 0
    workspace_per_month: int = 0
    groups: Mapping[str, GroupQuota] = field(default_factory=dict)
    requests_per_minute: int = 0
    own: Mapping[str, OwnLimits] = field(default_factory=dict)
    zone: str = "UTC"

    @property
    def any(self) -> bool:
        """Whether anything is limited at all."""
        numbers = (
            self.person_per_day,
            self.person_per_month,
            self.workspace_per_day,
            self.workspace_per_month,
        )
        return any((*numbers, self.groups, self.requests_per_minute, self.own))

    def of(self, person: str) -> OwnLimits:
        """What this person may use by themselves."""
        everybody = OwnLimits(
            per_day=self.person_per_day,
            per_month=self.person_per_month,
            requests_per_minute=self.requests_per_minute,
        )
        return self.own.get(person, everybody)

    def pots(self, asker: Asker, *, now: datetime) -> list[Pot]:
        """All that an answer draws from, an asker's own first."""
        ours = now.astimezone(_zone(self.zone, UTC))
        own = now.astimezone(_zone(asker.zone, _zone(self.zone, UTC)))
        limits_of_own = self.of(asker.person)
        owners: list[tuple[Scope, str, datetime, int, int]] = [
            ("person", asker.person, own, limits_of_own.per_day, limits_of_own.per_month),
            *(
                ("group", group, ours, self.groups[group].tokens_per_day, self.groups[group].tokens_per_month)
                for group in sorted(set(asker.groups) & self.groups.keys())
            ),
            ("workspace", WORKSPACE, ours, self.workspace_per_day, self.workspace_per_month),
        ]
        return [
            Pot(
                scope=scope,
                name=name,
                period=span.period,
                begins=span.begins,
                limit=limit,
                resets_at=span.ends,
            )
            for scope, name, time, *limits in owners
            for span, limit in zip((_day(time), _month(time)), limits, strict=True)
            if limit
        ]


class Quota(Protocol):
    """Tokens set aside before a model is called, and settled by what it really took."""

    async def admit(self, asker: Asker) -> None:
        """Count a question against its asker's questions a minute.

        Raises:
            RefusedError: too many; the text says how long to wait.
            UnavailableError: the count can't be reached.
        """

    async def reserve(self, asker: Asker, *, key: str, tokens: int) -> Reservation:
        """Set tokens aside in all of the asker's pots, in one step with looking whether there are enough.

        Raises:
            RefusedError: there are not; the text says when there will be.
            UnavailableError: the count can't be reached.
        """

    async def renew(self, reservation: Reservation, *, used: int) -> None:
        """The answer is alive and has taken so much; were it to die now, that is what it is charged.

        Raises:
            UnavailableError: the count can't be reached.
        """

    async def settle(self, reservation: Reservation, *, used: int) -> None:
        """The answer has ended and took so much; charged once, however often this is called.

        Raises:
            UnavailableError: the count can't be reached; it is charged later.
        """


def utc_now() -> datetime:
    """The clock by which days begin and end."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class _Span:
    period: Period
    begins: str
    ends: datetime


def _day(now: datetime) -> _Span:
    """The day by the wall clock, also where it has 23 or 25 hours."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return _Span("day", f"{today:%Y-%m-%d}", today + timedelta(days=1))


def _month(now: datetime) -> _Span:
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return _Span("month", f"{first:%Y-%m-%d}", (first + timedelta(days=32)).replace(day=1))


def _zone(name: str | None, otherwise: tzinfo) -> tzinfo:
    if not name:
        return otherwise
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return otherwise
