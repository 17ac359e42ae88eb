"""The embedding model is changed under readers' eyes: a second index is built, and nobody waits for it."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client

from desk.worker import Pace, Role, run_worker
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from retrieval.nats_served import NatsServed, Served, open_served
from retrieval.stores import open_store, store_kind
from tests.another_model import make_another_model
from tests.contract.retrieval.stores_under_test import running_postgres
from tests.e2e.worker_process import Worker, found
from tests.until import until
from wire import subjects
from wire.documents import DocumentUpsert
from wire.errors import SettingsError, UnavailableError
from wire.nats_objects import open_objects
from wire.search import SearchReply, SearchRequest
from wire.settings import Settings

DOCUMENTS = 40
PARTS = 4
ASK_EVERY_S = 0.05
WITHIN_S = 240.0
HURRIED = Pace(turn_within_s=2.0, retire_after_s=2.0)


def upsert(number: int, *, version: int = 1) -> DocumentUpsert:
    parts = [f"# Part {part}\n\nRule {number}, part {part}, in edition {version}." for part in range(PARTS)]
    return DocumentUpsert(
        source="handbook",
        id=f"rule-{number}",
        version=version,
        body="\n\n".join(parts),
        allow=("public",) if number % 2 else ("user:U1",),
    )


@asynccontextmanager
async def workers(settings: Settings, *halves: Role | None) -> AsyncIterator[None]:
    """Workers in this process, for as long as the block lasts; their errors are the test's."""
    stop = asyncio.Event()
    running = [asyncio.create_task(run_worker(settings, stop, only=half, pace=HURRIED)) for half in halves]
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(120):
            await asyncio.gather(*running)


@pytest.fixture(params=["edge", "pgvector"])
def settings(request: pytest.FixtureRequest, nats_url: str, tmp_path: Path) -> Iterator[Settings]:
    embedded = Settings(_env_file=None, nats_url=nats_url, data_dir=tmp_path / "data")
    if request.param == "edge":
        yield embedded
        return
    with running_postgres() as url:
        yield embedded.model_copy(update={"vector_store": "pgvector", "postgres_url": url})


def halves_for(settings: Settings) -> tuple[Role | None, ...]:
    """An embedded index has one worker; a server's has any number, of which two read and one writes."""
    return ("ingest", "retrieval", "retrieval") if settings.vector_store else (None,)


async def served(client: Client) -> Served | None:
    return (await (await open_served(client)).look_up())[0]


class Readers:
    """Ask for one document after another, twenty times a second, and keep what they were told."""

    def __init__(self, client: Client) -> None:
        self._ask = RetrievalClient(client)
        self.known = dict.fromkeys(range(DOCUMENTS), 1)
        """Each document's version, at the least."""
        self.replies: Counter[str] = Counter()
        self._asking: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        number = 0
        while True:
            number = (number + 1) % DOCUMENTS
            if number in self.known:
                task = asyncio.create_task(self._look_for(number, at_least=self.known[number]))
                self._asking.add(task)
                task.add_done_callback(self._asking.discard)
            await asyncio.sleep(ASK_EVERY_S)

    async def _look_for(self, number: int, *, at_least: int) -> None:
        request = SearchRequest(
            query=f"Rule {number}, part 1", principals=("public", "user:U1"), sources=("handbook",), limit=20
        )
        try:
            reply = await self._answered(request)
        except UnavailableError as error:
            self.replies[str(error)] += 1
            return
        versions = {each.version for each in reply.passages if each.document == f"rule-{number}"}
        if len(versions) == 1 and min(versions) >= at_least:
            self.replies["right"] += 1
        else:
            self.replies[f"{number}: {versions}, not {at_least}"] += 1

    async def _answered(self, request: SearchRequest) -> SearchReply:
        # On a busy machine one may take longer than a search may; who asks would ask again.
        with contextlib.suppress(UnavailableError):
            return await self._ask.search(request)
        return await self._ask.search(request)

    async def drained(self) -> None:
        async with asyncio.timeout(60):
            await asyncio.gather(*self._asking)


