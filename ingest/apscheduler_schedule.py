"""A source's slots, by APScheduler's cron triggers over the wall clock of the source's time zone.

The trigger itself knows no time zone: where clocks are set forward it would leave out a whole day's slot, and
set back, have one twice. Here a wall clock's slot comes once: one that the clocks leap over at the hour they
leap to, one that comes twice at its first time.
"""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from wire.errors import SettingsError
from wire.source_settings import ScheduleSettings

LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=366))
"""How far to look for a missed slot: near first, because a year has half a million minutes."""
SLOTS_AT_MOST = 3_000
"""Outside a window, before the first one within: a day has 1,440 at the most, and each day the same."""
LONGEST_LEAP = timedelta(hours=3)
"""Of a clock that is set: more than ever was, but for islands that changed their date."""
SECOND = timedelta(seconds=1)
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As cron counts them, 0 and 7 being Sunday; APScheduler counts from Monday."""
_DAYS = re.compile(r"(\*|[0-7])(?:-([0-7]))?(?:/([1-7]))?")


class CronSchedule:
    """When a source's resyncs begin."""

    def __init__(self, name: str, settings: ScheduleSettings) -> None:
        """Read the settings.

        Raises:
            SettingsError: the cron expression, the time zone or the window can't be one, or no time is
                within both.
        """
        where = f"SOURCES.{name}.schedule"
        try:
            self._zone = ZoneInfo(settings.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(f"{where}.time_zone: there is no {settings.time_zone!r}") from None
        self._cron = _cron(settings.cron, where=f"{where}.cron")
        try:
            self._window = _window(settings.window) if settings.window else None
        except ValueError:
            raise SettingsError(f"{where}.window: give it as 22:00-06:00") from None
        if self.next_after(datetime.now(UTC)) is None:
            raise SettingsError(f"{where}: no time is both of the cron expression and within the window")

    def is_open(self, moment: datetime) -> bool:
        """Whether a run may begin, or go on, at that moment."""
        if self._window is None:
            return True
        (begin, end), now = self._window, moment.astimezone(self._zone).time()
        return begin <= now < end if begin < end else now >= begin or now < end

    def next_after(self, moment: datetime) -> datetime | None:
        """The first slot after that moment; None where there is none."""
        wall: datetime | None = self._wall(moment)
        for _ in range(SLOTS_AT_MOST):
            wall = self._cron.get_next_fire_time(None, wall + SECOND) if wall else None
            if wall is None:
                return None
            slot: datetime = wall.replace(tzinfo=self._zone).astimezone(UTC)
            if slot > moment and self.is_open(slot):
                return slot
        return None

    def due(self, *, last: datetime | None, now: datetime) -> datetime | None:
        """The newest slot after the last one that had its run; those before it are not made up for."""
        for span in LOOK_BACK:
            since = now - span
            slot = newest = None
            start = max(since, last) if last else since
            while (slot := self.next_after(slot or start)) is not None and slot <= now:
                newest = slot
            if newest is not None or (last is not None and last >= since):
                return newest
        return None

    def _wall(self, moment: datetime) -> datetime:
        """What the clocks show, as if there were no time zones; after a leap, some hours before that."""
        here, before = moment.astimezone(self._zone), (moment - LONGEST_LEAP).astimezone(self._zone)
        wall = here if here.utcoffset() == before.utcoffset() else before
        return wall.replace(tzinfo=UTC, fold=0)


def _cron(expression: str, *, where: str) -> CronTrigger:
    try:
        minute, hour, day, month, weekday = expression.split()
        trigger = CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=UTC
        )
    except ValueError:
        raise SettingsError(
            f"{where}: five fields are expected, minute, hour, day, month and weekday: '0 3 * * *'"
        ) from None
    if day != "*" and weekday != "*":
        # Cron takes either, the trigger both; whichever was meant, half of the time it would be wrong.
        raise SettingsError(f"{where}: give days of the month or weekdays, and * for the other")
    return trigger


def _weekdays(field: str) -> str:
    """Weekdays by name, where they are given as cron numbers them."""
    return ",".join(_by_name(part) for part in field.split(","))


def _by_name(part: str) -> str:
    found = _DAYS.fullmatch(part)
    if found is None or part == "*":
        return part
    first, last, step = int(found[1].replace("*", "0")), found[2], found[3]
    until = int(last or (6 if step else first))
    if until < first:
        raise ValueError(part)
    return ",".join(dict.fromkeys(WEEKDAYS[day] for day in range(first, until + 1, int(step or 1))))


def _window(text: str) -> tuple[time, time]:
    begin, _, end = text.partition("-")
    return time.fromisoformat(begin), time.fromisoformat(end)
