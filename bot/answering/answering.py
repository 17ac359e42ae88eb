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
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from dataclasses import dataclass, replace
from functools import partial

import structlog

from bot.answering import sentences
from bot.answering.attachments import Attachments, unread
from bot.answering.cache import Cache, flight_key
from bot.answering.charging import Charging
from bot.answering.estimate import Estimate
from bot.answering.files import Files, UnreadFile
from bot.answering.fitting import fitted_prompt
from bot.answering.flights import Flights
from bot.answering.freshness import Freshness
from bot.answering.gaps import Gaps
from bot.answering.joining import Joining
from bot.answering.line import Line
from bot.answering.model import Model
from bot.answering.prompt import Count, Prompt
from bot.answering.question import Question
from bot.answering.quota import Asker, Quota
from bot.answering.recalling import Recalled, Recalling
from bot.answering.rewriting import Rewriting
from bot.answering.run import Run
from bot.answering.searching import Searching
from bot.answering.small_talk import small_talk
from bot.answering.unanswered import NO_MODEL, Unanswered, documents
from bot.answering.writing import NOTES, WORDLESS, Writing
from retrieval.client import RetrievalClient
from wire.answers import AnswerEvent, Citation, Delta, Done, Sources, Status
from wire.errors import AnswerdeskError
from wire.search import SearchReply, SearchRequest

PASSAGES = 8
"""How many passages are asked for; a prompt takes as many as fit."""
QUESTION_SHARE = 0.5
"""Most of the prompt's tokens that a question may take: there must be something to answer it from."""
LINE_WITHIN_S = 180.0
"""The longest wait for the model; who waits so long is told to come back."""
TITLES = 5
"""Of what was found, for whoever puts a question in other words."""
NOT_SEEN = "the model can't see it"
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


