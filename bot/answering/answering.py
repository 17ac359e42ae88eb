"""The one pipeline: a question in, the events of its answer out. It knows nothing of Slack.

Status and sources tell what is being done; deltas are the text as it grows; a citation goes with the
first showing of each ``[n]``. Exactly one event ends the stream:

- ``done``: its text is the answer, and what the deltas add up to. Where the model stopped early it is not
  ``complete``, and its last sentence says so.
- ``error``: its message takes the place of whatever was shown before. A model that refuses in mid-text
  ends so: nothing of what it wrote is to stand, nor to be read as a part of the conversation later.

Closing the stream ends the model's call and charges what was used until then.
"""

import secrets
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from functools import partial

import structlog

from bot.answering import sentences
from bot.answering.cache import Cache, flight_key
from bot.answering.charging import Charging
from bot.answering.estimate import Estimate
from bot.answering.flights import Flights
from bot.answering.following_up import Standalone
from bot.answering.freshness import Freshness
from bot.answering.gaps import Gaps
from bot.answering.joining import Joining
from bot.answering.line import Line
from bot.answering.model import Model
from bot.answering.prompt import Count, Prompt, build_prompt
from bot.answering.question import Question
from bot.answering.quota import Asker, Quota, utc_now
from bot.answering.recalling import Recalled, Recalling, retold
from bot.answering.rewriting import Rewriting
from bot.answering.searching import Searching
from bot.answering.tally import Tally
from bot.answering.unanswered import NO_MODEL, Unanswered, documents
from bot.answering.writing import NOTES, WORDLESS, Writing
from retrieval.client import RetrievalClient
from wire.answers import AnswerEvent, Citation, Delta, Done, Failed, Sources, Status
from wire.errors import AnswerdeskError
from wire.search import SearchReply, SearchRequest

