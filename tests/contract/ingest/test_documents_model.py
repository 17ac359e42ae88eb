"""Documents in any order, twice, under kills: compared with a model of what should be found by whom."""

import asyncio
import random
import signal
import string
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from nats.aio.client import Client

from retrieval.client import RetrievalClient
from tests.e2e.worker_process import OwnNats, Worker, found, queued, set_ack_wait
from tests.until import until
from wire import subjects
from wire.documents import DocumentChanged, DocumentDelete, DocumentUpsert
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import Passage, SearchRequest

READERS = ("public", "user:U1", "group:S1")
DOCUMENTS = ("leave", "travel", "expenses", "on call")
VERSIONS = 12
MOST_PARTS = 4
INDEXED_WITHIN_S = 60.0
MOST_KILLS = 2
"""Before everything is seen through."""

MOST_GIVEN_UP = 5
"""Starts in a run that a busy machine may let fail."""

T = TypeVar("T")
Known = dict[tuple[str, int], DocumentChanged]


@dataclass
class Surroundings:
    """A NATS server and a worker process, kept for all examples; each example has a source of its own."""

    loop: asyncio.Runner
    client: Client
    nats: OwnNats
    worker: Worker
    steps: int = 0
    kills: int = 0
    gave_up: int = 0
    sources: Iterator[str] = field(default_factory=lambda: (f"source{n}" for n in range(10**6)))

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(what)

    def see_that_it_runs(self) -> None:
        """As `answerdesk up` does: one that found NATS too slow as it started is started again."""
        if self.worker.process is not None and self.worker.process.poll() is not None:
            self.gave_up += 1
            assert self.gave_up <= MOST_GIVEN_UP, "the worker ends by itself"
            self.worker.start()


def parts(document: DocumentUpsert) -> int:
    """How many passages it is cut into (by its headings)."""
    return (document.body or "").count("# Part")


def may_read(changed: DocumentChanged, reader: str) -> bool:
    return isinstance(changed, DocumentUpsert) and reader in changed.allow


