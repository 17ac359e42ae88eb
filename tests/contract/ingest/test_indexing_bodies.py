"""Where a document's body is read from, and what becomes of it."""

from pathlib import Path

import pytest

from ingest.fingerprint import is_read_alike
from ingest.indexing import Indexing
from retrieval.edge_index import open_edge_index
from retrieval.heads import HeadEntry
from tests.contract.ingest.workshop import LosingHeads, Workshop, delete, upsert
from wire.documents import document_key
from wire.errors import MalformedError
from wire.heads import Head

KEY = document_key("handbook", "leave")


async def test_a_body_in_the_object_store_is_read_and_then_removed(workshop: Workshop) -> None:
    await workshop.bodies.put("a long body", b"Annual leave is 28 days. " * 400)
    await workshop.indexing.apply(upsert(body_object="a long body"))
    assert await workshop.found("annual leave") == {("leave", 1)}
    assert await workshop.bodies.names() == []
    await workshop.indexing.apply(upsert(body_object="a long body"))
    assert await workshop.found("annual leave") == {("leave", 1)}, "a redelivery does no harm"


async def test_a_body_that_another_worker_has_just_dropped_is_no_failure(workshop: Workshop) -> None:
    """That worker indexed it after this one had looked for the document's head."""
    changed = upsert(body_object="a long body")

    class OvertakenHeads(LosingHeads):
        async def look_up(self, key: str) -> HeadEntry:
            entry = await workshop.heads.look_up(key)
            if entry.head is None:
                await workshop.indexing.apply(changed)
            return entry

    await workshop.bodies.put("a long body", b"# Leave\n\nAnnual leave is 28 days.")
    slower = Indexing(
        index=workshop.index,
        encoder=workshop.encoder,
        heads=OvertakenHeads(workshop),  # type: ignore[arg-type] # `shown` is not used by a writer
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )
    await slower.apply(changed)
    assert await workshop.found("annual leave") == {("leave", 1)}


async def test_new_readers_whose_body_is_gone_are_a_failure_and_no_silence(workshop: Workshop) -> None:
    """Promise 29: the same version for fewer readers, and nothing left to index it from."""
    await workshop.bodies.put("a long body", b"Annual leave is 28 days.")
    await workshop.indexing.apply(upsert(body_object="a long body"))
    with pytest.raises(MalformedError, match="has no such object"):
        await workshop.indexing.apply(upsert(body_object="a long body", allow=("user:U1",)))


async def test_a_deleted_document_whose_body_is_gone_does_not_come_back_in_silence(
    workshop: Workshop,
) -> None:
    await workshop.bodies.put("a long body", b"Annual leave is 28 days.")
    await workshop.indexing.apply(upsert(body_object="a long body"))
    await workshop.indexing.apply(delete(if_version=1))
    with pytest.raises(MalformedError, match="has no such object"):
        await workshop.indexing.apply(upsert(body_object="a long body"))


async def read_by_an_older_release(workshop: Workshop) -> Head:
    """What stands of the document, as if a reader that is no more had read it."""
    entry = await workshop.heads.look_up(KEY)
    assert entry.head is not None
    cut_by, _, _ = entry.head.fingerprint.rpartition("/")
    older = entry.head.model_copy(update={"fingerprint": f"{cut_by}/markdown-0"})
    assert await workshop.heads.advance(older, over=entry.revision)
    return older


async def test_an_equal_version_is_indexed_anew_once_its_reader_is_a_better_one(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert())
    older = await read_by_an_older_release(workshop)
    assert not is_read_alike(older.fingerprint)
    await workshop.indexing.apply(upsert())
    head = (await workshop.heads.look_up(KEY)).head
    assert head is not None
    assert head.edition != older.edition
    assert is_read_alike(head.fingerprint)
    assert await workshop.found("annual leave") == {("leave", 1)}


async def test_without_its_body_a_document_keeps_the_text_that_an_older_reader_made(
    workshop: Workshop,
) -> None:
    await workshop.bodies.put("a long body", b"Annual leave is 28 days.")
    await workshop.indexing.apply(upsert(body_object="a long body"))
    older = await read_by_an_older_release(workshop)
    await workshop.indexing.apply(upsert(body_object="a long body"))
    assert (await workshop.heads.look_up(KEY)).head == older
    assert await workshop.found("annual leave") == {("leave", 1)}


async def test_a_body_that_is_not_there_can_never_succeed(workshop: Workshop) -> None:
    with pytest.raises(MalformedError, match="has no such object"):
        await workshop.indexing.apply(upsert(body_object="nowhere"))


async def test_a_text_is_read_as_it_is_whatever_character_set_its_type_names(workshop: Workshop) -> None:
    await workshop.indexing.apply(upsert(body="Frau Müller", media_type="text/plain; charset=iso-8859-1"))
    (name,) = await workshop.index.names(key=KEY)
    (stored,) = await workshop.index.readable(ids=[name.id], principals=["public"])
    assert stored.text == "Frau Müller"


async def test_an_index_that_was_removed_is_filled_again_by_publishing_again(
    workshop: Workshop, tmp_path: Path
) -> None:
    """As the error about another model's index tells people to do."""
    await workshop.indexing.apply(upsert(version=1))
    async with open_edge_index(
        tmp_path / "anew", dimensions=workshop.encoder.dimensions, fingerprint=workshop.encoder.fingerprint
    ) as index:
        anew = Indexing(
            index=index,
            encoder=workshop.encoder,
            heads=workshop.heads,
            bodies=workshop.bodies,
            texts=workshop.texts,
            leftovers=workshop.leftovers,
        )
        await anew.apply(upsert(version=1))
        (name,) = await index.names(key=KEY)
        assert name.edition == workshop.heads.shown(KEY).edition
