"""No interleaving of changes and questions serves what a reader can't see now, or what is no longer so.

Hypothesis changes, deletes, hides and shows documents, and asks, in any order, with other answers half
written; real Valkey, the pipeline, and retrieval's contract over real NATS. Each passage carries a canary
that names its document and version, and the model repeats all that it is given.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from nats.aio.client import Client

from bot.answering.answering import Answering, Limits
from bot.answering.model import Cited, Finished, ModelEvent, Text, Used
from bot.answering.prompt import Prompt
from bot.answering.question import Question
from bot.answering.recalling import MUST_HAVE_READ
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey, valkey
from bot.answering.valkey_flights import ValkeyFlights
from retrieval.client import RetrievalClient
from tests.contract.answering.telling import PATIENT_SLICES
from tests.retrieval_stand_in import RetrievalStandIn, passage, retrieval_stand_in, words
from tests.until import until
from wire.answers import AnswerEvent, Done, Usage
from wire.nats_connection import connected
from wire.search import Passage, PassagesReply, PassagesRequest

T = TypeVar("T")

DOCUMENTS = [f"d{number}" for number in range(5)]
READERS = [("public",), ("public", "user:U1"), ("public", "user:U2"), ("public", "group:S1", "user:U1")]
ALLOW = [
    frozenset(allow)
    for allow in ({"public"}, {"user:U1"}, {"user:U1", "user:U2"}, {"group:S1"}, {"external"})
]
TOPICS = ("travel budget hotel", "hotel breakfast paid", "travel visa", "budget approval manager")
QUESTIONS = (
    "Which hotel budget for travel?",
    "For travel, which hotel budget?",
    "Hello, which hotel budget for travel please?",
    "Is breakfast paid?",
    "Who approves the budget?",
    "Travel visa?",
)
CANARY = re.compile(r"canary (\w+) (\d+)")


class Parrot:
    """A model that repeats all that it is given, with citations, once it may."""

    name = "parrot"
    metered = True
    reads_highlights = False
    reads_files = True

    def __init__(self) -> None:
        self.calls = 0
        self.may_go_on = asyncio.Event()

    async def count(self, prompt: Prompt) -> int | None:  # noqa: ARG002 — as `Model`
        return None

    async def stream(self, prompt: Prompt) -> AsyncGenerator[ModelEvent, None]:
        self.calls += 1
        yield Text(text="So it is: ")
        await self.may_go_on.wait()
        for place, given in enumerate(prompt.passages):
            yield Text(text=given.text)
            yield Cited(passage=place, quote=given.text)
        yield Used(usage=Usage(input_tokens=10, output_tokens=10), counted=20)
        yield Finished(stop="end")


class Trusting(RetrievalClient):
    """The negative control: every passage that ever stood is taken to stand, and to be anybody's to read."""

    def __init__(self, client: Client, ever: dict[str, Passage]) -> None:
        super().__init__(client)
        self._ever = ever

    async def passages(self, request: PassagesRequest) -> PassagesReply:
        return PassagesReply(passages=tuple(self._ever[known] for known in request.ids))


@dataclass
class Seen:
    """What a reader may be told at a moment: canaries of what they can read, and of what they must have."""

    may: set[tuple[str, str]]
    must: set[tuple[str, str]]


@dataclass
class Begun:
    """A question that was asked while others' answers are half written."""

    seen: Seen
    readers: tuple[str, ...]
    task: "asyncio.Task[list[AnswerEvent]]"


@dataclass
class Surroundings:
    """Kept for all examples; each begins with an empty shelf, and a cache that is not."""

    loop: asyncio.Runner
    retrieval: RetrievalStandIn
    client: Client
    valkey: Valkey
    trusting: bool = False
    ever: dict[str, Passage] = field(default_factory=dict)
    versions: Iterator[int] = field(default_factory=lambda: iter(range(1, 10**9)))
    cached: int = 0
    joined: int = 0
    asked: int = 0
    told_wrongly: int = 0

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(what)

    def answering(self, model: Parrot, *, joins: bool) -> Answering:
        limits = Limits(
            question_chars=1000,
            prompt_tokens=4000,
            answer_tokens=500,
            answer_within_s=600,
            relevance_floor=0.0,
        )
        return Answering(
            retrieval=Trusting(self.client, self.ever)
            if self.trusting
            else RetrievalClient(self.client, within_s=30),
            model=model,
            count=len,
            limits=limits,
            cache=ValkeyCache(self.valkey),
            flights=ValkeyFlights(self.valkey) if joins else None,
        )


