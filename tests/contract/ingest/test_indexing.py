"""One announcement in, a true index out."""

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.indexing import Indexing
from ingest.leftovers import Leftovers, text_name
from retrieval.heads import HeadEntry
from tests.contract.ingest.test_nats_consumer import HASTY, consuming, failures
from tests.contract.ingest.workshop import LosingHeads, Workshop, delete, the_passage, upsert
from tests.until import until
from wire.documents import DocumentChanged, document_key
from wire.errors import UnavailableError
from wire.heads import Head
from wire.search import SearchRequest

KEY = document_key("handbook", "leave")


async def test_a_document_is_found_once_it_is_applied(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(body="# Leave\n\nAnnual leave is 28 days."))
    assert await workshop.found("how many days of annual leave") == {("leave", 1)}
    head = (await workshop.heads.look_up(KEY)).head
    assert head is not None
    assert (head.version, head.state, head.passages) == (1, "live", 1)
    text = await workshop.texts.get(text_name(KEY, head.edition), max_bytes=1000)
    assert text == b"# Leave\n\nAnnual leave is 28 days."


EVENTS: tuple[DocumentChanged, ...] = (
    upsert(version=1, body="Annual leave is 1 day."),
    upsert(version=2, body="Annual leave is 2 days."),
    delete(version=3),
    upsert(version=4, body="Annual leave is 4 days."),
)


@pytest.mark.parametrize("order", list(itertools.permutations(EVENTS))[::5])
async def test_the_highest_version_is_found_whatever_the_order(
    workshop: Workshop, order: tuple[DocumentChanged, ...]
) -> None:
    """Promise 15: versions decide, not arrival; a duplicate changes nothing."""
    for changed in (*order, *order):
        await workshop.indexing.apply(changed)
    assert await workshop.found("annual leave") == {("leave", 4)}


async def test_workers_that_race_leave_one_whole_document(workshop: Workshop) -> None:
    """Promise 15, with every writer at once over the same head."""
    bodies = [f"Annual leave is {version} days.\n\n## More\n\nAsk {version}." for version in range(1, 6)]
    await asyncio.gather(
        *(
            workshop.indexing.apply(upsert(version=version, body=body))
            for version, body in enumerate(bodies, start=1)
        )
    )
    assert await workshop.found("annual leave") == {("leave", 5)}
    await workshop.leftovers.sweep()
    assert await workshop.stored() == 2, "what the losers wrote is removed"


async def test_a_deleted_document_stays_deleted_when_an_older_upsert_comes_late(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=2))
    await workshop.indexing.apply(delete(version=3))
    assert await workshop.found("annual leave") == set()
    await workshop.indexing.apply(upsert(version=1))
    assert await workshop.found("annual leave") == set()


async def test_a_resyncs_deletion_applies_only_to_the_version_it_saw(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=2))
    await workshop.indexing.apply(delete(if_version=1))
    assert await workshop.found("annual leave") == {("leave", 2)}
    await workshop.indexing.apply(delete(if_version=2))
    assert await workshop.found("annual leave") == set()
    await workshop.indexing.apply(upsert(version=2))
    assert await workshop.found("annual leave") == {("leave", 2)}, "its tombstone yields"


async def test_a_change_of_readers_hides_the_document_at_once(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=1, allow=("public",)))
    await workshop.indexing.apply(upsert(version=2, allow=("user:U1",)))
    assert await workshop.found("annual leave") == set()
    assert await workshop.found("annual leave", "user:U1") == {("leave", 2)}


async def test_an_equal_version_with_other_content_replaces_it(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=1, allow=("public",)))
    await workshop.indexing.apply(upsert(version=1, allow=("user:U1",)))
    assert await workshop.found("annual leave") == set()


async def test_a_shorter_version_leaves_no_stale_passage(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=1, body="# A\n\nOne.\n\n# B\n\nTwo.\n\n# C\n\nThree."))
    await workshop.indexing.apply(upsert(version=2, body="Only this."))
    assert await workshop.found("two or three") == {("leave", 2)}
    await workshop.leftovers.sweep()
    assert await workshop.stored() == 1


