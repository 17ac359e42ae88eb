"""A source's slots, by APScheduler's cron triggers."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from wire.errors import SettingsError
from wire.source_settings import ScheduleSettings

LOOK_BACK = (timedelta(hours=1), timedelta(days=1), timedelta(days=32), timedelta(days=366))
"""How far to look for a missed slot: near first, because a year has half a million minutes."""
SLOTS_AT_MOST = 50_000
SECOND = timedelta(seconds=1)


class CronSchedule:
    """When a source's resyncs begin."""

    def __init__(self, name: str, settings: ScheduleSettings) -> None:
        """Read the settings.

        Raises:
            SettingsError: the cron expression, the time zone or the window can't be one.
        """
        where = f"SOURCES.{name}.schedule"
        try:
            self._zone = ZoneInfo(settings.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise SettingsError(f"{where}.time_zone: there is no {settings.time_zone!r}") from None
        try:
            self._cron = CronTrigger.from_crontab(settings.cron, timezone=self._zone)
        except ValueError:
            raise SettingsError(
                f"{where}.cron: five fields are expected, minute, hour, day, month and weekday: '0 3 * * *'"
            ) from None
        try:
            self._window = _window(settings.window) if settings.window else None
        except ValueError:
            raise SettingsError(f"{where}.window: give it as 22:00-06:00") from None

    def is_open(self, moment: datetime) -> bool:
        """Whether a run may begin at that moment."""
        if self._window is None:
            return True
        (begin, end), now = self._window, moment.astimezone(self._zone).time()
        return begin <= now < end if begin < end else now >= begin or now < end

    def next_after(self, moment: datetime) -> datetime | None:
        """The first slot after that moment; None where there is none."""
        slot = moment
        for _ in range(SLOTS_AT_MOST):
            found: datetime | None = self._cron.get_next_fire_time(None, slot + SECOND)
            if found is None:
                return None
            slot = found.astimezone(UTC)
            if self.is_open(slot):
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


def _window(text: str) -> tuple[time, time]:
    begin, _, end = text.partition("-")
    return time.fromisoformat(begin), time.fromisoformat(end)
