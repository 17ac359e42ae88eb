"""A second index from the texts that are kept, on real parts."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ingest.indexing import Indexing
from ingest.leftovers import text_name
from ingest.rebuilding import Rebuilding
from ingest.writing import CHUNKS_PER_WRITE, EditionWriting
from retrieval.edge_index import EdgeIndex, open_edge_index
from retrieval.index import EncodedPassage, Index
from tests.contract.ingest.workshop import Workshop, delete, upsert
from wire.documents import document_key
from wire.errors import UnavailableError


class Failing:
    """The real index, which refuses every write after so many."""

    def __init__(self, index: Any, *, after: int) -> None:
        self._index = index
        self._left = after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        if not self._left:
            raise UnavailableError("gone", service="index")
        self._left -= 1
        await self._index.upsert(passages)


class Counting:
    """The real encoder, counting what it encodes."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self.encoded = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    async def encode_passages(self, texts: Sequence[str]) -> Any:
        self.encoded += len(texts)
        return await self._encoder.encode_passages(texts)


@asynccontextmanager
async def another_index(folder: Path, workshop: Workshop) -> AsyncIterator[EdgeIndex]:
    dimensions = workshop.encoder.dimensions
    async with open_edge_index(folder, dimensions=dimensions, fingerprint="another") as index:
        yield index


def rebuilding(workshop: Workshop, index: Any, *, encoder: Any = None) -> Rebuilding:
    return Rebuilding(
        former=workshop.index,
        writing=EditionWriting(index=index, encoder=encoder or workshop.encoder),
        heads=workshop.heads,
        texts=workshop.texts,
    )


async def content(index: Index) -> dict[str, EncodedPassage]:
    copies, _ = await index.copies(after=None, limit=10_000)
    return {copy.passage.id: copy for copy in copies}


async def test_what_readers_see_is_built_again_and_nothing_else(workshop: Workshop, tmp_path: Path) -> None:
    await workshop.indexing.apply(upsert("leave", body="# Leave\n\nAnnual leave is 28 days."))
    await workshop.indexing.apply(upsert("board", body="# Board\n\nNobody else.", allow=("user:U1",)))
    await workshop.indexing.apply(upsert("travel", version=1))
    await workshop.indexing.apply(upsert("travel", version=2, body="Book early."))
    await workshop.indexing.apply(upsert("gone", version=1))
    await workshop.indexing.apply(delete("gone", version=2))
    assert await workshop.stored() == 5, "with two that nobody sees any more"
    async with another_index(tmp_path / "another", workshop) as index:
        await rebuilding(workshop, index).run()
        built = await content(index)
        await workshop.leftovers.sweep()
        assert {one: copy.passage for one, copy in built.items()} == {
            one: copy.passage for one, copy in (await content(workshop.index)).items()
        }
        assert len(built) == 3


async def test_a_rebuilding_that_was_broken_off_goes_on_where_it_stopped(
    workshop: Workshop, tmp_path: Path
) -> None:
    """Half a document counts as none of it, and what is encoded is not encoded again."""
    parts = CHUNKS_PER_WRITE + 10
    long = "\n\n".join(f"# Part {n}\n\nRule {n}." for n in range(parts))
    await workshop.indexing.apply(upsert("long", body=long))
    for number in range(5):
        await workshop.indexing.apply(upsert(f"short {number}", body=f"Short rule {number}."))
    encoder = Counting(workshop.encoder)
    async with another_index(tmp_path / "another", workshop) as index:
        for writes in (1, 2):
            with pytest.raises(UnavailableError):
                await rebuilding(workshop, Failing(index, after=writes), encoder=encoder).run()
            assert await index.count() > 0
        await rebuilding(workshop, index, encoder=encoder).run()
        assert set(await content(index)) == set(await content(workshop.index))
    # What was encoded for a write that failed is lost with it.
    assert parts + 5 <= encoder.encoded <= parts + 5 + 2 * CHUNKS_PER_WRITE


async def test_meanings_are_taken_over_from_an_index_of_the_same_model(
    workshop: Workshop, tmp_path: Path
) -> None:
    """Where only the words are weighed anew, or the schema has changed, nothing is encoded."""
    await workshop.indexing.apply(upsert("leave", body="# Leave\n\nAnnual leave is 28 days."))
    encoder = Counting(workshop.encoder)
    async with another_index(tmp_path / "another", workshop) as index:
        await Rebuilding(
            former=workshop.index,
            writing=EditionWriting(index=index, encoder=encoder, like=workshop.index),
            heads=workshop.heads,
            texts=workshop.texts,
        ).run()
        assert set(await content(index)) == set(await content(workshop.index))
    assert encoder.encoded == 0


async def test_what_changes_meanwhile_is_written_to_both(workshop: Workshop, tmp_path: Path) -> None:
    async with another_index(tmp_path / "another", workshop) as index:
        await workshop.indexing.apply(upsert("leave", version=1))
        await rebuilding(workshop, index).run()
        both = Indexing(
            index=workshop.index,
            encoder=workshop.encoder,
            heads=workshop.heads,
            bodies=workshop.bodies,
            texts=workshop.texts,
            leftovers=workshop.leftovers,
            also=EditionWriting(index=index, encoder=workshop.encoder),
        )
        await both.apply(upsert("leave", version=2, body="Annual leave is 30 days."))
        edition = workshop.heads.shown(document_key("handbook", "leave")).edition
        for one in (workshop.index, index):
            shown = [copy for copy in (await content(one)).values() if copy.passage.edition == edition]
            assert [copy.passage.text for copy in shown] == ["Annual leave is 30 days."]


async def test_a_document_whose_text_is_lost_holds_up_no_other(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await workshop.indexing.apply(upsert("leave"))
    await workshop.indexing.apply(upsert("travel"))
    key = document_key("handbook", "leave")
    edition = workshop.heads.shown(key).edition
    assert edition
    await workshop.texts.remove(text_name(key, edition))
    async with another_index(tmp_path / "another", workshop) as index:
        assert await rebuilding(workshop, index).run() == 1
        assert [copy.passage.document for copy in (await content(index)).values()] == ["travel"]
    assert "documents=1" in capsys.readouterr().out
