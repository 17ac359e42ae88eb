"""Only text that is new is encoded."""

from collections.abc import Sequence
from typing import Any

import pytest

from ingest.indexing import Indexing
from ingest.writing import CHUNKS_PER_WRITE, mean_of
from retrieval.index import EncodedPassage
from tests.contract.ingest.workshop import Workshop, upsert
from wire.errors import UnavailableError


class Counting:
    """The real encoder, counting what it is given to encode."""

    def __init__(self, encoder: Any) -> None:
        self._encoder = encoder
        self.encoded: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    async def encode_passages(self, texts: Sequence[str]) -> list[list[float]]:
        self.encoded += texts
        vectors: list[list[float]] = await self._encoder.encode_passages(texts)
        return vectors


class Failing:
    """The real index, failing at its second write."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._writes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        self._writes += 1
        if self._writes == 2:
            raise UnavailableError("the index failed", service="index")
        await self._index.upsert(passages)


def indexing_with(workshop: Workshop, *, encoder: Counting, index: Any = None) -> Indexing:
    return Indexing(
        index=index or workshop.index,
        encoder=encoder,
        heads=workshop.heads,
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
    )


@pytest.fixture
def counting(workshop: Workshop) -> Counting:
    return Counting(workshop.encoder)


@pytest.fixture
def indexing(workshop: Workshop, counting: Counting) -> Indexing:
    return indexing_with(workshop, encoder=counting)


async def test_a_change_of_readers_title_or_url_encodes_nothing(
    workshop: Workshop, indexing: Indexing, counting: Counting
) -> None:
    body = "# Leave\n\n28 days.\n\n# Sickness\n\nCall your manager."
    await indexing.apply(upsert(version=1, body=body))
    assert len(counting.encoded) == 2
    changed = upsert(version=2, body=body, allow=("user:U1",))
    renamed = {"title": "Sabbaticals", "url": "https://docs.example.com/new"}
    await indexing.apply(changed.model_copy(update=renamed))
    assert len(counting.encoded) == 2
    assert await workshop.found("how many days") == set()
    assert await workshop.found("sabbaticals", "user:U1") == {("leave", 2)}, "its title is found by its words"


async def test_an_edit_encodes_only_the_passages_that_it_changes(
    workshop: Workshop, indexing: Indexing, counting: Counting
) -> None:
    await indexing.apply(upsert(version=1, body="# A\n\nOne.\n\n# B\n\nTwo.\n\n# C\n\nThree."))
    counting.encoded.clear()
    await indexing.apply(upsert(version=2, body="# C\n\nThree.\n\n# B\n\nTwo and a half.\n\n# A\n\nOne."))
    assert counting.encoded == ["B\n\nTwo and a half."]
    await workshop.leftovers.sweep()
    assert await workshop.stored() == 3
    assert await workshop.found("three") == {("leave", 2)}


async def test_words_that_stand_twice_or_in_another_document_are_encoded_once(
    indexing: Indexing, counting: Counting
) -> None:
    body = "# A\n\nOne.\n\n# A\n\nOne."
    await indexing.apply(upsert("leave", body=body))
    await indexing.apply(upsert("moved", body=body))
    assert counting.encoded == ["A\n\nOne."]


async def test_a_passage_of_many_blocks_means_the_mean_of_its_parts_which_are_encoded_once(
    workshop: Workshop, indexing: Indexing, counting: Counting
) -> None:
    blocks = [f"{subject} {'You ask your manager first. ' * 8}" for subject in ("Leave.", "Pay.", "Travel.")]
    body = "\n\n".join(block.strip() for block in blocks)
    await indexing.apply(upsert("leave", body=body))
    assert len(counting.encoded) > 1
    assert "\n\n".join(counting.encoded) == body
    parts = await workshop.encoder.encode_passages(counting.encoded)
    ((stored,), _) = await workshop.index.copies(after=None, limit=2)
    assert stored.dense == pytest.approx(mean_of(parts), abs=1e-3)
    counting.encoded.clear()
    await indexing.apply(upsert("moved", body=body))
    assert counting.encoded == []


async def test_what_was_taken_over_is_found_as_if_it_had_been_encoded(
    workshop: Workshop, indexing: Indexing
) -> None:
    async def cosines() -> list[float]:
        query = await workshop.encoder.encode_query("how many days of annual leave")
        hits = await workshop.index.search(
            dense=query.dense, sparse=query.sparse, principals=["public"], sources=None, limit=5
        )
        return [hit.cosine for hit in hits]

    await indexing.apply(upsert("first", body="Annual leave is 28 days."))
    await indexing.apply(upsert("second", body="Annual leave is 28 days."))
    first, second = await cosines()
    assert first == pytest.approx(second, abs=1e-6)
    assert first > 0.5


async def test_a_second_try_goes_on_where_the_first_one_ended(workshop: Workshop, counting: Counting) -> None:
    sections = CHUNKS_PER_WRITE + 10
    long = upsert(body="\n\n".join(f"# Part {n}\n\nRule {n}." for n in range(sections)))
    failing = indexing_with(workshop, encoder=counting, index=Failing(workshop.index))
    with pytest.raises(UnavailableError):
        await failing.apply(long)
    counting.encoded.clear()
    await failing.apply(long)
    assert len(counting.encoded) == CHUNKS_PER_WRITE, "the last ten, which go first, are there"
    assert await workshop.stored() == sections


def test_a_mean_is_as_near_to_a_short_vector_as_to_a_long_one() -> None:
    """Not every model gives vectors of length 1, and only where they point says what a text means."""
    assert mean_of([[3.0, 0.0], [0.0, 0.5]]) == pytest.approx([0.5**0.5, 0.5**0.5])
    assert mean_of([[0.0, 0.0], [0.0, 2.0]]) == [0.0, 1.0]
    assert mean_of([[3.0, 4.0]]) == [3.0, 4.0]