async def test_a_document_that_became_empty_is_no_longer_found(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=1))
    await workshop.indexing.apply(upsert(version=2, body="\n"))
    assert await workshop.found("annual leave") == set()


async def test_no_half_document_is_seen_while_it_is_replaced(workshop: Workshop) -> None:
    """Promise 26, small: every search sees one whole version, old or new, and never none."""

    def body(version: int) -> str:
        return "\n\n".join(f"# Part {n}\n\nAnnual leave, part {n} of version {version}." for n in range(4))

    await workshop.indexing.apply(upsert(version=1, body=body(1)))
    seen: list[set[tuple[str, int]]] = []

    async def keep_searching() -> None:
        while True:
            seen.append(await workshop.found("annual leave"))
            await asyncio.sleep(0)  # a search of words that are known waits for nothing

    searching = asyncio.create_task(keep_searching())
    for version in range(2, 12):
        await workshop.indexing.apply(upsert(version=version, body=body(version)))
        await workshop.leftovers.sweep()
    searching.cancel()
    await asyncio.wait([searching])
    assert len(seen) > 10
    assert all(len(found) == 1 for found in seen)
    versions = [version for found in seen for _, version in found]
    assert versions == sorted(versions)


async def test_who_loses_the_race_for_the_head_removes_its_own_passages(workshop: Workshop) -> None:
    late = Indexing(
        index=workshop.index,
        encoder=workshop.encoder,
        heads=LosingHeads(workshop),  # type: ignore[arg-type] # `shown` is not used by a writer
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )
    await late.apply(upsert(version=8, body="Annual leave is 8 days."))
    assert await workshop.found("annual leave") == {("leave", 9)}
    assert await workshop.stored() == 2
    await workshop.leftovers.sweep()
    assert await workshop.stored() == 1
    assert len(await workshop.texts.names()) == 1


async def test_what_a_crash_left_behind_is_invisible_and_swept_at_the_next_start(workshop: Workshop) -> None:
    class Crash(Exception):  # noqa: N818 — it stands for kill -9
        pass

    class CrashingHeads(LosingHeads):
        async def advance(self, head: Head, *, over: int) -> bool:  # noqa: ARG002 — as the port has it
            raise Crash

    dying = Indexing(
        index=workshop.index,
        encoder=workshop.encoder,
        heads=CrashingHeads(workshop),  # type: ignore[arg-type] # as above
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )
    await workshop.indexing.apply(upsert(version=1))
    with pytest.raises(Crash):
        await dying.apply(upsert(version=2, body="Annual leave is 30 days."))
    assert await workshop.found("annual leave") == {("leave", 1)}
    await workshop.leftovers.sweep()
    assert await workshop.stored() == 2, "another worker may be writing it: it is spared"
    await workshop.indexing.apply(upsert(version=3, body="Annual leave is 31 days."))
    await workshop.leftovers.sweep()
    assert await workshop.found("annual leave") == {("leave", 3)}
    assert await workshop.stored() == 1
    assert len(await workshop.texts.names()) == 1


async def test_what_changes_while_its_former_editions_are_removed_is_removed_in_its_turn(
    workshop: Workshop,
) -> None:
    class ChangingHeads(LosingHeads):
        async def look_up(self, key: str) -> HeadEntry:
            entry = await workshop.heads.look_up(key)
            await indexing.apply(delete(version=3))
            return entry

    leftovers = Leftovers(
        index=workshop.index,
        heads=ChangingHeads(workshop),  # type: ignore[arg-type] # as above
        texts=workshop.texts,
        grace_s=0.0,
    )
    indexing = Indexing(
        index=workshop.index,
        encoder=workshop.encoder,
        heads=workshop.heads,
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=leftovers,
    )
    await indexing.apply(upsert(version=1))
    cleaning = asyncio.create_task(leftovers.run())
    await until(lambda: _nothing_is_left(workshop), within_s=10)
    cleaning.cancel()
    await asyncio.wait([cleaning])


