"""What became of each question, told once: to whoever counts, to the audit log, to the trace and the log.

It stands around the pipeline, one for each face, and passes its events through unchanged.
"""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, Protocol

import structlog

from bot.answering.question import Question
from bot.answering.small_talk import SMALL_TALK
from bot.answering.unanswered import NO_MODEL
from wire.answers import AnswerEvent, Citation, Delta, Done, Failed, Source
from wire.audit import ANSWERED, Audit, AuditLine, ShownDocument
from wire.opentelemetry_spans import Value, begun

Face = Literal["slack", "api"]
"""Where it was asked: in Slack, or by a program, over HTTP, a WebSocket or NATS."""
Origin = Literal["written", "same_words", "same_meaning", "joined", "none"]
"""Whose words they are: a model's, a kept answer's to the same or other words, somebody else's, nobody's."""
_STAGES = (("retrieval", "search"), ("first_token", "first_words"), ("total", "writing"))
"""What the pipeline's marks end, in their order."""

_log = structlog.get_logger("answering")


@dataclass(kw_only=True)
class Told:
    """What became of a question, as far as it has come.

    Attributes:
        outcome: ``answered``, ``partial`` (the model stopped early), ``not_found``, ``small_talk`` (it was
            no question), ``stopped`` (nobody reads on), or an error's code.
        first_words_s: from the question's arrival in the pipeline to the first of the text; None before.
        seconds: to the end.
        stages_s: how long each stage took: ``search``, ``first_words``, ``writing``.
        saved_tokens: what an answer took that was not written anew.
        shown: what was cited or named.
    """

    face: Face
    outcome: str = "stopped"
    origin: Origin = "none"
    model: str = NO_MODEL
    first_words_s: float | None = None
    seconds: float = 0.0
    stages_s: Mapping[str, float] = field(default_factory=dict)
    saved_tokens: int = 0
    cost_usd: float = 0.0
    shown: dict[tuple[str, str], Source] = field(default_factory=dict)

    def hear(self, event: AnswerEvent, *, after_s: float) -> None:
        """Learn from the answer's next event."""
        match event:
            case Delta() if self.first_words_s is None:
                self.first_words_s = after_s
            case Citation():
                self._see(event.source)
            case Done():
                self.outcome, self.origin = _ended(event)
                self.model = event.model
                self.stages_s = _stages(event.timings_ms)
                self.saved_tokens = event.saved_tokens
                self.cost_usd = event.usage.cost_usd
                for source in event.sources:
                    self._see(source)
            case Failed():
                self.outcome, self.origin = event.code, "none"

    def _see(self, source: Source) -> None:
        self.shown[source.source, source.document] = source


class AnswerMeter(Protocol):
    """Counts answers."""

    def told(self, told: Told) -> None:
        """One has ended."""


class Pipeline(Protocol):
    """Answers questions."""

    def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of one answer; closing it stops the model."""


class Observed:
    """The same pipeline, observed for one face."""

    def __init__(self, answers: Pipeline, *, face: Face, meter: AnswerMeter, audit: Audit) -> None:
        self._answers = answers
        self._face = face
        self._meter = meter
        self._audit = audit

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of one answer; closing it stops the model."""
        told, started = Told(face=self._face), time.monotonic()
        span = begun("answer", attributes={"answerdesk.face": self._face})
        noted = False
        try:
            async with aclosing(self._answers.answer(question)) as events:
                async for event in events:
                    told.hear(event, after_s=time.monotonic() - started)
                    if isinstance(event, Done | Failed):
                        # On record before its reader can know of it; twice rather than never, where it is
                        # stopped at this moment.
                        await self._note(question, told)
                        noted = True
                    yield event
        finally:
            told.seconds = time.monotonic() - started
            self._meter.told(told)
            span.note(_traced(told))
            span.end()
            _log.info(
                "question ended",
                question=question.id,
                face=self._face,
                outcome=told.outcome,
                origin=told.origin,
                model=told.model,
                seconds=round(told.seconds, 3),
            )
            if not noted:
                await self._note(question, told)

    async def _note(self, question: Question, told: Told) -> None:
        line = AuditLine.of(ANSWERED, person=question.person, subject=question.id, outcome=told.outcome)
        shown = tuple(
            ShownDocument(source=source.source, document=source.document, version=source.version)
            for source in told.shown.values()
        )
        await self._audit.note(
            line.model_copy(
                update={
                    "face": self._face,
                    "documents": shown,
                    "model": told.model,
                    "cost_usd": told.cost_usd,
                    "details": {"origin": told.origin},
                }
            ),
            question=question.text,
        )


def _traced(told: Told) -> dict[str, Value]:
    return {
        "answerdesk.outcome": told.outcome,
        "answerdesk.origin": told.origin,
        "answerdesk.model": told.model,
        "answerdesk.documents": len(told.shown),
    }


def _ended(done: Done) -> tuple[str, Origin]:
    if done.model == NO_MODEL:
        return "not_found", "none"
    if done.model == SMALL_TALK:
        return "small_talk", "none"
    outcome = "answered" if done.complete else "partial"
    if done.joined:
        return outcome, "joined"
    if done.cached:
        return outcome, "same_meaning" if done.alike else "same_words"
    return outcome, "written"


def _stages(marks_ms: Mapping[str, float]) -> dict[str, float]:
    """How long each stage took, from marks that count from the start."""
    stages: dict[str, float] = {}
    before_ms = 0.0
    for mark, stage in _STAGES:
        if mark in marks_ms:
            stages[stage] = max(0.0, marks_ms[mark] - before_ms) / 1000
            before_ms = marks_ms[mark]
    return stages
