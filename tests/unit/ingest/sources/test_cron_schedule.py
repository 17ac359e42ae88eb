"""When a source's resyncs begin."""

from datetime import UTC, datetime

import pytest

from ingest.apscheduler_schedule import CronSchedule
from wire.errors import SettingsError
from wire.source_settings import ScheduleSettings


def schedule(cron: str, time_zone: str = "UTC", window: str | None = None) -> CronSchedule:
    return CronSchedule("wiki", ScheduleSettings(cron=cron, time_zone=time_zone, window=window))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_slots_follow_the_time_zone() -> None:
    nightly = schedule("0 3 * * *", "Europe/Berlin")
    assert nightly.next_after(at("2026-07-01T00:00")) == at("2026-07-01T01:00")
    assert nightly.next_after(at("2026-01-01T00:00")) == at("2026-01-01T02:00")
    assert nightly.next_after(at("2026-01-01T02:00")) == at("2026-01-02T02:00"), "after, not at"


def test_many_missed_slots_are_caught_up_once() -> None:
    hourly = schedule("0 * * * *")
    now = at("2026-11-25T10:30")
    assert hourly.due(last=at("2026-11-20T01:00"), now=now) == at("2026-11-25T10:00")
    assert hourly.due(last=at("2026-11-25T10:00"), now=now) is None


def test_a_source_that_never_ran_is_due_for_its_newest_slot() -> None:
    assert schedule("0 3 * * *").due(last=None, now=at("2026-11-25T02:00")) == at("2026-11-24T03:00")
    assert schedule("0 3 1 1 *").due(last=None, now=at("2026-11-25T02:00")) == at("2026-01-01T03:00")


def test_slots_outside_the_window_are_none() -> None:
    nightly = schedule("0 * * * *", "Europe/Berlin", "22:00-06:00")
    assert nightly.next_after(at("2026-01-01T05:30")) == at("2026-01-01T21:00")
    assert nightly.is_open(at("2026-01-01T04:59"))
    assert not nightly.is_open(at("2026-01-01T05:00"))


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"cron": "every night"}, "cron"),
        ({"cron": "0 3 * * *", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"cron": "0 3 * * *", "window": "22:00-26:00"}, "window"),
    ],
)
def test_a_wrong_schedule_is_named(wrong: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=f"wiki.schedule.{named}"):
        CronSchedule("wiki", ScheduleSettings(**wrong))