class Questions(RuleBasedStateMachine):
    """Documents come, change, are hidden and go, between and during answers."""

    around: ClassVar[Surroundings]

    @initialize()
    def begin(self) -> None:
        self.around.retrieval.shelf.clear()
        self.begun: list[Begun] = []
        for document, topic in zip(DOCUMENTS, TOPICS, strict=False):
            self.change(document, topic, ALLOW[0])
        self.model = self.at_once()
        self.answering = self.around.answering(self.model, joins=False)
        self.slow = Parrot()
        self.other = self.around.answering(self.slow, joins=True)

    def at_once(self) -> Parrot:
        model = Parrot()
        model.may_go_on.set()
        return model

    @rule(document=st.sampled_from(DOCUMENTS), topic=st.sampled_from(TOPICS), allow=st.sampled_from(ALLOW))
    def change(self, document: str, topic: str, allow: frozenset[str]) -> None:
        self.around.retrieval.remove(document)
        version = next(self.around.versions)
        text = f"About {topic}: canary {document} {version}."
        put = passage(text, document=document, version=version)
        self.around.ever[put.id] = put
        self.around.retrieval.put(put, allow=allow)
        self.note_change()

    @rule(document=st.sampled_from(DOCUMENTS))
    def delete(self, document: str) -> None:
        self.around.retrieval.remove(document)

    @rule(document=st.sampled_from(DOCUMENTS), allow=st.sampled_from(ALLOW))
    def permit(self, document: str, allow: frozenset[str]) -> None:
        """Other readers for the same passages: no new version, no new ids."""
        self.around.retrieval.shelf = [
            (kept, allow if kept.document == document else before)
            for kept, before in self.around.retrieval.shelf
        ]
        self.note_change()

    def note_change(self) -> None:
        """An answer that is being written may meet what is there by now; it was searched for before."""
        for begun in self.begun:
            begun.seen.may |= seen(self.around.retrieval, "", begun.readers).may

    @rule(asked=st.sampled_from(QUESTIONS), readers=st.sampled_from(READERS))
    def ask(self, asked: str, readers: tuple[str, ...]) -> None:
        self.check(seen(self.around.retrieval, asked, readers), self.ask_now(asked, readers))

    @rule(asked=st.sampled_from(QUESTIONS), readers=st.sampled_from(READERS))
    def ask_twice(self, asked: str, readers: tuple[str, ...]) -> None:
        """So that what could be served is asked for, and the test is no empty one."""
        self.ask(asked, readers)
        self.ask(asked, readers)

    @rule(asked=st.sampled_from(QUESTIONS), readers=st.sampled_from(READERS))
    def begin_to_answer(self, asked: str, readers: tuple[str, ...]) -> None:
        expected = seen(self.around.retrieval, asked, readers)
        task = self.around.do(self.started(asked, readers))
        self.begun.append(Begun(expected, readers, task))

    @rule(asked=st.sampled_from(QUESTIONS))
    def two_begin_to_answer(self, asked: str) -> None:
        """So that there is somebody to read along."""
        for _ in range(2):
            self.begin_to_answer(asked, READERS[0])

    @rule()
    def finish(self) -> None:
        """All that is half written, whatever has become of the documents since."""
        for begun in self.begun:
            self.check(begun.seen, self.around.do(self.finished(begun)))
        self.begun.clear()
        self.slow.may_go_on.clear()

    def teardown(self) -> None:
        self.finish()

    async def started(self, asked: str, readers: tuple[str, ...]) -> "asyncio.Task[list[AnswerEvent]]":
        searches = len(self.around.retrieval.searches)
        task = asyncio.create_task(collect(self.other, asked, readers))
        await until(lambda: len(self.around.retrieval.searches) > searches, within_s=30)
        # The reply is on its way: whatever changes from now on comes after this search.
        await asyncio.sleep(0.005)
        return task

    async def finished(self, begun: Begun) -> list[AnswerEvent]:
        self.slow.may_go_on.set()
        async with asyncio.timeout(60):
            return await begun.task

    def ask_now(self, asked: str, readers: tuple[str, ...]) -> list[AnswerEvent]:
        return self.around.do(collect(self.answering, asked, readers))

    def check(self, expected: Seen, events: list[AnswerEvent]) -> None:
        done = events[-1]
        assert isinstance(done, Done), done
        assert done.complete
        told = set(CANARY.findall(done.text))
        self.around.told_wrongly += bool(told - expected.may)
        assert told <= expected.may, f"told {told - expected.may}, cached: {done.cached}"
        assert expected.must <= told, f"not told {expected.must - told}, cached: {done.cached}"
        cited = {(source.document, str(source.version)) for source in done.sources}
        assert cited <= expected.may
        self.around.asked += 1
        self.around.cached += int(done.cached)
        self.around.joined += int(done.joined)