class Documents(RuleBasedStateMachine):
    """What is announced, and what must be found."""

    around: Surroundings

    @initialize()
    def begin(self) -> None:
        self.source = next(self.around.sources)
        self.announced: Known = {}
        self.killed = 0
        self.shown: dict[str, int] = {}
        print(f"--- {self.source}")

    def _changed(self, document: str, version: int, chance: random.Random) -> DocumentChanged:
        """The change that this version is: the same one whenever it is announced again."""
        known = self.announced.get((document, version))
        if known is not None:
            return known
        if chance.random() < 0.25:
            return DocumentDelete(source=self.source, id=document, version=version)
        body = "\n\n".join(
            # Some parts have the same words in every version, so that their vectors are taken over.
            # And none is like another, because a search names each text once.
            f"# Part {n}\n\nThe rule about days of {document}, part {n}. "
            + chance.choice((f"Version {version} changes it.", "It stands.", "It stands."))
            for n in range(chance.randint(1, MOST_PARTS))
        )
        return DocumentUpsert(
            source=self.source,
            id=document,
            version=version,
            title=chance.choice(("Rules", string.capwords(document))),
            body=body,
            allow=tuple(chance.sample(READERS, chance.randint(0, len(READERS)))),
        )

    @rule(
        changes=st.lists(
            st.tuples(st.sampled_from(DOCUMENTS), st.integers(1, VERSIONS)), min_size=1, max_size=6
        ),
        chance=st.randoms(use_true_random=False),
    )
    def announce(self, changes: list[tuple[str, int]], chance: random.Random) -> None:
        """In the order drawn: versions come early, late, and again."""
        for document, version in changes:
            changed = self._changed(document, version, chance)
            self.announced[document, version] = changed
            # Without a message id nothing is taken for a repetition: the worker has to see to that.
            self.around.do(self._publish(changed))

    @rule(chance=st.integers(1, 6))
    def kill_the_worker(self, chance: int) -> None:
        """kill -9 in whatever it is doing; one step in six, because a start takes a second."""
        # A document that three workers in a row died of would rightly be given up.
        if chance == 1 and self.killed < MOST_KILLS:
            self.killed += 1
            self.around.worker.end(signal.SIGKILL)
            self.around.worker.start()
            self.around.kills += 1

    @rule(chance=st.integers(1, 12))
    def restart_the_worker(self, chance: int) -> None:
        if chance == 1:
            # One that is still starting would die of it, as any program does.
            self.around.do(self._ask("public", within_s=INDEXED_WITHIN_S))
            assert self.around.worker.end(signal.SIGTERM) == 0
            self.around.worker.start()

    @rule()
    def let_it_settle(self) -> None:
        """Everything announced is seen through, and then readers find what the model says."""
        self.around.do(self._until_settled())
        self.killed = 0
        for reader in READERS:
            seen = self.around.do(self._ask(reader, within_s=INDEXED_WITHIN_S))
            assert seen is not None
            assert self._whole(seen) == self._expected(reader), f"for {reader}"

    @invariant()
    def nothing_wrong_is_ever_shown(self) -> None:
        """At any moment: one whole version of a document, never an older one again, to its readers only."""
        self.around.steps += 1
        for reader in READERS[: 1 + self.around.steps % 2]:
            seen = self.around.do(self._ask(reader, within_s=1.0))
            for document, version in self._whole(seen or ()).items():
                assert may_read(self.announced[document, version], reader)
                assert version >= self.shown.get(document, 0)
                self.shown[document] = version

    def _expected(self, reader: str) -> dict[str, int]:
        highest = {
            document: max(version for known, version in self.announced if known == document)
            for document, _ in self.announced
        }
        return {
            key: version for key, version in highest.items() if may_read(self.announced[key, version], reader)
        }

    def _whole(self, passages: tuple[Passage, ...]) -> dict[str, int]:
        """Each document's version; fails where it is not one, or not all of it."""
        versions: dict[str, int] = {}
        for passage in passages:
            assert versions.setdefault(passage.document, passage.version) == passage.version
        for document, version in versions.items():
            announced = self.announced[document, version]
            assert isinstance(announced, DocumentUpsert)
            ordinals = [passage.ordinal for passage in passages if passage.document == document]
            assert sorted(ordinals) == list(range(parts(announced)))
            texts = [passage.text for passage in passages if passage.document == document]
            assert all(text in (announced.body or "") for text in texts)
            assert {passage.title for passage in passages if passage.document == document} == {
                announced.title
            }
        return versions

    async def _publish(self, changed: DocumentChanged) -> None:
        subject = subjects.documents_changed(self.source)
        await self.around.client.jetstream().publish(subject, changed.to_json(), timeout=5)

    async def _until_settled(self) -> None:
        async def empty() -> bool:
            self.around.see_that_it_runs()
            return await queued(self.around.client) == 0

        await until(empty, within_s=INDEXED_WITHIN_S)

    async def _ask(self, reader: str, *, within_s: float) -> tuple[Passage, ...] | None:
        """None where no worker answers just now."""
        request = SearchRequest(
            query="the rule about days", principals=(reader,), sources=(self.source,), limit=100
        )
        client = RetrievalClient(self.around.client, within_s=within_s)

        async def ask() -> list[tuple[Passage, ...]]:
            self.around.see_that_it_runs()
            try:
                return [(await client.search(request)).passages]
            except UnavailableError:
                return []

        if within_s <= 1:
            return next(iter(await ask()), None)
        return (await until(ask, within_s=within_s, every_s=0.1))[0]


@pytest.fixture
def surroundings(tmp_path: Path) -> Iterator[Surroundings]:
    nats = OwnNats(tmp_path / "nats")
    nats.start()
    worker = Worker(nats.url, tmp_path / "data")
    with asyncio.Runner() as loop:
        connection = connected(nats.url, name="test")
        client = loop.run(connection.__aenter__())
        loop.run(ensure_topology(client))
        loop.run(set_ack_wait(client, 1.0))
        worker.start()
        yield Surroundings(loop, client, nats, worker)
        loop.run(found(client, "any rule"))
        worker.stop()
        loop.run(connection.__aexit__(None, None, None))
    nats.kill()


@pytest.mark.parametrize(
    ("examples", "steps"), [(8, 15), pytest.param(250, 50, marks=pytest.mark.soak)], ids=["small", "whole"]
)
def test_what_is_found_is_what_the_highest_versions_say_for_each_reader(
    surroundings: Surroundings, examples: int, steps: int
) -> None:
    """Promise 15: any order, duplicates, permission changes, deletions, kills, restarts; ≥ 10,000 steps."""

    class Machine(Documents):
        around = surroundings

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
            database=None,
        ),
    )
    print(f"{surroundings.steps} steps, {surroundings.kills} kills, {surroundings.gave_up} starts given up")
