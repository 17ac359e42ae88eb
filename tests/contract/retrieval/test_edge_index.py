"""What only an embedded index has to keep: one process, and its own disk."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    Modifier,
)

from retrieval.edge_index import open_edge_index, open_edge_store
from tests.contract.retrieval.stored_passages import TRAVEL, found, passage
from wire.errors import SettingsError


def write_until_killed(tmp_path: Path) -> int:
    """Write and delete in another process, kill it, and tell which write it last acknowledged."""
    program = textwrap.dedent(f"""
        import asyncio, pathlib, sys
        sys.path[:0] = [{str(Path.cwd())!r}, {str(Path(__file__).parent)!r}]
        from retrieval.edge_index import open_edge_index
        from stored_passages import passage
        async def main():
            folder = pathlib.Path({str(tmp_path / "index")!r})
            async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
                for n in range(10_000):
                    await index.upsert([passage(f"document {{n}}")])
                    await index.delete([passage(f"document {{n - 5}}").passage.id])
                    print(n, flush=True)
        asyncio.run(main())
    """)
    writer = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = -1
    for line in writer.stdout:
        acknowledged = int(line)
        if acknowledged >= 200:
            break
    os.kill(writer.pid, signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait(10)
    return max([acknowledged, *(int(line) for line in rest if line.isdigit())])


async def test_what_was_written_survives_kill_9(tmp_path: Path) -> None:
    """Promise 25: nothing acknowledged is lost, and what was deleted stays deleted."""
    acknowledged = await asyncio.to_thread(write_until_killed, tmp_path)
    async with open_edge_index(tmp_path / "index", dimensions=3, fingerprint="a model") as index:
        names, _ = await index.all_names(after=None, limit=10_000)
    there = {name.id for name in names}
    kept = {passage(f"document {n}").passage.id for n in range(acknowledged - 4, acknowledged + 1)}
    assert kept <= there
    assert len(there - kept) <= 1, "the one that was being written"


async def test_a_second_process_on_the_folder_is_told_so(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    async with open_edge_index(folder, dimensions=3, fingerprint="a model"):
        with pytest.raises(SettingsError, match="open in another process"):
            async with open_edge_index(folder, dimensions=3, fingerprint="a model"):
                pass


async def test_an_index_of_another_model_stands_beside(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
        await index.upsert([passage("leave")])
    async with open_edge_index(folder, dimensions=4, fingerprint="another model") as index:
        assert await index.count() == 0
    async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
        assert await found(index) == ["leave"]


async def test_a_search_during_writes_has_no_older_text_than_was_acknowledged_when_it_began(
    tmp_path: Path,
) -> None:
    """What a search remembers of a passage is never what a write has replaced, however they come."""
    leave, acknowledged = passage("leave"), 0
    async with open_edge_index(tmp_path / "index", dimensions=3, fingerprint="a model") as index:
        await index.upsert([leave])

        async def write() -> None:
            nonlocal acknowledged
            for version in range(1, 300):
                await index.upsert([replace(leave, passage=replace(leave.passage, version=version))])
                acknowledged = version

        writing = asyncio.create_task(write())
        while not writing.done():
            before = acknowledged
            (hit,) = await index.search(
                dense=leave.dense, sparse=leave.sparse, principals=("public",), sources=None, limit=10
            )
            assert hit.passage.version >= before
            await asyncio.sleep(0)
        await writing


async def test_an_index_whose_vectors_have_no_sketches_is_searched_all_the_same(tmp_path: Path) -> None:
    """As an earlier release made it, with vectors of 32 bits."""
    folder = tmp_path / "index"
    async with open_edge_index(folder, dimensions=3, fingerprint="a model"):
        pass
    (shard,) = folder.glob("*/shard")
    shutil.rmtree(shard)
    shard.mkdir()
    config = EdgeConfig(
        vectors={"dense": EdgeVectorParams(size=3, distance=Distance.Cosine)},
        sparse_vectors={"words": EdgeSparseVectorParams(modifier=Modifier.Idf)},
    )
    EdgeShard.create(str(shard), config).close()
    for _ in range(2):
        async with open_edge_index(folder, dimensions=3, fingerprint="a model") as index:
            await index.upsert([passage("leave"), passage("travel", dense=(0.0, 1.0, 0.0), words=(TRAVEL,))])
            assert await found(index) == ["leave", "travel"]


async def test_an_index_of_an_earlier_release_is_taken_in(tmp_path: Path) -> None:
    """It lay in the folder itself; a start that died on the way is made up for by the next."""
    folder, fingerprint = tmp_path / "index", "a model-256-bm25-100-1"
    async with open_edge_index(folder, dimensions=3, fingerprint=fingerprint) as index:
        await index.upsert([passage("leave")])
        name = index.name
    (shard,) = folder.glob("*/shard")
    (shard.parent / "made_by.json").unlink()
    shard.rename(folder / "shard")
    shard.parent.rmdir()
    note = {"schema": 1, "encoder": "a model-256-bm25-100", "name": name}
    for _ in range(2):
        (folder / "made_by.json").write_text(json.dumps(note))
        async with open_edge_store(folder) as store:
            (taken_in,) = await store.notes()
            assert (taken_in.name, taken_in.fingerprint, taken_in.dimensions) == (name, fingerprint, 3)
            async with store.open(fingerprint=fingerprint, dimensions=3) as index:
                assert await found(index) == ["leave"]
        assert not (folder / "made_by.json").exists()
