"""A resync announces what differs, and nothing else; deletions are never a guess."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.indexing import Indexing
from ingest.nats_consumer import NatsConsumer
from ingest.nats_indexed import indexed_of
from ingest.sync_client import SyncClient
from ingest.sync_service import resyncing
from retrieval.edge_index import EdgeIndex, open_edge_index
from tests.contract.ingest.sources.resyncs import all_indexed, announced, synced, wiki_settings, worker
from tests.contract.ingest.workshop import Workshop
from tests.document_service_stand_in import DocumentServiceStandIn, StandInDocument
from wire.documents import DocumentUpsert
from wire.errors import MalformedError, RefusedError, SettingsError
from wire.source_settings import ScheduleSettings, SourceSettings
from wire.sync import SyncRequested, SyncRun


def counts(run: SyncRun) -> tuple[int, int, int, int]:
    return run.seen, run.changed, run.deleted, run.failed


async def test_only_differences_are_announced(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {f"rule-{n}": StandInDocument(f"Rule {n} is about {n} days.") for n in range(5)}
    async with worker(nats_url, wiki_settings(wiki)):
        assert counts(await synced(client)) == (5, 5, 0, 0)
        await all_indexed(client)
        wiki.reads.clear()
        assert counts(await synced(client)) == (5, 0, 0, 0)
        assert wiki.reads == [], "unchanged revisions cost no download"
        assert await announced(client) == 5

        wiki.documents["rule-1"] = StandInDocument("Rule 1 is about parental leave now.", revision="2")
        wiki.documents["rule-9"] = StandInDocument("Rule 9 is new.")
        del wiki.documents["rule-4"]
        run = await synced(client)
        assert counts(run) == (5, 2, 1, 0)
        assert run.ok
        await all_indexed(client)
        assert sorted(wiki.reads) == ["rule-1", "rule-9"]
        documents = {document for document, _ in await indexed.found("rule")}
        assert documents == {"rule-0", "rule-1", "rule-2", "rule-3", "rule-9"}


async def test_without_revisions_documents_are_read_and_only_new_bytes_announced(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {name: StandInDocument(f"About {name}.", revision=None) for name in "abc"}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        wiki.documents["b"].body = "About something else."
        assert counts(await synced(client)) == (3, 1, 0, 0)
        assert len(wiki.reads) == 6


async def test_full_reads_again_what_claims_to_be_unchanged(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {name: StandInDocument(f"About {name}.") for name in "abc"}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        wiki.documents["b"].body = "Changed behind its revision's back."
        assert counts(await synced(client)) == (3, 0, 0, 0), "the control"
        assert counts(await synced(client, full=True)) == (3, 1, 0, 0)


async def test_an_index_that_was_lost_is_filled_by_a_full_resync(
    client: Client, nats_url: str, workshop: Workshop, wiki: DocumentServiceStandIn, tmp_path: Path
) -> None:
    """Nothing differs, by what the documents' heads say; each is announced at the version that stands."""
    wiki.documents = {name: StandInDocument(f"About {name}.") for name in "abc"}
    async with worker(nats_url, wiki_settings(wiki)):
        async with indexing_into(client, workshop, workshop.index):
            await synced(client)
            await all_indexed(client)
        before = await indexed_of(client, "wiki")
        async with (
            open_edge_index(
                tmp_path / "anew", dimensions=workshop.encoder.dimensions, fingerprint="anew"
            ) as anew,
            indexing_into(client, workshop, anew),
        ):
            assert counts(await synced(client)) == (3, 0, 0, 0)
            await all_indexed(client)
            assert await anew.count() == 0, "the control"
            assert counts(await synced(client, full=True)) == (3, 0, 0, 0)
            await all_indexed(client)
            assert await anew.count() == 3
    assert await indexed_of(client, "wiki") == before


