"""A run that is longer than its window, and runs after the settings or the readers have changed."""

import asyncio
from datetime import UTC, datetime, timedelta

from nats.aio.client import Client

from ingest.nats_indexed import queued
from ingest.nats_runs import open_runs
from ingest.sync_client import SyncClient
from tests.contract.ingest.sources.resyncs import all_indexed, announced, synced, wiki_settings, worker
from tests.contract.ingest.workshop import Workshop
from tests.document_service_stand_in import DocumentServiceStandIn, StandInDocument
from tests.until import until
from wire import subjects
from wire.documents import document_key
from wire.heads import Head
from wire.nats_connection import connected
from wire.shapes import read_shape
from wire.source_settings import SourceSettings
from wire.sync import PLANNED_BYTES, SyncAccepted, SyncRequested, SyncRun

NIGHT = datetime(2026, 11, 25, 3, tzinfo=UTC)


class Clock:
    """Stands where it is put."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


async def newest(client: Client) -> list[SyncRun]:
    history = await (await open_runs(client)).history("wiki")
    return list(history.runs[:1])


async def test_a_run_that_outlasts_its_window_pauses_and_goes_on_in_the_next(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {f"rule-{n}": StandInDocument(f"Rule {n}.") for n in range(40)}
    schedule = {"cron": "0 3 * * *", "window": "03:00-04:00"}
    clock = Clock(NIGHT + timedelta(hours=1, minutes=1))

    def now() -> datetime:
        """The window closes in the middle of the run, however quick that is."""
        return NIGHT if len(wiki.reads) < 5 else clock.moment

    async with worker(nats_url, wiki_settings(wiki, schedule=schedule), now=now):

        async def paused() -> list[SyncRun]:
            return [run for run in await newest(client) if run.paused]

        (run,) = await until(paused, within_s=20)
        assert not run.ended
        before = await announced(client)
        assert before < 40
        await asyncio.sleep(1.5)
        assert await announced(client) == before, "it waits"
        clock.moment = NIGHT + timedelta(days=1)

        async def over() -> list[SyncRun]:
            return [run for run in await newest(client) if run.ended]

        (run,) = await until(over, within_s=20)
        assert (run.state, run.seen, run.paused) == ("done", 40, False)
        assert await announced(client) == 40


async def test_a_paused_run_that_somebody_asks_for_goes_on_at_once(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {f"rule-{n}": StandInDocument(f"Rule {n}.") for n in range(40)}
    schedule = {"cron": "0 3 * * *", "window": "03:00-04:00"}

    def now() -> datetime:
        return NIGHT if len(wiki.reads) < 5 else NIGHT + timedelta(hours=1, minutes=1)

    async with worker(nats_url, wiki_settings(wiki, schedule=schedule), now=now) as running:

        async def paused() -> list[SyncRun]:
            return [run for run in await newest(client) if run.paused]

        (run,) = await until(paused, within_s=20)
        ended = await synced(running)
        assert (ended.run, ended.state, ended.seen) == (run.run, "done", 40)


async def test_a_worker_that_stops_hands_its_run_to_the_next_at_once(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    """However often that is: only workers that die count against a run."""
    wiki.documents = {f"rule-{n}": StandInDocument(f"Rule {n}.") for n in range(8)}
    slow = wiki_settings(wiki, announce_per_s=0.5)
    run: SyncAccepted | None = None
    for _ in range(7):
        async with worker(nats_url, slow, lease_s=60.0) as stopping:
            run = await SyncClient(stopping).sync(SyncRequested(source="wiki"))
            await until(lambda: wiki.reads, within_s=20)
            wiki.reads.clear()
    assert run is not None
    async with worker(nats_url, wiki_settings(wiki), lease_s=60.0) as last:
        ended = [each async for each in SyncClient(last).follow(run)][-1]
    assert (ended.run, ended.state, ended.seen) == (run.run, "done", 8)


async def test_a_run_that_somebody_asks_for_needs_no_window(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {"a": StandInDocument("About a.")}
    schedule = {"cron": "0 3 * * *", "window": "03:00-04:00"}
    # Its slot of this night was taken, so that only what is asked for runs.
    noon = Clock(NIGHT + timedelta(hours=9))
    async with worker(nats_url, wiki_settings(wiki, schedule=schedule), now=noon.now):
        assert (await synced(client)).state == "done"


async def test_what_could_not_be_indexed_is_announced_once_more_when_the_readers_changed(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {
        "picture": StandInDocument("no text", media_type="image/png"),
        "leave": StandInDocument("28 days."),
    }
    async with worker(nats_url, wiki_settings(wiki), pipeline="readers-1"):
        assert (await synced(client)).changed == 2
        await all_indexed(client)
        assert (await synced(client)).changed == 0, "the control"
    async with worker(nats_url, wiki_settings(wiki), pipeline="readers-2"):
        assert (await synced(client)).changed == 1
        await all_indexed(client)
        assert (await synced(client)).changed == 0


async def test_what_another_reader_read_is_announced_once_more(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {name: StandInDocument(f"About {name}.") for name in "ab"}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        assert (await synced(client)).changed == 0, "the control"
        heads = await client.jetstream().key_value(subjects.HEADS_BUCKET)
        key = document_key("wiki", "a")
        head = read_shape(Head, (await heads.get(key)).value or b"")
        older = head.model_copy(update={"fingerprint": f"{head.fingerprint}-of-old"})
        await heads.put(key, older.to_json())
        assert (await synced(client)).changed == 1
        await all_indexed(client)
        assert (await synced(client)).changed == 0
        assert "a" in {document for document, _ in await indexed.found("about a")}


async def test_new_rules_in_the_settings_hold_as_soon_as_the_worker_starts(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    """Promise 29: no schedule has to come round before a revocation bites."""
    wiki.documents = {"salaries": StandInDocument("Salaries are paid on the 25th.")}
    public = wiki_settings(wiki, allow_from_source=False, allow=["public"])
    async with worker(nats_url, public):
        await synced(client)
        await all_indexed(client)
        assert await indexed.found("when are salaries paid")
    before = await announced(client)
    async with worker(nats_url, public):
        # Asked for beside, so that there is something to wait for.
        await synced(client)
        assert await announced(client) == before, "the control: nothing runs that is the same"
    await in_effect(nats_url, wiki_settings(wiki, allow_from_source=False, allow=["group:S1"]), indexed)
    assert await queued(client, "wiki") == 0


async def in_effect(nats_url: str, settings: SourceSettings, indexed: Workshop) -> None:
    async with worker(nats_url, settings):

        async def hidden() -> bool:
            return not await indexed.found("when are salaries paid")

        await until(hidden, within_s=20)
        assert await indexed.found("when are salaries paid", "group:S1")


async def test_a_dry_run_of_many_long_names_is_told_as_far_as_a_message_holds_it(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {f"{number:04}{'ä' * 990}": StandInDocument("x") for number in range(600)}
    async with connected(nats_url, name="a watcher") as watcher:
        told = await watcher.subscribe(f"{subjects.sync_progress('*')}")
        async with worker(nats_url, wiki_settings(wiki)):
            run = await synced(client, dry_run=True)
        assert (run.state, run.changed) == ("done", 600), run.reason
        assert 0 < len(run.planned) < 600
        assert len(run.to_json()) < PLANNED_BYTES * 1.1
        first = await told.next_msg(timeout=5)
        assert len(first.data) < 1000, "while it runs only counts are told"
