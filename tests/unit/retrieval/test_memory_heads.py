"""Heads in memory keep what the port promises."""

from datetime import UTC, datetime

from retrieval.heads import NO_HEAD
from retrieval.memory_heads import MemoryHeads
from wire.documents import document_key
from wire.heads import Head

KEY = document_key("handbook", "leave")


def head(edition: str, *, deleted: bool = False) -> Head:
    return Head(
        source="handbook",
        document="leave",
        version=1,
        state="deleted" if deleted else "live",
        edition=edition,
        changed_at=datetime.now(UTC),
    )


async def test_only_one_of_two_writers_over_the_same_revision_wins() -> None:
    heads = MemoryHeads()
    assert heads.shown(KEY) == NO_HEAD
    assert await heads.advance(head("0-a"), over=0)
    assert not await heads.advance(head("0-b"), over=0)
    assert heads.shown(KEY).edition == "0-a"
    assert (await heads.look_up(KEY)).revision == heads.newest


async def test_a_tombstone_shows_nothing() -> None:
    heads = MemoryHeads()
    await heads.advance(head("0-a"), over=0)
    assert await heads.advance(head("", deleted=True), over=heads.newest)
    assert heads.shown(KEY).edition is None


async def test_an_index_that_was_built_before_is_shown_as_it_is() -> None:
    heads = MemoryHeads()
    heads.show((KEY, "7-a"))
    assert heads.shown(KEY).edition == "7-a"
    assert heads.shown(KEY).revision > 7
