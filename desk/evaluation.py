"""``answerdesk eval``: how well questions find their documents, on a data set, by the pipeline itself.

The corpus is cut, encoded, indexed and searched by what `answerdesk worker` runs, in a store of its own; only
the heads are kept in memory, and the parsed texts nowhere.
"""

import hashlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from rich.console import Console

from desk.data_set import DataSet, Text
from desk.irmeasures_metrics import metrics
from desk.terminal import Terminal
from desk.together import together
from desk.tuning import open_tuning
from ingest import chunking, description
from ingest.indexing import Indexing
from ingest.leftovers import Leftovers
from retrieval.edge_index import EdgeIndex, open_edge_index
from retrieval.encoding import Encoder
from retrieval.fastembed_encoder import open_encoder
from retrieval.memory_heads import MemoryHeads
from retrieval.payload import made_for
from retrieval.search import Search
from retrieval.tuning import Tuning
from wire.documents import DocumentUpsert
from wire.errors import MalformedError, SettingsError
from wire.principals import PUBLIC
from wire.search import IndexFreshness, SearchRequest
from wire.settings import Settings
from wire.shapes import Shape, read_shape

Mode = Literal["hybrid", "dense", "bm25", "rerank"]
SHARES: Mapping[Mode, float] = {"dense": 1.0, "bm25": 0.0}
"""How much the meaning counts, where that is not what readers get."""
SOURCE = "eval"
FOUND = 100
"""Documents asked for: as many as the deepest metric looks at."""
AT_ONCE = 4
"""Documents in hand, as the worker has (`ingest.nats_consumer`)."""
TITLE_CHARS = 1000
PAGE = 1000


class QueryTimes(Shape):
    """Milliseconds of one search as readers ask it, its encoding included."""

    p50: float
    p95: float
    p99: float


class Evaluation(Shape):
    """What ``answerdesk eval --json`` prints. A document counts once, at its best passage."""

    dataset: str
    mode: Mode
    documents: int
    queries: int
    ndcg_at_10: float
    recall_at_10: float
    recall_at_100: float
    mrr_at_10: float
    index_seconds: float
    """Of the run that built the index, which may have been an earlier one."""
    chunks: int
    query_ms: QueryTimes


class Built(Shape):
    """Written beside an index that is whole."""

    index_seconds: float
    chunks: int


async def evaluate(
    data: DataSet, *, mode: Mode, settings: Settings, cache: Path | None, terminal: Terminal
) -> Evaluation:
    """Index the corpus, ask every question, and compare.

    Args:
        data: what to ask, and what should be found.
        mode: hybrid as readers have it, or one of its parts alone.
        settings: the encoder's.
        cache: keeps the index there for the next run with the same corpus and pipeline.
        terminal: shows a progress bar.
    """
    async with (
        _tuning(mode, settings) as tuning,
        indexed(data, tuning=tuning, settings=settings, cache=cache, terminal=terminal) as (search, built),
    ):
        found, took_ms = await _ask(data, search, terminal=terminal)
    judged = metrics(judged=data.judged, found=found)
    return Evaluation(
        dataset=data.name,
        mode=mode,
        documents=len(data.documents),
        queries=len(data.queries),
        **{name: round(value, 4) for name, value in asdict(judged).items()},
        index_seconds=built.index_seconds,
        chunks=built.chunks,
        query_ms=_times(took_ms),
    )


@asynccontextmanager
async def indexed(
    data: DataSet, *, tuning: Tuning, settings: Settings, cache: Path | None, terminal: Terminal
) -> AsyncIterator[tuple[Search, Built]]:
    """The corpus, to be searched for as long as the block lasts."""
    async with open_encoder(model=settings.embedding_model, threads=settings.embedding_threads) as encoder:
        with _folder(cache, data, encoder) as folder:
            async with open_edge_index(
                folder / "index", dimensions=encoder.dimensions, fingerprint=encoder.fingerprint
            ) as index:
                heads = MemoryHeads()
                built = await _build(
                    data, folder, index=index, encoder=encoder, heads=heads, terminal=terminal
                )
                backlog = _NoBacklog()
                yield (
                    Search(index=index, encoder=encoder, heads=heads, backlog=backlog, tuning=tuning),
                    built,
                )


@asynccontextmanager
async def _tuning(mode: Mode, settings: Settings) -> AsyncIterator[Tuning]:
    """As readers have it, except for what the mode is about."""
    if mode == "rerank":
        if settings.rerank_model is None:
            raise SettingsError("RERANK_MODEL is missing; without one there is nothing to rerank with")
        async with open_tuning(settings) as tuning:
            yield tuning
        return
    async with open_tuning(settings.model_copy(update={"rerank_model": None})) as tuning:
        share = SHARES.get(mode, tuning.ranking.meaning_share)
        yield replace(tuning, ranking=replace(tuning.ranking, meaning_share=share))