async def _nothing_is_left(workshop: Workshop) -> bool:
    return not await workshop.stored() and not await workshop.texts.names()


async def test_a_deletion_whose_answer_was_lost_takes_passages_and_text_with_it(workshop: Workshop) -> None:
    """Promise 38, small: NATS stored the tombstone and died before it could say so."""

    class MuteHeads(LosingHeads):
        async def advance(self, head: Head, *, over: int) -> bool:
            await workshop.heads.advance(head, over=over)
            raise UnavailableError("a document's head cannot be written", service="nats")

    mute = Indexing(
        index=workshop.index,
        encoder=workshop.encoder,
        heads=MuteHeads(workshop),  # type: ignore[arg-type] # as above
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )

    async def only_the_second_is_left() -> bool:
        return await workshop.stored() == 1

    cleaning = asyncio.create_task(workshop.leftovers.run())
    await workshop.indexing.apply(upsert(version=1))
    await workshop.indexing.apply(upsert(version=2))
    await until(only_the_second_is_left, within_s=10)
    with pytest.raises(UnavailableError):
        await mute.apply(delete(version=3))
    await mute.apply(delete(version=3))
    await until(lambda: _nothing_is_left(workshop), within_s=10)
    cleaning.cancel()
    await asyncio.wait([cleaning])


async def test_a_tombstone_takes_passages_and_text_with_it(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(version=1))
    await workshop.indexing.apply(delete(version=2))
    await workshop.leftovers.sweep()
    assert await workshop.stored() == 0
    assert await workshop.texts.names() == []


async def test_a_document_without_a_title_takes_its_first_heading(workshop: Workshop) -> None:
    untitled = upsert(body="# How we travel\n\nBook early.").model_copy(update={"title": ""})
    await workshop.indexing.apply(untitled)
    assert (await the_passage(workshop)).title == "How we travel"


async def test_what_a_document_says_of_itself_is_found_and_shown(workshop: Workshop) -> None:
    front_matter = "---\ntitle: Parental leave\nowner: Priya Raman\nupdated: 2026-03-01\n---\n"
    body = f"{front_matter}# Leave for parents\n\n14 weeks."
    await workshop.indexing.apply(upsert(body=body).model_copy(update={"title": ""}))
    await workshop.indexing.apply(upsert("other", body="# Travel\n\nBook early."))
    passage = await the_passage(workshop)
    assert passage.title == "Parental leave"
    assert passage.updated_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert "Owner: Priya Raman" in passage.text
    reply = await workshop.search.search(SearchRequest(query="Priya Raman", principals=("public",)))
    assert reply.passages[0].document == "leave"


class AwayIndex:
    """The real index, away for as long as it is told to be."""

    def __init__(self, workshop: Workshop) -> None:
        self._index = workshop.index
        self.away = True

    def __getattr__(self, name: str) -> Any:
        if self.away and name != "name":
            raise UnavailableError("the index takes too long", service="index")
        return getattr(self._index, name)


async def test_an_index_that_is_away_condemns_no_document_and_indexes_it_once_it_is_back(
    client: Client, workshop: Workshop
) -> None:
    """Promise 13: the outage outlasts every attempt that the document has."""
    index = AwayIndex(workshop)
    indexing = Indexing(
        index=index,
        encoder=workshop.encoder,
        heads=workshop.heads,
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )
    looks = 0

    async def is_well() -> bool:
        nonlocal looks
        looks += 1
        return await indexing.is_well()

    async with consuming(client, indexing.apply, is_well=is_well):
        await IngestClient(client).announce(upsert())
        await until(lambda: looks > 3 * HASTY.attempts, within_s=30)
        index.away = False
        await until(lambda: _is_found(workshop), within_s=30)
    assert await failures(client) == []


async def _is_found(workshop: Workshop) -> bool:
    return await workshop.found("annual leave") == {("leave", 1)}
