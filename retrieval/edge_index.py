"""Qdrant Edge: Qdrant's own engine, in this process, on a folder.

Every call of it holds the interpreter's lock for as long as it lasts, wherever it runs. So writes are cut
small (100 points: 2.5 ms) and take turns in one thread of their own, which also waits for the disk; reads
run where they are asked for, since a thread would only add the way there and back.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

from qdrant_edge import (
    CountRequest,
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    MatchAny,
    MatchValue,
    Memory,
    Modifier,
    PayloadSchemaType,
    Point,
    Prefetch,
    Record,
    ScrollRequest,
    SparseVector,
    TurboQuantQuantizationConfig,
    UpdateOperation,
    VectorStorageDatatype,
)

from retrieval.edge_queries import SKETCH_BITS, branches_of, fused, once_more, readable_by, where
from retrieval.encoding import Sparse
from retrieval.index import (
    Edition,
    EncodedPassage,
    Hit,
    IndexNote,
    PassageName,
    StoredPassage,
)
from retrieval.index_folder import IndexFolder, locked
from retrieval.passage_memory import PassageMemory
from retrieval.payload import is_uuid, payload_of, stored_passage
from retrieval.points import (
    NAMES_PER_PAGE,
    POINTS_PER_WRITE,
    every_name,
    hits_of,
    vectors_by_digest,
)
from retrieval.ranks import branch_limit
from wire.errors import UnavailableError
from wire.settings import StoreKind

CALL_WITHIN_S = 30.0
CLOSE_WITHIN_S = 60.0
FLUSH_AFTER_POINTS = 2_000
"""The write-ahead log grows until a flush, and a restart replays it (0.06 ms a point)."""
VACUUM_AFTER_DELETES = 1_000
"""As the engine's own threshold: below it a vacuum finds nothing worth its time."""
SEARCH_THREADS = 1
"""An index is a segment or three, which one thread is soon through with. The engine's own choice is eight
threads: the other seven cost each search 2 ms of the processors in looking for work."""

T = TypeVar("T")