@contextmanager
def _folder(cache: Path | None, data: DataSet, encoder: Encoder) -> Iterator[Path]:
    """Where this corpus's index is, or comes to be."""
    if cache is None:
        with tempfile.TemporaryDirectory(prefix="answerdesk-eval-") as temporary:
            yield Path(temporary)
        return
    made_of = f"{data.digest}\n{made_for(encoder)}\n{chunking.FINGERPRINT}\n{description.FINGERPRINT}"
    folder = cache / f"{data.name}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder


async def _build(
    data: DataSet, folder: Path, *, index: EdgeIndex, encoder: Encoder, heads: MemoryHeads, terminal: Terminal
) -> Built:
    """Index every document, unless an earlier run did; one that was interrupted left its vectors here."""
    note = folder / "built.json"
    if note.exists():
        await _take_over(index, heads)
        return read_shape(Built, note.read_bytes())
    started = time.perf_counter()
    texts = _Forgetful()
    indexing = Indexing(
        index=index,
        encoder=encoder,
        heads=heads,
        bodies=texts,
        texts=texts,
        leftovers=Leftovers(index=index, heads=heads, texts=texts),
    )
    with terminal.progress(f"Indexing {data.name}", total=len(data.documents)) as advance:
        waiting = iter(data.documents)

        async def work() -> None:
            for document in waiting:
                await indexing.apply(_announcement(document))
                advance()

        await together(*(work() for _ in range(AT_ONCE)))
    took_s = time.perf_counter() - started
    built = Built(index_seconds=round(took_s, 2), chunks=await _take_over(index, heads))
    note.write_bytes(built.to_json())
    return built


async def _take_over(index: EdgeIndex, heads: MemoryHeads) -> int:
    """Show what the index holds; gives the number of passages."""
    passages, page = 0, None
    while True:
        names, page = await index.all_names(after=page, limit=PAGE)
        for name in names:
            heads.show((name.key, name.edition))
        passages += len(names)
        if page is None:
            return passages


def _announcement(document: Text) -> DocumentUpsert:
    return DocumentUpsert(
        source=SOURCE,
        id=document.id,
        version=1,
        title=document.title[:TITLE_CHARS],
        body=document.text,
        allow=(PUBLIC,),
        updated_at=document.updated_at,
    )


async def _ask(
    data: DataSet, search: Search, *, terminal: Terminal
) -> tuple[dict[str, list[str]], list[float]]:
    """For each question its documents, best first, and how many milliseconds a reader waited.

    A reader gets eight passages; a hundred documents are asked for apart from that.
    """
    found: dict[str, list[str]] = {}
    took_ms: list[float] = []
    with terminal.progress("Asking", total=len(data.queries)) as advance:
        for query in data.queries:
            asked = SearchRequest(query=query.text, principals=(PUBLIC,))
            took_ms.append((await search.search(asked)).timings_ms.total)
            reply = await search.search(asked.model_copy(update={"limit": FOUND, "per_document": 1}))
            found[query.id] = list(dict.fromkeys(passage.document for passage in reply.passages))
            advance()
    return found, took_ms


def show(evaluation: Evaluation, console: Console) -> None:
    """A line a figure, for a person."""
    for name, value in evaluation.model_dump(exclude={"query_ms"}).items():
        console.print(f"{name:15} {value}", highlight=False)
    times = evaluation.query_ms
    console.print(f"{'query_ms':15} p50 {times.p50} · p95 {times.p95} · p99 {times.p99}", highlight=False)


def _times(took_ms: Sequence[float]) -> QueryTimes:
    # Twice each: one alone has no quantiles.
    cuts = statistics.quantiles([*took_ms, *took_ms], n=100, method="inclusive")
    return QueryTimes(p50=round(cuts[49], 2), p95=round(cuts[94], 2), p99=round(cuts[98], 2))


class _NoBacklog:
    """Nothing waits to be indexed."""

    def freshness(self) -> IndexFreshness:
        return IndexFreshness(pending=0, lag_seconds=0.0)


class _Forgetful:
    """The bucket of parsed texts, of which nobody here reads any."""

    async def put(self, name: str, data: bytes) -> None:
        pass

    async def get(self, name: str, *, max_bytes: int) -> bytes:
        raise MalformedError(f"no object {name} of up to {max_bytes} bytes")

    async def remove(self, name: str) -> None:
        pass

    async def names(self) -> list[str]:
        return []