@asynccontextmanager
async def indexing_into(client: Client, workshop: Workshop, index: EdgeIndex) -> AsyncIterator[None]:
    """A worker with that index, for as long as the block lasts."""
    indexing = Indexing(
        index=index,
        encoder=workshop.encoder,
        heads=workshop.heads,
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )
    stop = asyncio.Event()
    consuming = asyncio.create_task(NatsConsumer(client, apply=indexing.apply).run(stop))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await consuming


async def test_a_permission_revoked_at_the_source_is_denied_after_the_next_resync(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    """Promise 29, by poll: the document's revision is the same, only its readers are not."""
    wiki.documents = {
        "salaries": StandInDocument("Salaries are paid on the 25th.", allow=("public",)),
        "leave": StandInDocument("Annual leave is 28 days.", allow=("public",)),
    }
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        assert "salaries" in {document for document, _ in await indexed.found("when are salaries paid")}
        wiki.documents["salaries"].allow = ("group:S1",)
        assert counts(await synced(client)) == (2, 1, 0, 0)
        await all_indexed(client)
        assert {document for document, _ in await indexed.found("when are salaries paid")} == {"leave"}
        found = await indexed.found("when are salaries paid", "group:S1")
        assert {document for document, _ in found} == {"salaries"}


async def test_a_list_that_breaks_off_half_way_deletes_nothing(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {f"rule-{n}": StandInDocument(f"Rule {n}.") for n in range(6)}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        del wiki.documents["rule-0"]
        wiki.documents["rule-1"] = StandInDocument("Rule 1 is new.", revision="2")
        wiki.pages_until_fault = 2
        run = await synced(client)
        assert run.state == "failed"
        assert "broke off" in (run.reason or "")
        assert counts(run)[1:] == (1, 0, 0), "what was seen stands"
        wiki.pages_until_fault = None
        assert (await synced(client)).deleted == 1, "the control"


@pytest.mark.parametrize("left", [0, 4])
async def test_a_list_of_under_seventy_percent_deletes_nothing_unless_told(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn, left: int
) -> None:
    documents = {f"rule-{n}": StandInDocument(f"Rule {n}.") for n in range(6)}
    wiki.documents = dict(documents)
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        wiki.documents = dict(list(documents.items())[:left])
        for _ in range(2):
            run = await synced(client)
            assert (run.state, run.deleted, run.withheld, run.ok) == ("done", 0, 6 - left, False)
            assert "--accept-shrinking" in (run.reason or "")
        assert (await synced(client, accept_shrinking=True)).deleted == 6 - left
        await all_indexed(client)
        assert len(await indexed.found("rule")) == left


async def test_a_dry_run_lists_and_changes_nothing(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {name: StandInDocument(f"About {name}.") for name in "abcd"}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        wiki.documents["a"] = StandInDocument("New words.", revision="2")
        del wiki.documents["d"]
        run = await synced(client, dry_run=True)
        assert {(change.id, change.action) for change in run.planned} == {("a", "upsert"), ("d", "delete")}
        assert await announced(client) == 4


async def test_a_document_that_cannot_be_read_is_counted_and_stays(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {name: StandInDocument(f"About {name}.") for name in "abcd"}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        wiki.documents["a"] = StandInDocument("New words.", revision="2")
        wiki.broken = {"a"}
        run = await synced(client)
        assert counts(run) == (4, 0, 0, 1)
        assert [(each.id, each.reason) for each in run.unread] == [
            ("a", "the document's content answers 400")
        ]
        assert not run.ok
        assert "a" in {document for document, _ in await indexed.found("about a")}
        wiki.broken = set()
        assert counts(await synced(client)) == (4, 1, 0, 0)


async def test_a_document_that_cannot_be_indexed_is_announced_once_and_again_when_it_changes(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {
        "picture": StandInDocument("no text", media_type="image/png"),
        "leave": StandInDocument("28 days."),
    }
    async with worker(nats_url, wiki_settings(wiki)):
        assert (await synced(client)).changed == 2
        await all_indexed(client)
        for _ in range(2):
            assert counts(await synced(client)) == (2, 0, 0, 0)
        assert (await synced(client, full=True)).changed == 1, "a full run tries again"
        await all_indexed(client)
        wiki.documents["picture"] = StandInDocument("Now it is text.", revision="2")
        assert (await synced(client)).changed == 1
        await all_indexed(client)
        assert "picture" in {document for document, _ in await indexed.found("text")}
        assert (await synced(client)).changed == 0


async def test_a_document_published_meanwhile_is_neither_deleted_nor_overwritten_by_an_older_number(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    """The service announces by itself, too, with its own version numbers: they go on counting."""
    wiki.documents = {name: StandInDocument(f"About {name}.", version=41) for name in "abc"}
    async with worker(nats_url, wiki_settings(wiki)):
        await synced(client)
        await all_indexed(client)
        newer = DocumentUpsert(source="wiki", id="a", version=42, body="Newer words.", allow=("public",))
        await IngestClient(client).announce(newer)
        await IngestClient(client).wait_until_indexed(newer, within_s=10)
        assert ("a", 42) in await indexed.found("newer words")


async def test_sources_are_listed_with_counts_freshness_and_history(
    client: Client, nats_url: str, indexed: Workshop, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {name: StandInDocument(f"About {name}.") for name in "ab"}
    by_hand = DocumentUpsert(source="files", id="x", version=1, body="By hand.")
    await IngestClient(client).announce(by_hand)
    async with worker(nats_url, wiki_settings(wiki)):
        first = await synced(client)
        second = await synced(client, full=True)
        await all_indexed(client)
        files, listed = (await SyncClient(client).sources()).sources
    assert (files.name, files.kind, files.documents) == ("files", "announced", 1)
    assert (listed.name, listed.kind, listed.documents) == ("wiki", "http", 2)
    assert [run.run for run in listed.runs] == [second.run, first.run]
    assert listed.synced_at == second.started_at, "what changed before then is in the index"
    assert listed.next_slot is None


async def test_an_unknown_source_is_named_with_those_that_are_known(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    async with worker(nats_url, wiki_settings(wiki)):
        with pytest.raises(MalformedError, match=r"'drive'.*wiki"):
            await SyncClient(client).sync(SyncRequested(source="drive"))
        with pytest.raises(MalformedError, match="not being resynced"):
            await SyncClient(client).cancel("wiki")


async def test_one_run_a_source_at_a_time_and_it_can_be_cancelled(
    client: Client, nats_url: str, wiki: DocumentServiceStandIn
) -> None:
    wiki.documents = {f"rule-{n}": StandInDocument(f"Rule {n}.") for n in range(60)}
    slow = wiki_settings(wiki, announce_per_s=5)
    async with worker(nats_url, slow), worker(nats_url, slow):
        admin = SyncClient(client)
        accepted = await admin.sync(SyncRequested(source="wiki"))
        for _ in range(4):
            assert await admin.sync(SyncRequested(source="wiki")) == accepted, "the same will do"
        with pytest.raises(RefusedError, match="cancel"):
            await admin.sync(SyncRequested(source="wiki", full=True))
        assert (await admin.cancel("wiki")).run == accepted.run
        runs = [run async for run in admin.follow(accepted)]
        assert runs[-1].state == "cancelled"
        assert runs[-1].changed < 60
        assert (await admin.sync(SyncRequested(source="wiki", dry_run=True))).run != accepted.run


async def test_every_source_that_can_be_none_is_named_at_the_start(client: Client) -> None:
    sources = {
        "docs": SourceSettings(kind="files", url="s3://b", schedule=ScheduleSettings(cron="nightly")),
        "web": SourceSettings(kind="sitemap", url="www.example.com"),
    }
    with pytest.raises(SettingsError) as wrong:
        async with resyncing(client, sources=sources):
            pass
    said = str(wrong.value).splitlines()
    assert [line.partition(":")[0] for line in said] == [
        "SOURCES.docs",
        "SOURCES.docs.schedule.cron",
        "SOURCES.web.url",
    ]
