"""When a source's resyncs begin."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    ("weekday", "days"),
    [
        ("0", "Sun"),
        ("7", "Sun"),
        ("1-5", "Mon Tue Wed Thu Fri"),
        ("5-7", "Sun Fri Sat"),
        ("0,3", "Sun Wed"),
        ("*/2", "Sun Tue Thu Sat"),
        ("1-5/2", "Mon Wed Fri"),
        ("sat,sun", "Sun Sat"),
        ("*", "Sun Mon Tue Wed Thu Fri Sat"),
    ],
)
def test_weekdays_are_counted_as_cron_counts_them(weekday: str, days: str) -> None:
    """From Sunday, which is 0 and 7; APScheduler counts from Monday."""
    weekly, moment, found = schedule(f"0 12 * * {weekday}"), at("2026-11-22T00:00"), []
    while (slot := weekly.next_after(moment)) is not None and slot < at("2026-11-29T00:00"):
        found.append(f"{slot:%a}")
        moment = slot
    assert " ".join(found) == days


def test_a_time_that_the_clocks_leap_over_is_the_one_they_leap_to() -> None:
    nightly = schedule("30 2 * * *", "Europe/Berlin")
    assert nightly.next_after(at("2026-03-28T12:00")) == at("2026-03-29T01:30")
    assert nightly.next_after(at("2026-03-29T01:10")) == at("2026-03-29T01:30"), "asked in the hour after"
    assert nightly.next_after(at("2026-03-29T01:30")) == at("2026-03-30T00:30")


def test_a_time_that_comes_twice_is_its_first() -> None:
    nightly = schedule("30 2 * * *", "Europe/Berlin")
    assert nightly.next_after(at("2026-10-24T12:00")) == at("2026-10-25T00:30")
    assert nightly.next_after(at("2026-10-25T00:30")) == at("2026-10-26T01:30")


def test_midnight_after_the_clocks_were_set_is_not_left_out() -> None:
    """Left to itself, APScheduler goes from the 8th to the 10th of March."""
    nightly = schedule("0 0 * * *", "America/New_York")
    assert nightly.next_after(at("2026-03-08T05:00")) == at("2026-03-09T04:00")


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu")
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 — Hypothesis adds the zone


@given(zone=st.sampled_from(ZONES), hour=st.integers(0, 23), minute=st.integers(0, 59), moment=MOMENTS)
def test_a_daily_schedule_has_a_slot_each_day_whatever_the_clocks_do(
    zone: str, hour: int, minute: int, moment: datetime
) -> None:
    daily = schedule(f"{minute} {hour} * * *", zone)
    slot = daily.next_after(moment)
    assert slot is not None
    assert slot > moment
    following = daily.next_after(slot)
    assert following is not None
    assert timedelta(hours=22, minutes=59) < following - slot < timedelta(hours=25, minutes=1)
    assert daily.due(last=slot, now=following) == following


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"cron": "every night"}, "cron"),
        ({"cron": "0 3 * * *", "time_zone": "Mars/Olympus"}, "time_zone"),
        ({"cron": "0 3 * * *", "window": "22:00-26:00"}, "window"),
        ({"cron": "0 3 13 * 5"}, "cron: give days of the month or weekdays"),
        ({"cron": "0 3 * * 5-2"}, "cron"),
        ({"cron": "0 12 * * *", "window": "22:00-06:00"}, ""),
        ({"cron": "0 0 31 2 *"}, ""),
    ],
)
def test_a_wrong_schedule_is_named(wrong: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=f"wiki.schedule.?{named}"):
        CronSchedule("wiki", ScheduleSettings(**wrong))
