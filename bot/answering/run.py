"""One question on its way through the pipeline: what is known of it so far, and what its last event says."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.answering import sentences
from bot.answering.files import Files
from bot.answering.following_up import Standalone
from bot.answering.question import Question
from bot.answering.quota import utc_now
from bot.answering.recalling import Recalled, retold
from bot.answering.small_talk import SMALL_TALK
from bot.answering.writing import Writing
from wire.answers import AnswerEvent, Delta, Done, Status, Usage


@dataclass(kw_only=True)
class Run:
    """A question, and what was made of it.

    Attributes:
        question: as it was asked.
        asked: what is searched for.
        files: what of its files was read.
        timings_ms: when which step was reached, from the start.
    """

    question: Question
    asked: Standalone = field(default_factory=lambda: Standalone(query="", how="asked"))
    files: Files = field(default_factory=Files)
    timings_ms: dict[str, float] = field(default_factory=dict)
    _started_at: float = field(default_factory=time.monotonic)

    @property
    def stands_alone(self) -> str | None:
        """The question, if it can be told from its words alone; None where it leans on what else there is."""
        if self.asked.how == "joined" or self.question.files or self.question.so_far:
            return None
        if self.asked.how == "rewritten":
            return self.asked.query
        # A long question is searched by its end, but it is all of its words.
        return None if self.question.viewing else self.question.text

    def mark(self, step: str, at: float | None = None) -> None:
        """Note how many milliseconds after the start a step was reached."""
        self.timings_ms[step] = round(((at or time.monotonic()) - self._started_at) * 1000, 1)

    def done(self, writing: Writing) -> Done:
        """The end of an answer that was written now."""
        self.mark("total")
        return Done(
            text=writing.composition.text,
            sources=writing.composition.sources,
            usage=self.asked.usage.plus(writing.usage),
            cached=False,
            model=writing.model,
            timings_ms=self.timings_ms,
            complete=writing.ending == "end",
        )

    def small_talk(self, said: str) -> Iterator[AnswerEvent]:
        """What is said back to what was no question."""
        yield Delta(text=said)
        self.mark("total")
        yield Done(
            text=said, sources=(), usage=Usage(), cached=False, model=SMALL_TALK, timings_ms=self.timings_ms
        )

    def from_cache(self, recalled: Recalled) -> Iterator[AnswerEvent]:
        """An answer of before, told again."""
        answer = recalled.answer
        yield Status(text=sentences.from_earlier(answer.answered_at, now=utc_now()))
        self.mark("first_token")
        yield from retold(answer, recalled.citations)
        self.mark("total")
        yield Done(
            text=answer.text,
            sources=tuple(citation.source for citation in recalled.citations),
            usage=self.asked.usage,
            cached=True,
            model=answer.model,
            timings_ms=self.timings_ms,
            answered_at=answer.answered_at,
            alike=not recalled.exact,
            saved_tokens=answer.tokens,
        )
