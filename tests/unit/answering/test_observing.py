"""What became of a question, and of a call of a model, is told once, whichever way it ends."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from bot.answering.model import Finished, HopelessError, ModelEvent, Text, Used
from bot.answering.observed_model import ModelCall, ObservedModel
from bot.answering.observing import Observed, Told
from bot.answering.prompt import Prompt
from bot.answering.question import Question
from wire.answers import AnswerEvent, Citation, Delta, Done, Failed, Source, Status, Usage
from wire.audit import AuditLine
from wire.errors import OverloadedError, UnavailableError

LEAVE = Source(index=1, source="handbook", document="leave", version=3, title="Leave")
USAGE = Usage(input_tokens=100, output_tokens=10, cost_usd=0.01)
DONE = Done(
    text="30 days [1]",
    sources=(LEAVE,),
    usage=USAGE,
    cached=False,
    model="claude",
    timings_ms={"retrieval": 20.0, "first_token": 320.0, "total": 1320.0},
)
QUESTION = Question(id="T1:C1:1.0:0", text="How long?", person="T1:U2", principals=("public",))


class Desk:
    """A pipeline that tells these events, and everybody who is told of it."""

    def __init__(self, *events: AnswerEvent) -> None:
        self._events = events
        self.counted: list[Told] = []
        self.noted: list[tuple[AuditLine, str | None]] = []
        self.observed = Observed(self, face="slack", meter=self, audit=self)

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        assert question == QUESTION
        for event in self._events:
            yield event

    def told(self, told: Told) -> None:
        self.counted.append(told)

    async def note(self, line: AuditLine, *, question: str | None = None) -> None:
        self.noted.append((line, question))

    async def told_of(self, *, until: int | None = None) -> Told:
        """Ask, read so many events (all of them), and close."""
        read = 0
        async with aclosing(self.observed.answer(QUESTION)) as events:
            async for _ in events:
                read += 1
                if read == until:
                    break
        [told] = self.counted
        return told


@pytest.mark.parametrize(
    ("last", "outcome", "origin"),
    [
        (DONE, "answered", "written"),
        (DONE.model_copy(update={"complete": False}), "partial", "written"),
        (DONE.model_copy(update={"cached": True}), "answered", "same_words"),
        (DONE.model_copy(update={"cached": True, "alike": True}), "answered", "same_meaning"),
        (DONE.model_copy(update={"joined": True}), "answered", "joined"),
        (DONE.model_copy(update={"model": "none"}), "not_found", "none"),
        (DONE.model_copy(update={"model": "small talk"}), "small_talk", "none"),
        (Failed(code="quota_exceeded", message="Enough for today."), "quota_exceeded", "none"),
    ],
)
async def test_each_end_has_its_name(last: AnswerEvent, outcome: str, origin: str) -> None:
    told = await Desk(Status(text="Searching"), last).told_of()
    assert (told.outcome, told.origin) == (outcome, origin)


async def test_who_stops_reading_has_stopped_it_and_what_was_cited_is_on_record() -> None:
    desk = Desk(Delta(text="30 days"), Citation(index=1, source=LEAVE, quote="30"), Delta(text="!"), DONE)
    told = await desk.told_of(until=2)
    assert (told.outcome, told.origin) == ("stopped", "none")
    assert told.first_words_s is not None
    [(line, _)] = desk.noted
    assert line.outcome == "stopped"
    assert [shown.document for shown in line.documents] == ["leave"]


async def test_what_is_stopped_while_it_is_noted_is_on_record_all_the_same() -> None:
    """Its words have been read by then."""
    begun = asyncio.Event()

    class Slow(Desk):
        async def note(self, line: AuditLine, *, question: str | None = None) -> None:
            if not begun.is_set():
                begun.set()
                await asyncio.Event().wait()
            await super().note(line, question=question)

    desk = Slow(Delta(text="30 days"), Citation(index=1, source=LEAVE, quote="30"), DONE)
    reading = asyncio.create_task(desk.told_of())
    await begun.wait()
    reading.cancel()
    await asyncio.wait([reading])
    [(line, _)] = desk.noted
    assert [shown.document for shown in line.documents] == ["leave"]
    assert len(desk.counted) == 1


async def test_the_audit_line_is_there_before_its_reader_knows_the_end() -> None:
    desk = Desk(Delta(text="30 days"), DONE)
    async with aclosing(desk.observed.answer(QUESTION)) as events:
        async for event in events:
            assert bool(desk.noted) == isinstance(event, Done)
    [(line, question)] = desk.noted
    assert (line.person, line.subject, line.cost_usd, question) == (
        "T1:U2",
        "T1:C1:1.0:0",
        0.01,
        "How long?",
    )
    assert "How long?" not in line.to_json().decode()


async def test_stages_are_the_times_between_marks() -> None:
    told = await Desk(DONE).told_of()
    assert told.stages_s == pytest.approx({"search": 0.02, "first_words": 0.3, "writing": 1.0})


class Model:
    """Tells these events, or fails."""

    name = "claude"
    metered = True
    reads_highlights = False
    reads_files = False

    def __init__(self, events: Sequence[ModelEvent], *, failure: Exception | None = None) -> None:
        self._events = events
        self._failure = failure
        self.calls: list[ModelCall] = []
        self.observed = ObservedModel(self, meter=self, provider="anthropic")

    async def count(self, prompt: Prompt) -> int | None:
        return prompt.tokens

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        assert prompt == PROMPT
        for event in self._events:
            yield event
        if self._failure is not None:
            raise self._failure

    def called(self, call: ModelCall) -> None:
        self.calls.append(call)


PROMPT = Prompt(
    system="", numbered_system="", turns=(), passages=(), question="How long?", tokens=10, answer_tokens=100
)
WRITTEN = (Text(text="30 days"), Used(usage=USAGE, counted=110), Finished(stop="end"))


async def test_a_calls_words_and_tokens_are_counted() -> None:
    model = Model(WRITTEN)
    assert [event async for event in model.observed.stream(PROMPT)] == list(WRITTEN)
    [call] = model.calls
    assert (call.model, call.result, call.usage) == ("claude", "end", USAGE)
    assert call.first_words_s is not None
    assert call.first_words_s <= call.seconds


@pytest.mark.parametrize(
    ("failure", "result"),
    [
        (HopelessError("no key", service="model"), "hopeless"),
        (OverloadedError("busy", service="model"), "overloaded"),
        (UnavailableError("away", service="model"), "unavailable"),
        (KeyError("bug"), "bug"),
    ],
)
async def test_what_a_failed_call_has_cost_is_counted_too(failure: Exception, result: str) -> None:
    model = Model(WRITTEN[:2], failure=failure)
    with pytest.raises(type(failure)):
        _ = [event async for event in model.observed.stream(PROMPT)]
    [call] = model.calls
    assert (call.result, call.usage) == (result, USAGE)


async def test_a_call_that_we_close_is_counted_as_closed() -> None:
    model = Model(WRITTEN)
    async with aclosing(model.observed.stream(PROMPT)) as events:
        async for _ in events:
            break
    assert [call.result for call in model.calls] == ["closed"]
