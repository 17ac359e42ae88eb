"""Answers apart from their readers: what is kept of them, for how long, and when they end."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from bot.answering.question import Question
from bot.web import streams as limits
from bot.web.http_errors import NotHereError
from bot.web.readable import Numbered
from bot.web.streams import AnswerStream, AnswerStreams
from tests.until import until
from wire.answers import AnswerEvent, Delta, Done, Failed, Usage
from wire.errors import OverloadedError, RefusedError

DONE = Done(text="", sources=(), usage=Usage(), cached=False, model="m", timings_ms={})
QUESTION = Question(id="q", text="?", person="p", principals=("public",))


class Written:
    """A pipeline that writes what it is told, and waits where it is told to."""

    def __init__(self, *events: AnswerEvent, waits: bool = False) -> None:
        self.events = events
        self.waits = waits
        self.closed = 0

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:  # noqa: ARG002 — the port's
        try:
            for event in self.events:
                yield event
            if self.waits:
                await asyncio.Event().wait()
        finally:
            self.closed += 1


async def read(stream: AnswerStream, *, after: int = 0) -> list[Numbered]:
    told: list[Numbered] = []
    with stream.reading():
        async with asyncio.timeout(30):
            while not stream.told_all(after + len(told)):
                told += await stream.after(after + len(told), within_s=1)
    return told


async def test_every_reader_gets_every_event_from_where_it_wants() -> None:
    streams = AnswerStreams(Written(Delta(text="a"), Delta(text="b"), DONE))
    stream = streams.ask(QUESTION, owner="one")
    first, second = await asyncio.gather(read(stream), read(stream, after=1))
    assert [event.number for event in first] == [1, 2, 3]
    assert second == first[1:]


async def test_one_that_nobody_reads_ends_and_is_closed() -> None:
    written = Written(Delta(text="a"), waits=True)
    streams = AnswerStreams(written, alone_s=0.05)
    stream = streams.ask(QUESTION, owner="one")
    with stream.reading():
        assert await stream.after(0, within_s=30)
    await until(lambda: written.closed and not streams.open, within_s=30)
    [_, ending] = await read(stream)
    assert isinstance(ending.event, Failed)


async def test_who_comes_back_in_time_keeps_it_alive() -> None:
    written = Written(Delta(text="a"), waits=True)
    streams = AnswerStreams(written, alone_s=0.2)
    stream = streams.ask(QUESTION, owner="one")
    with stream.reading():
        await stream.after(0, within_s=30)
    with stream.reading():
        await asyncio.sleep(0.4)
        assert streams.open == 1
    await streams.drain()


async def test_one_that_is_stopped_before_its_first_step_ends_all_the_same() -> None:
    streams = AnswerStreams(Written(waits=True))
    stream = streams.ask(QUESTION, owner="one")
    stream.stop()
    [ending] = await read(stream)
    assert isinstance(ending.event, Failed)
    assert streams.open == 0


async def test_one_that_grows_beyond_measure_ends_with_a_sentence() -> None:
    written = Written(*[Delta(text="x" * 100_000)] * 50, DONE)
    told = await read(AnswerStreams(written).ask(QUESTION, owner="one"))
    assert told[-1].event == limits.TOO_MUCH
    assert sum(len(event.json) for event in told) < limits.BYTES + 200_000
    assert written.closed == 1


async def test_how_many_are_open_is_bounded_for_one_and_for_all() -> None:
    streams = AnswerStreams(Written(waits=True))
    for _ in range(limits.AT_ONCE_FOR_ONE):
        streams.ask(QUESTION, owner="one")
    with pytest.raises(RefusedError, match="20 answers"):
        streams.ask(QUESTION, owner="one")
    for number in range(limits.AT_ONCE - limits.AT_ONCE_FOR_ONE):
        streams.ask(QUESTION, owner=f"another {number}")
    with pytest.raises(OverloadedError):
        streams.ask(QUESTION, owner="the last")
    for stream in list(streams._streams.values()):
        stream.stop()
    await until(lambda: streams.open == 0, within_s=30)


async def test_how_many_are_kept_and_for_how_long_is_bounded() -> None:
    streams = AnswerStreams(Written(DONE), kept_s=0.2)
    for _ in range(limits.KEPT + 10):
        last = streams.ask(QUESTION, owner="one")
        await read(last)
        await until(lambda: streams.open == 0, within_s=30, every_s=0)
        assert len(streams._streams) <= limits.KEPT

    async def gone() -> bool:
        try:
            await streams.find(last.id, owner="one", principals=QUESTION.principals)
        except NotHereError:
            return True
        return False

    await until(gone, within_s=30)
    await until(lambda: not streams._streams, within_s=30)


async def test_a_bug_ends_the_answer_with_a_sentence() -> None:
    class Broken:
        async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:  # noqa: ARG002 — the port's
            yield Delta(text="a")
            raise KeyError("a bug")

    told = await read(AnswerStreams(Broken()).ask(QUESTION, owner="one"))
    assert isinstance(told[-1].event, Failed)
    assert told[-1].event.code == "internal"


async def test_draining_ends_them_and_takes_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DRAIN_S", 0.1)
    streams = AnswerStreams(Written(Delta(text="a"), waits=True))
    stream = streams.ask(QUESTION, owner="one")
    reading = asyncio.create_task(read(stream))
    await streams.drain()
    assert (await reading)[-1].event == limits.STOPPING
    with pytest.raises(OverloadedError):
        streams.ask(QUESTION, owner="one")