class Answering:
    """Answers questions."""

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
        attachments: Attachments | None = None,
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
            attachments: reads what comes with a question; None reads none of it.
        """
        self._model = model
        self._limits = limits
        self._estimate = Estimate(count)
        self._rewriting = rewriting or Rewriting(None, count=count)
        self._freshness = freshness or Freshness(None)
        self._unanswered = Unanswered(retrieval=retrieval, freshness=self._freshness, gaps=gaps)
        self._attachments = attachments if model.reads_files else None
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

    async def answer(self, question: Question) -> AsyncGenerator[AnswerEvent, None]:
        """The events of the answer; every failure is one of them."""
        try:
            async with aclosing(self._answer(Run(question=question))) as events:
                async for event in events:
                    yield event
        except AnswerdeskError as error:
            _log.info("no answer", question=question.id, error=type(error).__name__)
            yield sentences.failed(error)
        except Exception:  # noqa: BLE001 — a bug ends one answer, and the asker is told
            _log.exception("answering failed", question=question.id)
            yield sentences.INTERNAL

    async def settled(self) -> None:
        """Wait until closed answers are charged; to be called before connections close."""
        if self._charging is not None:
            await self._charging.settled()

    async def _answer(self, run: Run) -> AsyncGenerator[AnswerEvent, None]:
        await self._admit(run.question)
        if not (run.question.files or run.question.so_far) and (said := small_talk(run.question.text)):
            for event in run.small_talk(said):
                yield event
            return
        known = self._searching.known.of(run.question.principals, among=run.question.manner.sources)
        yield Status(text=sentences.searching(known))
        run.asked = await self._rewriting.standalone(
            run.question, charged=partial(self._charged, run.question)
        )
        found = await self._search(run, query=run.asked.query)
        if found.passages and found.relevance < self._limits.relevance_floor and not run.question.files:
            found = await self._look_again(run, found)
        run.mark("retrieval")
        if run.question.files:
            yield Status(text=sentences.reading_files([file.name for file in run.question.files]))
        async with (
            self._reading(run.question) as run.files,
            aclosing(self._found(run, found)) as events,
        ):
            async for event in events:
                yield event

    async def _found(self, run: Run, found: SearchReply) -> AsyncGenerator[AnswerEvent, None]:
        if not found.passages or found.relevance < self._limits.relevance_floor:
            if not run.files.read:
                for event in await self._nothing(run, found):
                    yield event
                return
            # The file may be all that is asked about; what is not relevant would only distract from it.
            found = found.model_copy(update={"passages": ()})
        recalled = await self._recall(run, found)
        if recalled is not None:
            for event in run.from_cache(recalled):
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

    def _reading(self, question: Question) -> AbstractAsyncContextManager[Files]:
        if self._attachments is None or not question.files:
            return nullcontext(unread(question.files))
        return self._attachments.reading(question.files)

    async def _search(self, run: Run, *, query: str) -> SearchReply:
        return await self._searching.search(
            SearchRequest(
                query=query,
                principals=run.question.principals,
                sources=run.question.manner.sources,
                limit=PASSAGES,
                with_highlights=self._model.reads_highlights,
                with_vector=self._recalling is not None,
            )
        )

    async def _look_again(self, run: Run, found: SearchReply) -> SearchReply:
        """The search in other words, where they find more; the question and its vector stay its own."""
        titles = [source.title for source in documents(found.passages, most=TITLES)]
        other = await self._rewriting.in_other_words(
            run.asked.query, titles=titles, charged=partial(self._charged, run.question)
        )
        run.asked = replace(run.asked, usage=run.asked.usage.plus(other.usage))
        if other.query == run.asked.query:
            return found
        again = await self._search(run, query=other.query)
        if again.relevance <= found.relevance:
            return found
        return again.model_copy(update={"query_vector": found.query_vector})

    async def _recall(self, run: Run, found: SearchReply) -> Recalled | None:
        asked = run.stands_alone
        if self._recalling is None or asked is None or run.question.fresh:
            return None
        return await self._recalling.recall(
            asked, found=found, principals=run.question.principals, manner=run.question.manner.key
        )

    async def _written(self, run: Run, found: SearchReply) -> AsyncGenerator[AnswerEvent, None]:
        """An answer that is written now: for us, or for somebody who asks the very same."""
        prompt = await fitted_prompt(
            run.question.for_model(),
            found.passages,
            files=run.files,
            model=self._model,
            estimate=self._estimate,
            prompt_tokens=self._limits.prompt_tokens,
            answer_tokens=self._limits.answer_tokens,
        )

        def write() -> AsyncGenerator[AnswerEvent, None]:
            return self._write(run, prompt, found)

        events = write()
        if self._joining is not None and run.question.alone and not run.question.fresh:
            given = (passage.id for passage in prompt.passages)
            key = flight_key(
                run.question.text, model=self._model.name, given=given, manner=run.question.manner.key
            )
            events = self._joining.answer(key, write)
        async with aclosing(events):
            async for event in events:
                yield event

    async def _write(self, run: Run, prompt: Prompt, found: SearchReply) -> AsyncGenerator[AnswerEvent, None]:
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
                if prompt.passages:
                    yield Status(text=sentences.reading(prompt.passages))
                yield Sources(sources=documents(prompt.passages, most=PASSAGES))
                async with aclosing(writing.stream()) as events:
                    async for event in events:
                        yield event
        if not prompt.pictures:
            # How many tokens they are has nothing to do with the vocabulary.
            self._estimate.learn(estimated=prompt.tokens, reported=writing.prompt_tokens)
        for event in await self._ended(run, prompt, found, writing):
            yield event

    async def _ended(
        self, run: Run, prompt: Prompt, found: SearchReply, writing: Writing
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
            composed = writing.composition
            # What stands on a file has no citations.
            if not (composed.citations or composed.numbered or run.files.read):
                await self._unanswered.record(run.question, found, answered=True)
        # Kept without this: it holds now, and not for whoever is served the answer later.
        cited = {source.source for source in writing.composition.sources}
        lacking = _lacking(run, prompt, writing)
        note = await self._freshness.note(cited=cited, index=found.index, also=lacking)
        events += writing.composition.finish(note=note)
        return [*events, run.done(writing)]

    async def _nothing(self, run: Run, found: SearchReply) -> Sequence[AnswerEvent]:
        text, sources = await self._unanswered.tell(run.question, found)
        if run.files.unread:
            text = f"{text}\n\n{sentences.unread(run.files.unread)}"
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

    async def _keep(self, run: Run, writing: Writing, prompt: Prompt, found: SearchReply) -> None:
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
                asker=run.question.person,
                manner=run.question.manner.key,
            )


def _lacking(run: Run, prompt: Prompt, writing: Writing) -> list[str]:
    """What the answer was written without, a sentence each."""
    pictures = prompt.pictures if writing.unseen else ()
    unread = [*run.files.unread, *(UnreadFile(name=each.name, reason=NOT_SEEN) for each in pictures)]
    cut = sentences.left_out(
        passages=prompt.passages_left_out,
        turns=prompt.turns_left_out > 0 or run.question.cut,
        files=prompt.files_left_out,
    )
    return [*([sentences.unread(unread)] if unread else []), *([cut] if cut else [])]


def _asker(question: Question) -> Asker:
    return Asker(person=question.person, groups=question.groups, zone=question.zone)
