"""Where passages are kept: what a search, a write and a passage cost in each store.

    nice -n 15 python tests/bench/bench_engines.py [--passages 10000 50000] [--stores edge pgvector] [--json]

Vectors of 384 dimensions around 200 topics, words by Zipf's law, ids and payloads as real ones; four in
five passages are public, one in fifty belongs to a small group. A search asks by meaning and by six words
under the reader's filter, one at a time. ``recall`` is the share of the ten that are nearest in truth among
the ten that the store says are. Qdrant is measured where TEST_QDRANT_URL names a server; its client's local
mode is not Qdrant.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from retrieval.encoding import Sparse
from retrieval.index import EncodedPassage, Index, StoredPassage
from retrieval.stores import open_store
from tests.contract.retrieval.stores_under_test import QDRANT, any_prefix, running_postgres
from wire.settings import Settings, StoreKind

DIMENSIONS = 384
TOPICS = 200
WORDS = 50_000
WORDS_PER_PASSAGE = 90
QUERY_WORDS = 6
SEARCHES = 100
WRITTEN_AT_ONCE = 100
MADE_AT_ONCE = 1_000
TEXT = "Everyone has thirty days of leave a year, and asks their manager about the dates. " * 12


@dataclass(frozen=True)
class Measured:
    """One store at one size; times in milliseconds, ``cpu`` of the worker and the store's server together,
    ``memory`` what the one that holds the index grew by."""

    store: str
    passages: int
    write_cpu: float
    everyone_p50: float
    everyone_cpu: float
    everyone_recall: float
    group_p50: float
    group_cpu: float
    group_recall: float
    disk_mb: float
    memory_mb: float


class World:
    """Passages and questions, the same for every store."""

    def __init__(self, passages: int) -> None:
        self._chance = np.random.default_rng(7)
        self._topics = self._chance.normal(size=(TOPICS, DIMENSIONS))
        self.dense = self._vectors(passages)
        self.small_group = self._chance.random(passages) < 1 / 50
        self.public = ~self.small_group & (self._chance.random(passages) < 4 / 5)

    def _vectors(self, number: int) -> np.ndarray:
        topics = self._topics[self._chance.integers(TOPICS, size=number)]
        vectors = topics + self._chance.normal(size=topics.shape)
        unit: np.ndarray = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit.astype(np.float32)

    def words(self, number: int) -> Sparse:
        # The fifty most usual are stop words; the next one stands in a quarter of all passages.
        ids = np.unique(np.exp(self._chance.uniform(np.log(50), np.log(WORDS), size=number)).astype(int))
        return Sparse([int(word) * 40_009 for word in ids], [1.0 + float(word % 7) / 7 for word in ids])

    def passages(self) -> Iterator[EncodedPassage]:
        for n, vector in enumerate(self.dense):
            allow = ("group:S1",) if self.small_group[n] else ("public",) if self.public[n] else ("user:U1",)
            yield EncodedPassage(
                passage=StoredPassage(
                    id=_id(n),
                    source="handbook",
                    document=f"document {n // 10}",
                    version=1,
                    edition="0-aa",
                    title="Leave",
                    url=f"https://wiki.example.com/{n // 10}",
                    heading=("People", "Leave"),
                    ordinal=n % 10,
                    text=f"{TEXT}{n}",
                    allow=allow,
                    updated_at=None,
                ),
                dense=vector.tolist(),
                sparse=self.words(WORDS_PER_PASSAGE),
                digest=f"{n:064x}",
            )

    def questions(self, number: int) -> list[tuple[np.ndarray, Sparse]]:
        return [(vector, self.words(QUERY_WORDS)) for vector in self._vectors(number)]


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number * 7919 % 2**48:012x}"


async def measure(index: Index, world: World, *, store: str, data: Path) -> Measured:
    passages, written, before = world.passages(), 0.0, _memory_of(store)
    # Made and let go of bit by bit, so that what this process grows by is the index's.
    while some := list(islice(passages, MADE_AT_ONCE)):
        started = _cpu_of(store)
        for start in range(0, len(some), WRITTEN_AT_ONCE):
            await index.upsert(some[start : start + WRITTEN_AT_ONCE])
        written += _cpu_of(store) - started
    for _ in range(3):
        await index.settle()
    everyone = await _searches(index, world, store=store, reader="public", readable=world.public)
    group = await _searches(index, world, store=store, reader="group:S1", readable=world.small_group)
    return Measured(
        store,
        len(world.dense),
        round(1000 * written / len(world.dense), 2),
        *everyone,
        *group,
        disk_mb=round(sum(file.stat().st_size for file in data.rglob("*") if file.is_file()) / 2**20),
        memory_mb=round((_memory_of(store) - before) / 2**20),
    )


async def _searches(
    index: Index, world: World, *, store: str, reader: str, readable: np.ndarray
) -> tuple[float, float, float]:
    """A hybrid search's p50 and CPU in milliseconds, and the recall of one by meaning."""
    questions = [(vector.tolist(), words) for vector, words in world.questions(SEARCHES)]
    took: list[float] = []
    cpu = _cpu_of(store)
    for dense, words in questions:
        started = time.perf_counter()
        await index.search(dense=dense, sparse=words, principals=(reader, "user:U7"), sources=None, limit=40)
        took.append(1000 * (time.perf_counter() - started))
    cpu = _cpu_of(store) - cpu
    recalls: list[float] = []
    for dense, _ in questions:
        near = await index.search(
            dense=dense, sparse=Sparse([], []), principals=(reader,), sources=None, limit=10
        )
        cosines = np.where(readable, world.dense @ np.array(dense, dtype=np.float32), -2)
        best = {_id(int(n)) for n in np.argsort(-cosines)[:10]}
        recalls.append(len(best & {hit.passage.id for hit in near}) / len(best))
    return (
        round(statistics.median(took), 1),
        round(1000 * cpu / len(questions), 1),
        round(statistics.mean(recalls), 3),
    )


