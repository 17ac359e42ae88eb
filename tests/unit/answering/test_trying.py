"""Models that fail are tried once more, left alone, and replaced; what they cost is added up."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

import pytest

from bot.answering.breaker import FAILURES, FIRST_S, LONGEST_S, Breaker
from bot.answering.model import Finished, HopelessError, ModelEvent, Text, Used, Waiting, Writer
from bot.answering.prompt import Prompt
from bot.answering.trying import Trying
from wire.answers import Usage
from wire.errors import OverloadedError, UnavailableError

PROMPT = Prompt(question="q", passages=(), turns=(), answer_tokens=10, tokens=10)
USED = Used(usage=Usage(input_tokens=7, output_tokens=3, cost_usd=0.5), counted=10)
WELL: list[ModelEvent | Exception] = [USED, Text(text="well"), Finished(stop="end")]


def away(retry_after_s: float | None = None) -> UnavailableError:
    return UnavailableError("away", service="model", retry_after_s=retry_after_s)


@dataclass
class Scripted:
    """A model that does what it is told, call by call; the last script stands for all further ones."""

    name: str
    scripts: list[list[ModelEvent | Exception]]
    calls: int = 0
    metered: bool = True
    reads_highlights: bool = False
    reads_files: bool = True

    async def count(self, prompt: Prompt) -> int | None:  # noqa: ARG002 — as `Model`
        return None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        assert prompt is PROMPT
        script = self.scripts[min(self.calls, len(self.scripts) - 1)]
        self.calls += 1
        for event in script:
            if isinstance(event, Exception):
                raise event
            yield event
            await asyncio.sleep(0)


async def told(trying: Trying) -> list[ModelEvent]:
    return [event async for event in trying.stream(PROMPT)]


async def test_a_second_try_is_made_and_both_are_paid_for() -> None:
    model = Scripted("a", [[USED, away(0.0)], WELL])
    events = await told(Trying([model], within_s=60))
    used = [event for event in events if isinstance(event, Used)][-1]
    assert used == Used(usage=Usage(input_tokens=14, output_tokens=6, cost_usd=1.0), counted=20)
    assert Text(text="well") in events
    assert model.calls == 2


async def test_a_wait_is_told_and_a_long_one_is_not_made() -> None:
    events = await told(Trying([Scripted("a", [[away(0.01)], WELL])], within_s=60))
    assert Waiting(seconds=0.01) in events
    busy = Scripted("a", [[OverloadedError("busy", service="model", retry_after_s=3600)], WELL])
    with pytest.raises(OverloadedError) as caught:
        await told(Trying([busy], within_s=60))
    assert caught.value.retry_after_s == 3600
    assert busy.calls == 1


async def test_a_wait_leaves_time_to_write_in() -> None:
    """``retry-after`` is honoured within the time that is left."""
    model = Scripted("a", [[away(10.0)], WELL])
    with pytest.raises(UnavailableError):
        await told(Trying([model], within_s=25))
    assert model.calls == 1


async def test_another_model_writes_where_the_first_one_does_not() -> None:
    first, second = Scripted("a", [[away()]]), Scripted("b", [WELL])
    trying = Trying([first, second], within_s=60)
    events = await told(trying)
    assert Writer(name="b") in events
    assert Text(text="well") in events
    assert (first.calls, second.calls) == (2, 1)
    assert (trying.retries, trying.fallbacks) == (1, 1)


async def test_nobody_waits_for_a_model_where_there_is_another() -> None:
    first, second = Scripted("a", [[away(10.0)]]), Scripted("b", [WELL])
    await told(Trying([first, second], within_s=60))
    assert (first.calls, second.calls) == (1, 1)


async def test_a_hopeless_request_is_not_made_twice() -> None:
    first = Scripted("a", [[HopelessError("the key is wrong", service="model")]])
    second = Scripted("b", [WELL])
    await told(Trying([first, second], within_s=60))
    assert first.calls == 1
    with pytest.raises(HopelessError):
        await told(Trying([first], within_s=60))


async def test_a_wrong_key_is_told_as_such_however_often() -> None:
    """The sixth asker reads what an administrator is to mend, and not that the model is busy."""
    trying = Trying([Scripted("a", [[HopelessError("check the key", service="model")]])], within_s=60)
    for _ in range(FAILURES + 3):
        with pytest.raises(HopelessError, match="check the key"):
            await told(trying)


async def test_after_its_first_words_no_other_model_is_asked() -> None:
    """What somebody has read is not written again."""
    first, second = Scripted("a", [[Text(text="half"), away()]]), Scripted("b", [WELL])
    with pytest.raises(UnavailableError):
        await told(Trying([first, second], within_s=60))
    assert second.calls == 0


async def test_a_model_that_is_down_is_left_alone_and_the_other_asked_at_once() -> None:
    first, second = Scripted("a", [[away()]]), Scripted("b", [WELL])
    trying = Trying([first, second], within_s=60)
    for _ in range(FAILURES):
        await told(trying)
    calls = first.calls
    assert calls <= FAILURES + 1
    await told(trying)
    assert first.calls == calls


async def test_all_left_alone_is_told_as_busy() -> None:
    model = Scripted("a", [[away()]])
    trying = Trying([model], within_s=60)
    for _ in range(FAILURES):
        with pytest.raises(UnavailableError):
            await told(trying)
    calls = model.calls
    with pytest.raises(OverloadedError, match="does not answer at the moment"):
        await told(trying)
    assert model.calls == calls


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def down(clock: Callable[[], float]) -> Breaker:
    breaker = Breaker(clock=clock)
    for _ in range(FAILURES):
        assert breaker.begin()
        breaker.failed()
    return breaker


def test_a_single_call_tries_whether_it_is_up_again() -> None:
    clock = Clock()
    breaker = down(clock)
    assert not breaker.begin()
    clock.now = FIRST_S + 1
    assert breaker.begin()
    assert not breaker.begin(), "one at a time"
    breaker.went_well()
    assert breaker.begin()
    assert breaker.begin()


def test_a_trial_that_nobody_waits_for_is_not_the_last() -> None:
    clock = Clock()
    breaker = down(clock)
    clock.now = FIRST_S + 1
    assert breaker.begin()
    breaker.given_up()
    assert breaker.begin()
    breaker.failed(retry_after_s=60)
    clock.now += 59
    assert not breaker.begin(), "the server has asked for a minute"


def test_it_is_left_alone_for_twice_as_long_each_time_and_not_for_ever() -> None:
    clock = Clock()
    breaker = down(clock)
    waits = []
    for _ in range(8):
        started = clock.now
        while not breaker.begin():
            clock.now += 0.5
        waits.append(clock.now - started)
        breaker.failed(retry_after_s=3600 if len(waits) == 7 else None)
    assert waits == [FIRST_S, 10, 20, 40, 80, LONGEST_S, LONGEST_S, LONGEST_S]


def test_calls_that_fail_together_count_as_one_bad_moment() -> None:
    clock = Clock()
    breaker = Breaker(clock=clock)
    for _ in range(50):
        assert breaker.begin()
    for _ in range(50):
        breaker.failed()
    clock.now = FIRST_S + 0.1
    assert breaker.begin()


def test_a_few_failures_between_good_calls_change_nothing() -> None:
    breaker = Breaker(clock=Clock())
    for _ in range(3 * FAILURES):
        assert breaker.begin()
        breaker.failed()
        assert breaker.begin()
        breaker.went_well()