async def collect(answering: Answering, asked: str, readers: tuple[str, ...]) -> list[AnswerEvent]:
    question = Question(id="q", text=asked, person="T1:U1", principals=readers)
    return [event async for event in answering.answer(question)]


def seen(retrieval: RetrievalStandIn, asked: str, readers: tuple[str, ...]) -> Seen:
    readable = retrieval.readable(readers)
    ranked = sorted(readable, key=lambda kept: -len(words(asked) & words(kept.text + kept.title)))
    return Seen(
        may={canary for kept in readable for canary in CANARY.findall(kept.text)},
        must={canary for kept in ranked[:MUST_HAVE_READ] for canary in CANARY.findall(kept.text)},
    )


async def opened(
    stack: contextlib.AsyncExitStack, loop: asyncio.Runner, nats_url: str, valkey_url: str
) -> Surroundings:
    client = await stack.enter_async_context(connected(nats_url, name="test"))
    return Surroundings(
        loop=loop,
        client=client,
        retrieval=await stack.enter_async_context(retrieval_stand_in(client)),
        valkey=await stack.enter_async_context(valkey(valkey_url, silent_slices=PATIENT_SLICES)),
    )


def run(request: pytest.FixtureRequest, *, examples: int, steps: int, trusting: bool = False) -> Surroundings:
    with asyncio.Runner() as loop:
        stack = contextlib.AsyncExitStack()
        # The session's own: what empties them before each test is no fixture for a test without a loop.
        urls = [request.getfixturevalue(f"_shared_{engine}_url") for engine in ("nats", "valkey")]
        around = loop.run(opened(stack, loop, *urls))
        around.trusting = trusting
        try:
            run_state_machine_as_test(
                type("Bound", (Questions,), {"around": around}),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    print_blob=True,
                    database=None,
                    # What fails is shown as it is: to shrink it would take minutes.
                    phases=(Phase.generate,),
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except (AssertionError, Flaky):
            # What went wrong is tried once more, and the cache is no longer what it was.
            if not trusting:
                raise
        finally:
            loop.run(stack.aclose())
    print(f"{around.asked} answers, {around.cached} cached, {around.joined} joined")
    return around


@pytest.mark.parametrize(
    ("examples", "steps"), [(12, 30), pytest.param(200, 50, marks=pytest.mark.soak)], ids=["small", "whole"]
)
def test_nothing_is_served_that_a_reader_can_not_see_now_or_that_is_no_longer_so(
    request: pytest.FixtureRequest, examples: int, steps: int
) -> None:
    """Promises 28 and 29, for the cache and for answers that are read along."""
    around = run(request, examples=examples, steps=steps)
    assert around.cached > 0, "a test of the cache in which nothing was ever served from it"
    assert around.joined > 0, "and of reading along in which nobody did"


def test_without_the_look_up_of_passages_it_would_be(request: pytest.FixtureRequest) -> None:
    """The negative control: the same steps, and a retrieval that believes whatever the cache says."""
    assert run(request, examples=300, steps=40, trusting=True).told_wrongly > 0
