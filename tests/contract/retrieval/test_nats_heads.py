"""Heads over a real NATS server."""

import asyncio
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from retrieval.heads import NO_HEAD
from retrieval.nats_heads import open_heads
from tests.until import until
from wire import subjects
from wire.documents import document_key
from wire.heads import Head

KEY = document_key("handbook", "leave")


def head(version: int, *, edition: str = "", deleted: bool = False) -> Head:
    return Head(
        source="handbook",
        document="leave",
        version=version,
        state="deleted" if deleted else "live",
        edition=edition or f"0-{version}",
        changed_at=datetime.now(UTC),
    )


async def test_a_head_is_in_memory_as_soon_as_it_has_advanced(client: Client) -> None:
    async with open_heads(client) as heads:
        assert heads.shown(KEY) == NO_HEAD
        assert await heads.advance(head(1), over=0)
        assert heads.shown(KEY).edition == "0-1"
        assert (await heads.look_up(KEY)).head == head(1).model_copy(
            update={"changed_at": (await heads.look_up(KEY)).head.changed_at}  # type: ignore[union-attr]
        )


async def test_only_one_of_two_writers_over_the_same_revision_wins(client: Client) -> None:
    async with open_heads(client) as heads:
        won = await asyncio.gather(*(heads.advance(head(version), over=0) for version in range(1, 9)))
        assert sum(won) == 1
        winner = won.index(True) + 1
        assert heads.shown(KEY).edition == f"0-{winner}"
        standing = (await heads.look_up(KEY)).head
        assert standing is not None
        assert standing.version == winner


async def test_a_tombstone_shows_nothing(client: Client) -> None:
    async with open_heads(client) as heads:
        assert await heads.advance(head(1), over=0)
        assert await heads.advance(head(2, deleted=True), over=heads.shown(KEY).revision)
        assert heads.shown(KEY).edition is None


async def test_another_processs_advance_is_followed(client: Client) -> None:
    async with open_heads(client) as ours, open_heads(client) as theirs:
        assert await theirs.advance(head(1), over=0)
        await until(lambda: ours.shown(KEY).edition == "0-1", within_s=5)


async def test_every_head_is_loaded_before_anything_is_served(client: Client) -> None:
    bucket = await client.jetstream().key_value(subjects.HEADS_BUCKET)
    for n in range(600):
        await bucket.put(document_key("handbook", str(n)), head(1).to_json())
    async with open_heads(client) as heads:
        assert all(heads.shown(document_key("handbook", str(n))).edition == "0-1" for n in range(600))


async def test_a_head_that_an_operator_removed_shows_nothing_and_can_be_written_again(client: Client) -> None:
    bucket = await client.jetstream().key_value(subjects.HEADS_BUCKET)
    async with open_heads(client) as heads:
        assert await heads.advance(head(1), over=0)
        await bucket.delete(KEY)
        await until(lambda: heads.shown(KEY).edition is None, within_s=5)
        entry = await heads.look_up(KEY)
        assert entry.head is None
        assert await heads.advance(head(1), over=entry.revision)
        assert heads.shown(KEY).edition == "0-1"


async def test_a_head_that_cannot_be_read_hides_its_document_and_the_rest_goes_on(client: Client) -> None:
    bucket = await client.jetstream().key_value(subjects.HEADS_BUCKET)
    async with open_heads(client) as heads:
        await bucket.put(document_key("handbook", "broken"), b"{}")
        await bucket.put(KEY, head(1).to_json())
        await until(lambda: heads.shown(KEY).edition == "0-1", within_s=5)
        assert heads.shown(document_key("handbook", "broken")).edition is None
    with pytest.raises(AssertionError):
        await until(lambda: False, within_s=0)