async def test_changing_the_model_leaves_no_gap_in_answers(
    client: Client, settings: Settings, tmp_path: Path
) -> None:
    """Promise 26, for all documents at once: asked 20 times a second, each answer is whole and not old."""
    another = settings.model_copy(update={"embedding_model": str(make_another_model(tmp_path / "model"))})
    halves = halves_for(settings)
    ingest, readers = IngestClient(client), Readers(client)
    async with workers(settings, *halves):
        for number in range(DOCUMENTS):
            await ingest.announce(upsert(number))
        for number in range(DOCUMENTS):
            await ingest.wait_until_indexed(upsert(number), within_s=WITHIN_S)
    former = await served(client)
    async with workers(another, *halves):
        await until(RetrievalClient(client).is_served, within_s=60)
        asking = asyncio.create_task(readers.run())
        started = time.monotonic()
        # What changes while the second index is built is in both.
        for number in range(0, DOCUMENTS, 5):
            changed = upsert(number, version=2)
            await ingest.announce(changed)
            await ingest.wait_until_indexed(changed, within_s=WITHIN_S)
            readers.known[number] = 2

        async def turned() -> bool:
            now = await served(client)
            return now is not None and former is not None and now.name != former.name

        await until(turned, within_s=WITHIN_S, every_s=0.2)
        print(f"another index answers after {time.monotonic() - started:.1f} s")
        await asyncio.sleep(4 * HURRIED.turn_within_s)
        changed = upsert(1, version=3)
        await ingest.announce(changed)
        await ingest.wait_until_indexed(changed, within_s=WITHIN_S)
        readers.known[1] = 3

        async def retired() -> bool:
            now = await served(client)
            return now is not None and now.retiring is None

        await until(retired, within_s=60)
        await asyncio.sleep(1)
        asking.cancel()
        await readers.drained()
    print(dict(readers.replies))
    assert set(readers.replies) == {"right"}
    assert readers.replies["right"] > 20, "some 200, where the machine has time"
    async with open_store(settings, kind=store_kind(settings)) as store:
        (note,) = await store.notes()
    now = await served(client)
    assert now is not None
    assert (note.name, note.fingerprint, now.model) == (now.name, now.fingerprint, another.embedding_model)