class EdgeIndex:
    """The index port on an open Edge shard."""

    def __init__(self, shard: EdgeShard, thread: ThreadPoolExecutor, *, name: str) -> None:
        self._shard = shard
        self._thread = thread
        self._unflushed = 0
        self._written = False
        self._deleted = 0
        self._name = name
        self._turn = asyncio.Lock()
        self._memory = PassageMemory()
        # What the memory holds is what the engine holds, so a search waits until a write is forgotten:
        # for a hundred passages at the most, and the write keeps the interpreter's lock anyway.
        self._writing = threading.Lock()

    @property
    def name(self) -> str:
        """Of this folder's content; it goes with a copy of the folder."""
        return self._name

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        """Write these passages, a hundred at a time."""
        for start in range(0, len(passages), POINTS_PER_WRITE):
            points = [_point(passage) for passage in passages[start : start + POINTS_PER_WRITE]]
            ids = [str(point.id) for point in points]
            await self._update(UpdateOperation.upsert_points(points), ids=ids)

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these passages."""
        for start in range(0, len(ids), POINTS_PER_WRITE):
            some = list(ids[start : start + POINTS_PER_WRITE])
            await self._update(UpdateOperation.delete_points(list(some)), ids=some)
            self._deleted += len(some)

    async def search(
        self,
        *,
        dense: Sequence[float] | None,
        sparse: Sparse,
        principals: Sequence[str],
        sources: Sequence[str] | None,
        limit: int,
        without: Collection[Edition] = (),
    ) -> list[Hit]:
        """Fuse meaning and words inside the engine, then ask for each hit's own scores."""
        readable = readable_by(principals, sources=sources, without=without)
        branches = branches_of(dense, sparse, readable=readable, limit=branch_limit(limit))
        if not branches:
            return []
        return await self._read(partial(self._hits, branches, limit=limit))

    def _hits(self, branches: Mapping[str, Prefetch], *, limit: int) -> list[Hit]:
        with self._writing:
            found = self._shard.query(fused(list(branches.values()), limit=limit))
            if not found:
                return []
            # An id is made anew each time that it is asked for, and its number is found sooner in a dict.
            ids = [cast("UUID", point.id) for point in found]
            best = {known.int: point.score for known, point in zip(ids, found, strict=True)}
            scored = self._shard.query_batch(once_more(branches.values(), among=ids))
            passages = self._memory.recall(best)
            if len(passages) < len(best):
                passages |= self._unpacked([known for known in ids if known.int not in passages])
        scores = {
            name: {cast("UUID", point.id).int: point.score for point in points}
            for name, points in zip(branches, scored, strict=True)
        }
        return hits_of(best, passages=passages, scores=scores)

    def _unpacked(self, ids: Sequence[UUID]) -> dict[int, StoredPassage]:
        records = self._shard.retrieve(list(ids), with_payload=True, with_vector=False)
        named = [(cast("UUID", record.id), record.payload or {}) for record in records]
        passages = {known.int: stored_passage(str(known), payload) for known, payload in named}
        self._memory.remember(passages.values())
        return passages

    async def readable(self, *, ids: Sequence[str], principals: Sequence[str]) -> list[StoredPassage]:
        """Look the ids up under the readers' filter."""
        wanted = readable_by(principals, sources=None, ids=[known for known in ids if is_uuid(known)])
        request = ScrollRequest(filter=wanted, limit=len(ids), with_payload=True)
        records, _ = await self._read(partial(self._shard.scroll, request))
        return [stored_passage(str(record.id), record.payload or {}) for record in records]

    async def vectors(self, digests: Sequence[str]) -> dict[str, list[float]]:
        """Look them up by an index of digests."""

        async def look_up(some: Sequence[str], limit: int) -> Sequence[Record]:
            request = ScrollRequest(
                filter=Filter(must=[FieldCondition(key="digest", match=MatchAny(list(some)))]),
                limit=limit,
                with_payload=["digest"],
                with_vector=["dense"],
            )
            records, _ = await self._read(partial(self._shard.scroll, request))
            return records

        return await vectors_by_digest(digests, look_up)

    async def names(self, *, key: str) -> list[PassageName]:
        """Every passage of one document."""
        wanted = where("key", MatchValue(key))
        return await every_name(lambda page: self._names(wanted, after=page, limit=NAMES_PER_PAGE))

    async def all_names(self, *, after: str | None, limit: int) -> tuple[list[PassageName], str | None]:
        """A page of every passage there is."""
        return await self._names(None, after=after, limit=limit)

    async def copies(self, *, after: str | None, limit: int) -> tuple[list[EncodedPassage], str | None]:
        """A page of everything there is."""
        request = ScrollRequest(offset=after, limit=limit, with_payload=True, with_vector=["dense", "words"])
        records, following = await self._read(partial(self._shard.scroll, request))
        return [_encoded(record) for record in records], None if following is None else str(following)

    async def count(self) -> int:
        """How many passages there are."""
        return await self._read(partial(self._shard.count, CountRequest(exact=True)))

    async def settle(self) -> None:
        """Where nothing was written since the last call: flush, or else vacuum if it is worth it."""
        written, self._written = self._written, False
        if written:
            # A flush waits for the disk, 50 to 500 ms on a busy machine, and everything else for it.
            return
        if self._unflushed:
            self._unflushed = 0
            await self._call(self._shard.flush)
        elif self._deleted >= VACUUM_AFTER_DELETES:
            self._deleted = 0
            await self._call(self._shard.optimize)

    async def _names(
        self, wanted: Filter | None, *, after: str | None, limit: int
    ) -> tuple[list[PassageName], str | None]:
        request = ScrollRequest(filter=wanted, offset=after, limit=limit, with_payload=["key", "edition"])
        records, following = await self._read(partial(self._shard.scroll, request))
        named = [
            PassageName(id=str(record.id), key=payload["key"], edition=payload["edition"])
            for record in records
            if (payload := record.payload)
        ]
        return named, None if following is None else str(following)

    async def _update(self, operation: UpdateOperation, *, ids: Sequence[str]) -> None:
        await self._call(partial(self._write, operation, ids=ids))
        self._unflushed += len(ids)
        self._written = True
        if self._unflushed >= FLUSH_AFTER_POINTS:
            self._unflushed = 0
            await self._call(self._shard.flush)

    def _write(self, operation: UpdateOperation, *, ids: Sequence[str]) -> None:
        with self._writing:
            try:
                self._shard.update(operation)
            finally:
                self._memory.forget(ids)

    async def _read(self, call: Callable[[], T]) -> T:
        async with self._turn:
            try:
                found = call()
            except Exception:  # noqa: BLE001 — the engine raises nothing narrower
                # Not from it: its texts may hold payloads.
                raise UnavailableError("the index failed", service="index") from None
            # One read an iteration of the loop, however many wait: at 50,000 passages 5 ms instead of 570.
            await asyncio.sleep(0)
            return found

    async def _call(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await loop.run_in_executor(self._thread, call)
        except TimeoutError:
            raise UnavailableError("the index takes too long", service="index") from None
        except Exception:  # noqa: BLE001 — the engine raises nothing narrower
            # Not from it: its texts may hold payloads.
            raise UnavailableError("the index failed", service="index") from None


class EdgeStore:
    """The store port on a folder; `open_edge_store` makes one."""

    kind: StoreKind = "edge"

    def __init__(self, folder: IndexFolder) -> None:
        self._folder = folder

    async def notes(self) -> list[IndexNote]:
        """Read from the folder."""
        return self._folder.notes()

    async def write_note(self, note: IndexNote) -> None:
        """Into the index's folder."""
        self._folder.write(note)

    @asynccontextmanager
    async def open(self, *, fingerprint: str, dimensions: int) -> AsyncIterator[EdgeIndex]:
        """Load the shard, or make it."""
        note = self._folder.note_of(fingerprint, dimensions=dimensions)
        path = self._folder.shard(fingerprint)
        with ThreadPoolExecutor(1, thread_name_prefix="index") as thread:
            loop = asyncio.get_running_loop()
            shard = await loop.run_in_executor(thread, lambda: _open(path, dimensions=note.dimensions))
            try:
                yield EdgeIndex(shard, thread, name=note.name)
            finally:
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    await loop.run_in_executor(thread, shard.flush)
                    await loop.run_in_executor(thread, shard.close)

    async def remove(self, fingerprint: str) -> None:
        """Remove its folder."""
        await asyncio.to_thread(self._folder.remove, fingerprint)


@asynccontextmanager
async def open_edge_store(path: Path) -> AsyncIterator[EdgeStore]:
    """Lock the folder, or make it, for as long as the block lasts.

    Raises:
        SettingsError: another process has it open.
    """
    with locked(path):
        folder = IndexFolder(path)
        folder.take_in_former()
        yield EdgeStore(folder)


@asynccontextmanager
async def open_edge_index(path: Path, *, fingerprint: str, dimensions: int) -> AsyncIterator[EdgeIndex]:
    """One index of a folder, where there is no other to open.

    Raises:
        SettingsError: another process has it open.
    """
    async with (
        open_edge_store(path) as store,
        store.open(fingerprint=fingerprint, dimensions=dimensions) as index,
    ):
        yield index


def _open(folder: Path, *, dimensions: int) -> EdgeShard:
    if (folder / "edge_config.json").exists():
        # What it does not name stays as it is, and an earlier release may have had other vectors.
        shard = EdgeShard.load(
            str(folder), EdgeConfig(sparse_vectors=_words(), max_search_threads=SEARCH_THREADS)
        )
    else:
        folder.mkdir(exist_ok=True, parents=True)
        shard = EdgeShard.create(str(folder), _config(dimensions))
    for field in ("allow", "source", "key", "digest"):
        shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
    return shard


def _config(dimensions: int) -> EdgeConfig:
    # A full scan is bound by memory: half the bytes, and a cosine that is off by 1e-5; of these a quarter in
    # the sketches that are scanned.
    dense = EdgeVectorParams(
        size=dimensions,
        distance=Distance.Cosine,
        datatype=VectorStorageDatatype.Float16,
        quantization_config=TurboQuantQuantizationConfig(bits=SKETCH_BITS, memory=Memory.Cached),
    )
    return EdgeConfig(
        vectors={"dense": dense},
        sparse_vectors=_words(),
        # 0 keeps optimize() to a vacuum: building HNSW blocks everything for a minute at 100,000
        # points, whereas a full scan there takes 10 ms and is exact.
        optimizers=EdgeOptimizersConfig(indexing_threshold=0),
        max_search_threads=SEARCH_THREADS,
    )


def _words() -> dict[str, EdgeSparseVectorParams]:
    return {"words": EdgeSparseVectorParams(modifier=Modifier.Idf)}


def _point(encoded: EncodedPassage) -> Point:
    words = SparseVector(encoded.sparse.indices, encoded.sparse.values)
    return Point(
        id=encoded.passage.id,
        vector={"dense": list(encoded.dense), "words": words},
        payload=payload_of(encoded),
    )


def _encoded(record: Record) -> EncodedPassage:
    payload, vector = record.payload or {}, cast("dict[str, Any]", record.vector)
    words: SparseVector = vector["words"]
    return EncodedPassage(
        passage=stored_passage(str(record.id), payload),
        dense=vector["dense"],
        sparse=Sparse(words.indices, words.values),
        digest=payload["digest"] or "",
    )