def _cpu_of(store: str) -> float:
    """Seconds so far."""
    busy = [psutil.Process(), *(_servers() if store == "pgvector" else [])]
    return float(sum(each.cpu_times().user + each.cpu_times().system for each in busy))


def _servers() -> list[psutil.Process]:
    return [each for each in psutil.process_iter() if each.name() == "postgres"]


def _memory_of(store: str) -> int:
    """Of the process that holds the index; of PostgreSQL's, what is its own and what they share, once."""
    if store == "edge":
        return int(psutil.Process().memory_info().rss)
    return sum(each.memory_full_info().pss for each in _servers())


@contextmanager
def _settings(kind: StoreKind, folder: Path) -> Iterator[tuple[Settings, Path]]:
    """Of a store with nothing in it, and where its data lie."""
    empty = Settings(_env_file=None, data_dir=folder, index_prefix=any_prefix(), qdrant_url=QDRANT)
    if kind != "pgvector":
        yield empty, folder
        return
    with running_postgres() as url:
        data = Path(url.partition("host=")[2])
        yield empty.model_copy(update={"postgres_url": url}), data


async def bench(kinds: Sequence[StoreKind], sizes: Sequence[int]) -> list[Measured]:
    found: list[Measured] = []
    for passages in sizes:
        for kind in kinds:
            with tempfile.TemporaryDirectory() as folder, _settings(kind, Path(folder)) as (settings, data):
                async with AsyncExitStack() as stack:
                    store = await stack.enter_async_context(open_store(settings, kind=kind))
                    opening = store.open(fingerprint="bench", dimensions=DIMENSIONS)
                    index = await stack.enter_async_context(opening)
                    found.append(await measure(index, World(passages), store=kind, data=data))
                    await store.remove("bench") if kind == "qdrant" else None
    return found


def show(measured: Sequence[Measured]) -> None:
    names = [field.name for field in dataclasses.fields(Measured)]
    print("| " + " | ".join(names) + " |")
    print("| " + " | ".join("---" for _ in names) + " |")
    for one in measured:
        print("| " + " | ".join(str(value) for value in dataclasses.astuple(one)) + " |")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    asked.add_argument("--passages", nargs="+", type=int, default=[10_000])
    stores = ["edge", "pgvector", *(["qdrant"] if os.environ.get("TEST_QDRANT_URL") else [])]
    asked.add_argument("--stores", nargs="+", choices=("edge", "qdrant", "pgvector"), default=stores)
    asked.add_argument("--json", action="store_true")
    given = asked.parse_args()
    measured = asyncio.run(bench(given.stores, given.passages))
    if given.json:
        print(json.dumps([dataclasses.asdict(one) for one in measured]))
    else:
        show(measured)


if __name__ == "__main__":
    main()
