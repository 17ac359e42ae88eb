"""What every store keeps: its indexes side by side, each with a note; and how it fails."""

import asyncio
import dataclasses
import traceback
from pathlib import Path
from typing import Any

import pytest
from qdrant_edge import EdgeShard

from retrieval.edge_index import _config
from retrieval.index import IndexNote
from tests.contract.retrieval.stored_passages import found, passage
from tests.contract.retrieval.stores_under_test import OpenStore
from wire.errors import UnavailableError

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")


async def test_indexes_of_two_encoders_stand_side_by_side(open_store: OpenStore) -> None:
    async with open_store() as store:
        assert await store.notes() == []
        async with (
            store.open(fingerprint="a model", dimensions=3) as one,
            store.open(fingerprint="another", dimensions=4) as other,
        ):
            await one.upsert([passage("leave")])
            assert (await one.count(), await other.count()) == (1, 0)
            notes = {note.fingerprint: note for note in await store.notes()}
            assert {key: note.dimensions for key, note in notes.items()} == {"a model": 3, "another": 4}
            assert (one.name, other.name) == (notes["a model"].name, notes["another"].name)
            assert one.name != other.name
    async with open_store() as store, store.open(fingerprint="a model", dimensions=3) as one:
        assert one.name == notes["a model"].name
        assert await found(one) == ["leave"]


async def test_a_removed_index_is_gone_and_one_made_anew_has_another_name(open_store: OpenStore) -> None:
    async with open_store() as store:
        async with store.open(fingerprint="a model", dimensions=3) as index:
            await index.upsert([passage("leave")])
            former = index.name
        await store.remove("a model")
        await store.remove("a model")
        assert await store.notes() == []
        async with store.open(fingerprint="a model", dimensions=3) as index:
            assert index.name != former
            assert await found(index) == []


async def test_a_note_that_was_written_is_there_after_opening_again(open_store: OpenStore) -> None:
    async with open_store() as store:
        async with store.open(fingerprint="a model", dimensions=3):
            pass
        (made,) = await store.notes()
        assert (made.copy_of, made.whole) == (None, True)
        noted = IndexNote(name="a copy", fingerprint="a model", dimensions=3, copy_of=made.name, whole=False)
        await store.write_note(noted)
        assert await store.notes() == [noted]
        finished = dataclasses.replace(noted, copy_of=None, whole=True)
        await store.write_note(finished)
    async with open_store() as store:
        assert await store.notes() == [finished]
        async with store.open(fingerprint="a model", dimensions=3) as index:
            assert index.name == "a copy"


async def test_workers_that_come_at_once_make_one_index(open_store: OpenStore) -> None:
    """Not for Edge, which admits one, and there it is one process."""
    async with open_store() as store:
        if store.kind == "edge":
            return

        async def come() -> str:
            async with store.open(fingerprint="a model", dimensions=3) as index:
                return index.name

        assert len(set(await asyncio.gather(*(come() for _ in range(8))))) == 1
        assert len(await store.notes()) == 1


async def test_an_error_is_one_sentence_and_tells_nothing_of_a_document(open_store: OpenStore) -> None:
    """Promise 34: what engines say of a row that they refuse may quote it; what we say does not."""
    secret = passage("leave", dense=(1.0, 0.0, 0.0, 0.0))  # type: ignore[arg-type] # one number too many
    secret = dataclasses.replace(
        secret, passage=dataclasses.replace(secret.passage, text="the canary's song", title="canary")
    )
    async with open_store() as store, store.open(fingerprint="a model", dimensions=3) as index:
        with pytest.raises(UnavailableError) as caught:
            await index.upsert([secret])
        assert caught.value.service == "index"
        assert "canary" not in "".join(traceback.format_exception(caught.value))
        await index.upsert([passage("travel")])
        assert await found(index) == ["travel"], "and the next one is taken"


async def test_an_engine_that_is_gone_is_unavailable(open_store: OpenStore, tmp_path: Path) -> None:
    async with open_store() as store, store.open(fingerprint="a model", dimensions=3) as index:
        await index.upsert([passage("leave")])
        await _pull_the_plug(store, index, tmp_path)
        for call in (
            found(index),
            index.readable(ids=[passage("leave").passage.id], principals=("public",)),
            index.upsert([passage("travel")]),
            index.delete([passage("leave").passage.id]),
            index.vectors(["aa"]),
            index.names(key="handbook.x"),
            index.all_names(after=None, limit=10),
            index.copies(after=None, limit=10),
            index.count(),
        ):
            with pytest.raises(UnavailableError) as caught:
                await call
            assert caught.value.service == "index"


async def _pull_the_plug(store: Any, index: Any, folder: Path) -> None:
    if store.kind == "pgvector":
        await store._pool.close()
    elif store.kind == "qdrant":
        await store._client.close()
    else:
        # The index's own is closed with it, in order.
        index._shard = EdgeShard.create(str(folder), _config(3))
        index._shard.close()