async def test_a_former_index_stays_for_as_long_as_it_alone_has_a_document(
    client: Client, nats_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is on record as one to be removed until it is, whatever becomes of the worker."""
    settings = Settings(_env_file=None, nats_url=nats_url, data_dir=tmp_path / "data")
    another = settings.model_copy(update={"embedding_model": str(make_another_model(tmp_path / "model"))})
    ingest, texts = IngestClient(client), await open_objects(client, subjects.TEXTS_BUCKET)
    async with workers(settings, None):
        await ingest.announce(upsert(1))
        await ingest.wait_until_indexed(upsert(1), within_s=WITHIN_S)
    former = await served(client)
    for name in await texts.names():
        await texts.remove(name)
    said: list[str] = []

    def stays() -> bool:
        said.append(capsys.readouterr().out)
        return "the former index stays" in "".join(said)

    async with workers(another, None):
        await until(stays, within_s=WITHIN_S)
        now = await served(client)
        assert former is not None
        assert now is not None
        assert (now.retiring, now.model) == (former.fingerprint, another.embedding_model)
        await ingest.announce(upsert(1, version=2))
        await ingest.wait_until_indexed(upsert(1, version=2), within_s=WITHIN_S)

    async def retired() -> bool:
        now = await served(client)
        return now is not None and now.retiring is None

    async with workers(another, None):
        await until(retired, within_s=WITHIN_S)
    async with open_store(settings, kind="edge") as store:
        assert [note.name for note in await store.notes()] == [now.name]


async def test_a_former_model_that_is_gone_is_named(client: Client, nats_url: str, tmp_path: Path) -> None:
    """Rather than answers that come back one document after another."""
    settings = Settings(_env_file=None, nats_url=nats_url, data_dir=tmp_path / "data")
    async with workers(settings, None):
        await until(RetrievalClient(client).is_served, within_s=60)
    record = await open_served(client)
    former, revision = await record.look_up()
    assert former is not None
    assert await record.advance(former.model_copy(update={"model": "/nowhere"}), over=revision)
    another = settings.model_copy(update={"embedding_model": str(make_another_model(tmp_path / "model"))})
    with pytest.raises(SettingsError, match=r"EMBEDDING_MODEL: '/nowhere'"):
        await run_worker(another, asyncio.Event())


async def given_to_a_former_release(settings: Settings, record: NatsServed) -> str:
    """The served index becomes one that an earlier file of its model made; gives that one's fingerprint."""
    now, revision = await record.look_up()
    assert now is not None
    fingerprint = f"0123456789abcdef-{now.fingerprint.partition('-')[2]}"
    async with open_store(settings, kind="edge") as store:
        async with (
            store.open(fingerprint=now.fingerprint, dimensions=now.dimensions) as ours,
            store.open(fingerprint=fingerprint, dimensions=now.dimensions) as former,
        ):
            copies, _ = await ours.copies(after=None, limit=100)
            await former.upsert(copies)
            made = now.model_copy(update={"name": former.name, "fingerprint": fingerprint})
        await store.remove(now.fingerprint)
    assert await record.advance(made, over=revision)
    return fingerprint


async def test_a_release_whose_packaged_model_was_made_anew_answers_and_builds_its_index(
    client: Client, nats_url: str, tmp_path: Path
) -> None:
    """Nobody can put the former file back, which came with the former release."""
    settings = Settings(_env_file=None, nats_url=nats_url, data_dir=tmp_path / "data")
    ingest, record = IngestClient(client), await open_served(client)
    async with workers(settings, None):
        await ingest.announce(upsert(1))
        await ingest.wait_until_indexed(upsert(1), within_s=WITHIN_S)
    former = await given_to_a_former_release(settings, record)

    async def turned() -> bool:
        now, _ = await record.look_up()
        return now is not None and now.fingerprint != former and now.retiring is None

    async with workers(settings, None):
        assert ("rule-1", 1) in await found(client, "Rule 1, part 1"), "it answers at once"
        await until(turned, within_s=WITHIN_S)
        assert ("rule-1", 1) in await found(client, "Rule 1, part 1")


async def test_a_worker_that_is_killed_while_it_builds_goes_on_when_it_is_back(
    client: Client, nats_url: str, tmp_path: Path
) -> None:
    """Promise 25: the former index answers until the new one is whole, whatever happened in between."""
    folder, model = tmp_path / "data", str(make_another_model(tmp_path / "model"))
    before, killed, after = (
        Worker(nats_url, folder),
        Worker(nats_url, folder, EMBEDDING_MODEL=model),
        Worker(nats_url, folder, EMBEDDING_MODEL=model),
    )
    ingest = IngestClient(client)
    try:
        before.start()
        for number in range(DOCUMENTS):
            await ingest.announce(upsert(number))
        for number in range(DOCUMENTS):
            await ingest.wait_until_indexed(upsert(number), within_s=WITHIN_S)
        before.stop()
        former = await served(client)
        killed.start()
        await found(client, "rule")
        killed.kill()
        after.start()
        assert await found(client, "rule 1"), "it answers at once"

        async def turned() -> bool:
            now = await served(client)
            return now is not None and former is not None and now.name != former.name

        await until(turned, within_s=WITHIN_S, every_s=0.2)
        for number in range(1, DOCUMENTS, 2):
            assert (f"rule-{number}", 1) in await found(client, f"Rule {number}, part 1")
        after.stop()
    finally:
        for worker in (before, killed, after):
            worker.kill()
