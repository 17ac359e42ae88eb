"""Qdrant Edge: Qdrant's own engine, in this process, on a folder.

Every call of it holds the interpreter's lock for as long as it lasts, so writes are cut small
(100 points: 2.5 ms), and all calls take turns in one thread of their own.
"""

import asyncio
import contextlib
import fcntl
import json
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from qdrant_edge import (
    Distance,
    EdgeConfig,
    EdgeOptimizersConfig,
    EdgeShard,
    EdgeSparseVectorParams,
    EdgeVectorParams,
    FieldCondition,
    Filter,
    Fusion,
    HasIdCondition,
    IdfParams,
    MatchAny,
    MatchValue,
    Modifier,
    PayloadSchemaType,
    Point,
    Prefetch,
    Query,
    QueryRequest,
    ScoredPoint,
    ScrollRequest,
    SearchParams,
    SparseVector,
    UpdateOperation,
)

from retrieval.encoding import Sparse
from retrieval.index import Edition, EncodedPassage, Hit, PassageName, StoredPassage
from wire.documents import document_key
from wire.errors import SettingsError, UnavailableError

SCHEMA = 1
"""Grows when the payload or the vectors change, so that an older index is refused and built anew."""
BRANCH = 100
"""Passages that each branch of a hybrid query hands to the fusion, at the least."""
RRF_K = 60
POINTS_PER_WRITE = 100
PLACES_PER_TEXT = 4
"""In which a text stands at the most, usually: its present edition and the former, here and there again."""
CALL_WITHIN_S = 30.0
CLOSE_WITHIN_S = 60.0
FLUSH_AFTER_POINTS = 2_000
"""The write-ahead log grows until a flush, and a restart replays it (0.06 ms a point)."""
VACUUM_AFTER_DELETES = 1_000
"""As the engine's own threshold: below it a vacuum finds nothing worth its time."""

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

    @property
    def name(self) -> str:
        """Of this folder's content; it goes with a copy of the folder."""
        return self._name

    async def upsert(self, passages: Sequence[EncodedPassage]) -> None:
        """Write these passages, a hundred at a time."""
        for start in range(0, len(passages), POINTS_PER_WRITE):
            points = [_point(passage) for passage in passages[start : start + POINTS_PER_WRITE]]
            await self._update(UpdateOperation.upsert_points(points), touched=len(points))

    async def delete(self, ids: Sequence[str]) -> None:
        """Remove these passages."""
        for start in range(0, len(ids), POINTS_PER_WRITE):
            some = list(ids[start : start + POINTS_PER_WRITE])
            await self._update(UpdateOperation.delete_points(list(some)), touched=len(some))
            self._deleted += len(some)

    async def search(
        self,
        *,
        dense: Sequence[float],
        sparse: Sparse,
        principals: Sequence[str],
        sources: Sequence[str] | None,
        limit: int,
        without: Collection[Edition] = (),
    ) -> list[Hit]:
        """Fuse meaning and words inside the engine, then ask for each hit's plain cosine."""
        readable = _readable_by(principals, sources=sources, without=without)
        meaning = Query.Nearest(list(dense), "dense")
        request = _hybrid(meaning, sparse=sparse, readable=readable, limit=limit)

        def search() -> tuple[list[ScoredPoint], list[ScoredPoint]]:
            fused = self._shard.query(request)
            if not fused:
                return [], []
            ids = Filter(must=[HasIdCondition({point.id for point in fused})])
            return fused, self._shard.query(QueryRequest(limit=len(fused), query=meaning, filter=ids))

        fused, near = await self._call(search)
        cosines = {point.id: point.score for point in near}
        best = (2 if sparse.indices else 1) / (RRF_K + 1)
        return [
            Hit(
                passage=_stored(str(point.id), point.payload or {}),
                score=min(1.0, point.score / best),
                cosine=cosines.get(point.id, 0.0),
            )
            for point in fused
        ]

    async def readable(self, *, ids: Sequence[str], principals: Sequence[str]) -> list[StoredPassage]:
        """Look the ids up under the readers' filter."""
        wanted = _readable_by(principals, sources=None, ids=[known for known in ids if _is_uuid(known)])
        request = ScrollRequest(filter=wanted, limit=len(ids), with_payload=True)
        records, _ = await self._call(lambda: self._shard.scroll(request))
        return [_stored(str(record.id), record.payload or {}) for record in records]

    async def vectors(self, digests: Sequence[str]) -> dict[str, list[float]]:
        """Look them up together; and one by one those that a text that stands in many places crowded out."""
        known: dict[str, list[float]] = {}

        async def look_up(some: Sequence[str], *, limit: int) -> bool:
            request = ScrollRequest(
                filter=Filter(must=[FieldCondition(key="digest", match=MatchAny(list(some)))]),
                limit=limit,
                with_payload=["digest"],
                with_vector=["dense"],
            )
            records, _ = await self._call(lambda: self._shard.scroll(request))
            for record in records:
                vector: Any = record.vector
                known[(record.payload or {})["digest"]] = vector["dense"]
            return len(records) == limit

        if digests and await look_up(digests, limit=PLACES_PER_TEXT * len(digests)):
            for digest in [digest for digest in digests if digest not in known]:
                await look_up([digest], limit=1)
        return known

    async def names(self, *, key: str) -> list[PassageName]:
        """Every passage of one document."""
        named: list[PassageName] = []
        page: str | None = None
        while True:
            some, page = await self._names(_where("key", MatchValue(key)), after=page, limit=1000)
            named += some
            if page is None:
                return named

    async def all_names(self, *, after: str | None, limit: int) -> tuple[list[PassageName], str | None]:
        """A page of every passage there is."""
        return await self._names(None, after=after, limit=limit)

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
        records, following = await self._call(lambda: self._shard.scroll(request))
        named = [
            PassageName(id=str(record.id), key=payload["key"], edition=payload["edition"])
            for record in records
            if (payload := record.payload)
        ]
        return named, None if following is None else str(following)

    async def _update(self, operation: UpdateOperation, *, touched: int) -> None:
        await self._call(lambda: self._shard.update(operation))
        self._unflushed += touched
        self._written = True
        if self._unflushed >= FLUSH_AFTER_POINTS:
            self._unflushed = 0
            await self._call(self._shard.flush)

    async def _call(self, call: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await loop.run_in_executor(self._thread, call)
        except TimeoutError:
            raise UnavailableError("the index takes too long", service="index") from None
        except Exception as error:
            # The engine raises bare Exceptions, whose texts may hold payloads.
            raise UnavailableError("the index failed", service="index") from error


@asynccontextmanager
async def open_edge_index(folder: Path, *, dimensions: int, fingerprint: str) -> AsyncIterator[EdgeIndex]:
    """Open the index in ``folder``, or make it, for as long as the block lasts.

    Raises:
        SettingsError: another process has it open, or it was made by another model or schema.
    """
    with _locked(folder), ThreadPoolExecutor(1, thread_name_prefix="index") as thread:
        loop = asyncio.get_running_loop()
        name = _name_if_made_for(folder, fingerprint=fingerprint)
        shard = await loop.run_in_executor(thread, lambda: _open(folder / "shard", dimensions=dimensions))
        try:
            yield EdgeIndex(shard, thread, name=name)
        finally:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await loop.run_in_executor(thread, shard.flush)
                await loop.run_in_executor(thread, shard.close)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SettingsError(
                f"DATA_DIR: the index in {folder} is open in another process; "
                "stop that one, or choose another folder"
            ) from None
        yield


def _name_if_made_for(folder: Path, *, fingerprint: str) -> str:
    """The name in the folder's own note of what made it; the note is written where there is none."""
    note = folder / "made_by.json"
    ours = {"schema": SCHEMA, "encoder": fingerprint}
    if not note.exists():
        written = folder / "made_by.json.new"
        written.write_text(json.dumps({**ours, "name": uuid.uuid4().hex}))
        written.replace(note)
    made_by: dict[str, Any] = json.loads(note.read_text())
    name = str(made_by.pop("name", ""))
    if made_by != ours:
        raise SettingsError(
            f"EMBEDDING_MODEL: the index in {folder} was made by another model or an older release; "
            "set the former model, or remove that folder and publish the documents again"
        )
    return name


def _open(folder: Path, *, dimensions: int) -> EdgeShard:
    config = EdgeConfig(
        vectors={"dense": EdgeVectorParams(size=dimensions, distance=Distance.Cosine)},
        sparse_vectors={"words": EdgeSparseVectorParams(modifier=Modifier.Idf)},
        # 0 keeps optimize() to a vacuum: building HNSW blocks everything for a minute at 100,000
        # points, whereas a full scan there takes 10 ms and is exact.
        optimizers=EdgeOptimizersConfig(indexing_threshold=0),
    )
    if (folder / "edge_config.json").exists():
        shard = EdgeShard.load(str(folder), config)
    else:
        folder.mkdir(exist_ok=True)
        shard = EdgeShard.create(str(folder), config)
    for field in ("allow", "source", "key", "digest"):
        shard.update(UpdateOperation.create_field_index(field, PayloadSchemaType.Keyword))
    return shard


def _readable_by(
    principals: Sequence[str],
    *,
    sources: Sequence[str] | None,
    ids: Sequence[str] | None = None,
    without: Collection[Edition] = (),
) -> Filter:
    if not principals:
        # An empty list of alternatives would depend on how the engine reads it.
        raise ValueError("a search without principals")
    conditions: list[Any] = [FieldCondition(key="allow", match=MatchAny(list(principals)))]
    if sources is not None:
        conditions.append(FieldCondition(key="source", match=MatchAny(list(sources))))
    if ids is not None:
        conditions.append(HasIdCondition(set(ids)))
    left_out: list[Any] = [
        Filter(
            must=[
                FieldCondition(key="key", match=MatchValue(key)),
                FieldCondition(key="edition", match=MatchValue(edition)),
            ]
        )
        for key, edition in without
    ]
    return Filter(must=conditions, must_not=left_out or None)


def _is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _where(field: str, match: MatchValue) -> Filter:
    return Filter(must=[FieldCondition(key=field, match=match)])


def _hybrid(meaning: Query, *, sparse: Sparse, readable: Filter, limit: int) -> QueryRequest:
    branch = max(BRANCH, 2 * limit)
    branches = [Prefetch(limit=branch, query=meaning, filter=readable)]
    if sparse.indices:
        words = Query.Nearest(SparseVector(sparse.indices, sparse.values), "words")
        # Words' rarity is counted among the documents of this reader: others' must not show through.
        rarity = SearchParams(idf=IdfParams(corpus=readable))
        branches.append(Prefetch(limit=branch, query=words, filter=readable, params=rarity))
    return QueryRequest(
        limit=limit,
        query=Fusion.Rrf(RRF_K),  # type: ignore[arg-type] # its stub leaves out that Rrf is a Fusion
        prefetches=branches,
        filter=readable,
        with_payload=True,
    )


def _point(encoded: EncodedPassage) -> Point:
    passage = encoded.passage
    payload = {
        "key": document_key(passage.source, passage.document),
        "source": passage.source,
        "document": passage.document,
        "version": passage.version,
        "edition": passage.edition,
        "title": passage.title,
        "url": passage.url,
        "heading": list(passage.heading),
        "ordinal": passage.ordinal,
        "text": passage.text,
        "allow": list(passage.allow),
        "updated_at": passage.updated_at.isoformat() if passage.updated_at else None,
        "digest": encoded.digest or None,
    }
    words = SparseVector(encoded.sparse.indices, encoded.sparse.values)
    return Point(id=passage.id, vector={"dense": list(encoded.dense), "words": words}, payload=payload)


def _stored(point_id: str, payload: dict[str, Any]) -> StoredPassage:
    updated_at = payload["updated_at"]
    return StoredPassage(
        id=point_id,
        source=payload["source"],
        document=payload["document"],
        version=payload["version"],
        edition=payload["edition"],
        title=payload["title"],
        url=payload["url"],
        heading=tuple(payload["heading"]),
        ordinal=payload["ordinal"],
        text=payload["text"],
        allow=tuple(payload["allow"]),
        updated_at=datetime.fromisoformat(updated_at) if updated_at else None,
    )