PASSAGES = 8
"""How many passages are asked for; a prompt takes as many as fit."""
QUESTION_SHARE = 0.5
"""Most of the prompt's tokens that a question may take: there must be something to answer it from."""
LINE_WITHIN_S = 180.0
"""The longest wait for the model; who waits so long is told to come back."""
_log = structlog.get_logger("answering")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one answer may take.

    Attributes:
        question_chars: longest question.
        prompt_tokens: most tokens sent to the model.
        answer_tokens: most tokens that it may write.
        answer_within_s: longest time that it may write.
        relevance_floor: below it, nothing relevant was found.
        answers_at_once: answers that a model writes at a time; the next ones stand in line.
    """

    question_chars: int
    prompt_tokens: int
    answer_tokens: int
    answer_within_s: float
    relevance_floor: float
    answers_at_once: int = 50


@dataclass(kw_only=True)
class _Run:
    """One question on its way."""

    question: Question
    asked: Standalone = field(default_factory=lambda: Standalone(query="", how="asked"))
    started_at: float = field(default_factory=time.monotonic)
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def stands_alone(self) -> str | None:
        """The question, if it can be told from its words alone; None where it leans on what was said."""
        if self.asked.how == "joined" or self.question.unread or self.question.so_far:
            return None
        # A long question is searched by its end, but it is all of its words.
        return self.question.text if self.asked.how == "asked" else self.asked.query

    def mark(self, step: str, at: float | None = None) -> None:
        """Note how many milliseconds after the start a step was reached."""
        self.timings_ms[step] = round(((at or time.monotonic()) - self.started_at) * 1000, 1)


class Answering:
    """Answers questions.

    Attributes:
        tally: what became of them.
    """

    def __init__(
        self,
        *,
        retrieval: RetrievalClient,
        model: Model,
        count: Count,
        limits: Limits,
        cache: Cache | None = None,
        flights: Flights | None = None,
        quota: Quota | None = None,
        rewriting: Rewriting | None = None,
        freshness: Freshness | None = None,
        gaps: Gaps | None = None,
    ) -> None:
        """Put the pipeline together.

        Args:
            retrieval: finds passages.
            model: writes; quotas and the cache are for a metered one only.
            count: counts a text's tokens.
            limits: what one answer may take.
            cache: answers of before; None keeps none.
            flights: answers being written, by all processes; None writes each by itself.
            quota: how much each person may ask; None sets no limit.
            rewriting: makes follow-ups stand alone; None does so by a rule of thumb.
            freshness: knows which sources could not be read; None knows of none.
            gaps: questions that found no answer; None keeps none.
        """
        self._model = model
        self._limits = limits
        self._estimate = Estimate(count)
        self._rewriting = rewriting or Rewriting(None, count=count)
        self._freshness = freshness or Freshness(None)
        self._unanswered = Unanswered(retrieval=retrieval, freshness=self._freshness, gaps=gaps)
        self._line = Line(at_once=limits.answers_at_once)
        self._searching = Searching(retrieval)
        metered = model.metered
        self._charging = Charging(quota) if quota is not None and metered else None
        self._recalling = (
            Recalling(cache, retrieval=retrieval, model=model.name) if cache is not None and metered else None
        )
        self._joining = (
            Joining(flights, within_s=limits.answer_within_s + LINE_WITHIN_S)
            if flights is not None and metered
            else None
        )
        self.tally = Tally()

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of the answer; every failure is one of them."""
        self.tally.asked += 1
        try:
            async with aclosing(self._answer(_Run(question=question))) as events:
                async for event in events:
                    self._count(event)
                    yield event
        except AnswerdeskError as error:
            _log.info("no answer", question=question.id, error=type(error).__name__)
            self.tally.failed += 1
            yield sentences.failed(error)
        except Exception:  # noqa: BLE001 — a bug ends one answer, and the asker is told
            _log.exception("answering failed", question=question.id)
            self.tally.failed += 1
            yield sentences.INTERNAL

    async def settled(self) -> None:
        """Wait until closed answers are charged; to be called before connections close."""
        if self._charging is not None:
            await self._charging.settled()

    async def _answer(self, run: _Run) -> AsyncGenerator[AnswerEvent, None]:
        await self._admit(run.question)
        yield Status(text=sentences.SEARCHING)
        run.asked = await self._rewriting.standalone(
            run.question, charged=partial(self._charged, run.question)
        )
        self.tally.spend(run.asked.usage)
        found = await self._search(run)
        run.mark("retrieval")
        if not found.passages or found.relevance < self._limits.relevance_floor:
            for event in await self._nothing(run, found):
                yield event
            return
        recalled = await self._recall(run, found)
        if recalled is not None:
            for event in _from_cache(run, recalled):
                yield event
            return
        async with aclosing(self._written(run, found)) as events:
            async for event in events:
                yield event

    async def _admit(self, question: Question) -> None:
        if not question.text.strip():
            raise sentences.no_question()
        if len(question.text) > self._limits.question_chars:
            raise sentences.question_too_long(chars=len(question.text), most=self._limits.question_chars)
        # Few characters can be many tokens, in Chinese, say.
        if self._estimate.count(question.text) > self._limits.prompt_tokens * QUESTION_SHARE:
            raise sentences.question_fills_prompt()
        if self._charging is not None:
            await self._charging.admit(_asker(question))

    async def _search(self, run: _Run) -> SearchReply:
        return await self._searching.search(
            SearchRequest(
                query=run.asked.query,
                principals=run.question.principals,
                limit=PASSAGES,
                with_highlights=self._model.reads_highlights,
                with_vector=self._recalling is not None,
            )
        )

    async def _recall(self, run: _Run, found: SearchReply) -> Recalled | None:
        asked = run.stands_alone
        if self._recalling is None or asked is None or run.question.fresh:
            return None
        recalled = await self._recalling.recall(asked, found=found, principals=run.question.principals)
        if recalled is not None:
            self.tally.recalled += int(recalled.exact)
            self.tally.recalled_alike += int(not recalled.exact)
            self.tally.saved_tokens += recalled.answer.tokens
        return recalled

    async def _written(self, run: _Run, found: SearchReply) -> AsyncGenerator[AnswerEvent, None]:
        """An answer that is written now: for us, or for somebody who asks the very same."""
        prompt = build_prompt(
            run.question.for_model(),
            found.passages,
            prompt_tokens=self._limits.prompt_tokens,
            answer_tokens=self._limits.answer_tokens,
            count=self._estimate.count,
        )

        def write() -> AsyncGenerator[AnswerEvent, None]:
            return self._write(run, prompt, found)

        events = write()
        if self._joining is not None and run.question.alone and not run.question.fresh:
            given = (passage.id for passage in prompt.passages)
            key = flight_key(run.question.text, model=self._model.name, given=given)
            events = self._joining.answer(key, write)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _write(
        self, run: _Run, prompt: Prompt, found: SearchReply
    ) -> AsyncGenerator[AnswerEvent, None]:
        writing = Writing(
            model=self._model,
            prompt=prompt,
            count=self._estimate.count,
            within_s=self._limits.answer_within_s,
        )
        tokens = prompt.tokens + prompt.answer_tokens
        async with self._charged(run.question, tokens=tokens, used=lambda: writing.tokens):
            with self._line.standing(run.question.person) as ticket:
                async with aclosing(ticket.places(within_s=LINE_WITHIN_S)) as places:
                    async for place in places:
                        yield Status(text=sentences.in_line(place))
                yield Status(text=sentences.reading(prompt.passages))
                yield Sources(sources=documents(prompt.passages, most=PASSAGES))
                try:
                    async with aclosing(writing.stream()) as events:
                        async for event in events:
                            yield event
                finally:
                    self.tally.add(writing.usage)
        self._estimate.learn(estimated=prompt.tokens, reported=writing.prompt_tokens)
        for event in await self._ended(run, prompt, found, writing):
            yield event

    async def _ended(
        self, run: _Run, prompt: Prompt, found: SearchReply, writing: Writing
    ) -> Sequence[AnswerEvent]:
        """What is told once the model has come to an end, whichever."""
        if writing.first_words_at is not None:
            run.mark("first_token", writing.first_words_at)
        if writing.ending == "nothing":
            return await self._nothing(run, found)
        if writing.ending == "refused":
            return [sentences.REFUSED]
        if not writing.wrote:
            return [WORDLESS.get(writing.ending, sentences.EMPTY)]
        events = writing.composition.finish(note=NOTES.get(writing.ending))
        if writing.ending == "end":
            await self._keep(run, writing, prompt, found)
            if not writing.composition.citations and not writing.composition.numbered:
                await self._unanswered.record(run.question, found, answered=True)
        # Kept without this: it holds now, and not for whoever is served the answer later.
        cited = {source.source for source in writing.composition.sources}
        cut = sentences.left_out(passages=prompt.passages_left_out, turns=prompt.turns_left_out)
        unread = sentences.unread(run.question.unread) if run.question.unread else None
        note = await self._freshness.note(
            cited=cited, index=found.index, also=list(filter(None, (unread, cut)))
        )
        events += writing.composition.finish(note=note)
        return [*events, _done(run, writing)]

    async def _nothing(self, run: _Run, found: SearchReply) -> Sequence[AnswerEvent]:
        text, sources = await self._unanswered.tell(run.question, found)
        if run.question.unread:
            text = f"{text}\n\n{sentences.unread(run.question.unread)}"
        cited = [Citation(index=source.index, source=source, quote="") for source in sources]
        run.mark("total")
        done = Done(
            text=text,
            sources=sources,
            usage=run.asked.usage,
            cached=False,
            model=NO_MODEL,
            timings_ms=run.timings_ms,
        )
        return [Delta(text=text), *cited, done]

    def _charged(
        self, question: Question, *, tokens: int, used: Callable[[], int]
    ) -> AbstractAsyncContextManager[None]:
        """Tokens set aside for one call of a model, whatever becomes of the question."""
        if self._charging is None:
            return nullcontext()
        # A run of its own: if two processes wrote this answer, both of them were paid for.
        key = f"{question.id}:{question.attempt}:{secrets.token_hex(4)}"
        return self._charging.charged(_asker(question), key=key, tokens=tokens, used=used)

    async def _keep(self, run: _Run, writing: Writing, prompt: Prompt, found: SearchReply) -> None:
        # An answer to a follow-up may tell what was said before, which its next reader need not see; and
        # another model's answer is not what this one would have said.
        if self._recalling is not None and run.question.alone and writing.model == self._model.name:
            await self._recalling.keep(
                run.question.text,
                text=writing.composition.text,
                citations=writing.composition.citations,
                given=prompt.passages,
                vector=found.query_vector,
                tokens=writing.tokens,
            )

    def _count(self, event: AnswerEvent) -> None:
        match event:
            case Failed():
                self.tally.failed += 1
            case Done(model="none"):
                self.tally.not_found += 1
            case Done(joined=True):
                self.tally.joined += 1


def _asker(question: Question) -> Asker:
    return Asker(person=question.person, groups=question.groups, zone=question.zone)


def _done(run: _Run, writing: Writing) -> Done:
    run.mark("total")
    return Done(
        text=writing.composition.text,
        sources=writing.composition.sources,
        usage=run.asked.usage.plus(writing.usage),
        cached=False,
        model=writing.model,
        timings_ms=run.timings_ms,
        complete=writing.ending == "end",
    )


def _from_cache(run: _Run, recalled: Recalled) -> Iterator[AnswerEvent]:
    answer = recalled.answer
    yield Status(text=sentences.from_earlier(answer.answered_at, now=utc_now()))
    run.mark("first_token")
    yield from retold(answer, recalled.citations)
    run.mark("total")
    yield Done(
        text=answer.text,
        sources=tuple(citation.source for citation in recalled.citations),
        usage=run.asked.usage,
        cached=True,
        model=answer.model,
        timings_ms=run.timings_ms,
        answered_at=answer.answered_at,
    )
