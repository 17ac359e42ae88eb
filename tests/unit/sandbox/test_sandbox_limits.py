from sandbox.faults import Faults, RateLimited
from sandbox.methods.table import METHODS
from sandbox.rate_limits import NO_LIMITS, SLACK_LIMITS, SLACK_PER_MINUTE, Limits, RateLimits


def test_posting_is_one_a_second_per_channel_after_a_short_burst() -> None:
    limits = RateLimits(SLACK_LIMITS)
    waits = [limits.wait_s("chat.postMessage", channel="C1", now_s=0.0) for _ in range(7)]
    assert waits == [None] * 5 + [1, 1]
    assert limits.wait_s("chat.postMessage", channel="C2", now_s=0.0) is None
    assert limits.wait_s("chat.postMessage", channel="C1", now_s=1.0) is None
    assert limits.wait_s("chat.postMessage", channel="C1", now_s=1.1) == 1


def test_editing_is_50_in_any_minute_for_the_whole_workspace() -> None:
    limits = RateLimits(SLACK_LIMITS)
    for number in range(50):
        assert limits.wait_s("chat.update", channel=f"C{number}", now_s=float(number)) is None
    assert limits.wait_s("chat.update", channel="C1", now_s=50.0) == 10
    assert limits.wait_s("chat.update", channel="C1", now_s=59.5) == 1
    assert limits.wait_s("chat.update", channel="C1", now_s=60.0) is None


def test_a_refused_call_does_not_count() -> None:
    limits = RateLimits(Limits(per_minute={"users.info": 1}))
    assert limits.wait_s("users.info", channel="", now_s=0.0) is None
    for second in range(1, 60):
        assert limits.wait_s("users.info", channel="", now_s=float(second)) == 60 - second
    assert limits.wait_s("users.info", channel="", now_s=60.0) is None


def test_every_method_has_slacks_limit() -> None:
    assert set(METHODS) - {"chat.postMessage"} == set(SLACK_PER_MINUTE) - {"apps.connections.open"}


def test_a_status_is_counted_in_each_channel_by_itself() -> None:
    limits = RateLimits(SLACK_LIMITS)
    method = "assistant.threads.setStatus"
    for _ in range(60):
        assert limits.wait_s(method, channel="C1", now_s=0.0) is None
    assert limits.wait_s(method, channel="C1", now_s=0.0) == 60
    assert limits.wait_s(method, channel="C2", now_s=0.0) is None


def test_limits_can_be_lifted() -> None:
    limits = RateLimits(NO_LIMITS)
    assert {limits.wait_s("chat.postMessage", channel="C", now_s=0.0) for _ in range(1000)} == {None}
    assert {limits.wait_s("chat.update", channel="C", now_s=0.0) for _ in range(1000)} == {None}


def test_armed_faults_are_used_up() -> None:
    faults = Faults(
        rate_limited={"chat.update": RateLimited(calls=2, retry_after_s=7)},
        lost_answers={"chat.postMessage": 1},
    )
    assert [faults.take_rate_limit("chat.update") for _ in range(3)] == [7, 7, None]
    assert faults.take_rate_limit("users.info") is None
    assert [faults.take_lost_answer("chat.postMessage") for _ in range(2)] == [True, False]
