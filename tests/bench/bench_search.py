"""What a search costs beside the bare encoder, and how long the worker's event loop stands still.

    python tests/bench/bench_search.py [--json] [--passages 10000] [--loop-passages 50000]

A NATS server and a worker are started as processes of their own. Searches (hybrid, under four principals who
may read four passages in five, 8 passages wanted, questions of 20 tokens, each asked once) come from this
process over NATS; the bare encoder is fastembed's own `TextEmbedding` on the same model with one thread an
encoding, called by the same askers. The two take turns, round by round, so that both see the same machine.
``cpu_ms`` is what a call costs the worker, the NATS server and this process together.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import psutil
from nats.aio.client import Client

from desk.engines import nats_command
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from retrieval.fastembed_encoder import PACKAGED, FastembedEncoder, open_encoder
from tests.bench.many_passages import READER, questions
from tests.bench.probed_process import probed_process
from tests.conftest import free_port, wait_for_port
from wire.collecting import keep_for_good
from wire.documents import DocumentUpsert
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import SearchReply, SearchRequest

TOKENS = 20
WARM_UP = 40
ALONE_ROUNDS, ALONE_PER_ROUND = 20, 20
ASKERS = 16
CROWD_ROUNDS, CROWD_PER_ROUND = 10, 320
REPEATS = 200
LOOP_SEARCHES = 1_500
LOOP_DOCUMENTS = 40

Ask = Callable[[str], Awaitable[object]]


@dataclass
class Timed:
    """Milliseconds of each call, seconds of each round of calls, and of the processors in all of them."""

    each_ms: list[float] = field(default_factory=list)
    rounds_s: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    @property
    def per_s(self) -> float:
        return len(self.each_ms) / sum(self.rounds_s)

    def percentile(self, percent: int) -> float:
        return statistics.quantiles(self.each_ms, n=100, method="inclusive")[percent - 1]

    def figures(self) -> dict[str, float]:
        found = {
            "p50_ms": round(self.percentile(50), 2),
            "p95_ms": round(self.percentile(95), 2),
            "p99_ms": round(self.percentile(99), 2),
            "per_s": round(self.per_s, 1),
        }
        if self.cpu_s:
            found["cpu_ms"] = round(1000 * self.cpu_s / len(self.each_ms), 2)
        return found


@dataclass(frozen=True)
class Nats:
    """A server of this benchmark's own."""

    url: str
    pid: int


@contextmanager
def nats_server(folder: Path) -> Iterator[Nats]:
    """For as long as the block lasts."""
    command = nats_command(folder=folder, port=free_port(), password="bench")
    server = subprocess.Popen(command.argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(command.port, server)
        yield Nats(command.url, server.pid)
    finally:
        server.terminate()
        server.wait(20)


def cpu_s(pids: Sequence[int]) -> float:
    """What these processes have had of the processors, seconds."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in pids)


async def ask_all(asked: list[str], *, ask: Ask, askers: int, into: Timed, pids: Sequence[int] = ()) -> None:
    """Each question once, by so many askers, each of whom waits for an answer before the next question."""
    left = iter(asked)
    before = cpu_s(pids)

    async def asker() -> None:
        for question in left:
            started = time.perf_counter()
            await ask(question)
            into.each_ms.append((time.perf_counter() - started) * 1000)

    started = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(askers)))
    into.rounds_s.append(time.perf_counter() - started)
    into.cpu_s += cpu_s(pids) - before


@contextmanager
def bare(encoder: FastembedEncoder, *, askers: int) -> Iterator[Ask]:
    """fastembed alone, in as many threads as there are askers."""
    embedding = encoder._model.embedding

    def encode(question: str) -> object:
        return next(iter(embedding.query_embed(question)))

    with ThreadPoolExecutor(askers) as threads:
        yield lambda question: asyncio.get_running_loop().run_in_executor(threads, partial(encode, question))


async def search(client: Client, question: str) -> SearchReply:
    request = SearchRequest(query=question, principals=READER)
    return await RetrievalClient(client, within_s=30).search(request)


async def compare(
    unasked: Iterator[str],
    *,
    ask: Ask,
    encoder: FastembedEncoder,
    pids: Sequence[int],
    askers: int,
    rounds: int,
    per_round: int,
) -> dict[str, Any]:
    """The bare encoder and searches, round by round in turn, each with questions of its own."""
    with bare(encoder, askers=askers) as encode:
        ways: tuple[tuple[Ask, Timed], ...] = ((encode, Timed()), (ask, Timed()))
        for way, _ in ways:
            await ask_all(list(islice(unasked, WARM_UP)), ask=way, askers=askers, into=Timed())
        for _ in range(rounds):
            for way, timed in ways:
                await ask_all(list(islice(unasked, per_round)), ask=way, askers=askers, into=timed, pids=pids)
    alone, whole = (timed for _, timed in ways)
    return {
        "bare encoder": alone.figures(),
        "search over NATS": whole.figures(),
        "ratio of p50": round(whole.percentile(50) / alone.percentile(50), 2),
        "ratio of p99": round(whole.percentile(99) / alone.percentile(99), 2),
        "ratio of throughput": round(whole.per_s / alone.per_s, 2),
        "ratio of CPU": round(whole.cpu_s / alone.cpu_s, 2),
    }


async def repeated(question: str, *, ask: Ask) -> dict[str, float]:
    """One question again and again: the encoder is not asked."""
    timed = Timed()
    await ask_all([question] * REPEATS, ask=ask, askers=1, into=timed)
    return timed.figures()


async def steps(unasked: Iterator[str], *, client: Client) -> dict[str, float]:
    """Medians of what the worker says of its own time."""
    replies = [await search(client, question) for question in islice(unasked, 100)]
    return {
        step: round(statistics.median(getattr(reply.timings_ms, step) for reply in replies), 2)
        for step in ("embed", "search", "total")
    }


async def speeds(nats: Nats, folder: Path, *, passages: int) -> dict[str, Any]:
    """Searches beside the bare encoder: one asker, sixteen, and the same question again."""
    async with (
        probed_process("search_worker", nats.url, str(folder), str(passages)) as worker,
        connected(nats.url, name="bench") as client,
        open_encoder(model=PACKAGED, threads=1) as encoder,
    ):
        # This process's collections are no part of what is compared.
        keep_for_good()
        unasked = questions(encoder, tokens=TOKENS)
        ask = partial(search, client)
        pids = (worker.pid, nats.pid, os.getpid())
        of = partial(compare, unasked, ask=ask, encoder=encoder, pids=pids)
        return {
            "one asker": await of(askers=1, rounds=ALONE_ROUNDS, per_round=ALONE_PER_ROUND),
            "sixteen askers": await of(askers=ASKERS, rounds=CROWD_ROUNDS, per_round=CROWD_PER_ROUND),
            "the same question again": await repeated(next(unasked), ask=ask),
            "the worker's own steps, ms": await steps(unasked, client=client),
        }


async def loop_stalls(nats: Nats, folder: Path, *, passages: int) -> dict[str, Any]:
    """The worker's loop under sixteen askers while documents are indexed; beside it an idle process's."""
    async with (
        probed_process("search_worker", nats.url, str(folder), str(passages), "--ingest") as worker,
        probed_process("loop_probe") as idle,
        connected(nats.url, name="bench") as client,
        open_encoder(model=PACKAGED, threads=1) as encoder,
    ):
        await ensure_topology(client)
        unasked, ingest, timed = questions(encoder, tokens=TOKENS), IngestClient(client), Timed()
        for number in range(LOOP_DOCUMENTS):
            body = "\n\n".join(f"## Part {part}\n\n{text}." for part, text in enumerate(islice(unasked, 20)))
            await ingest.announce(
                DocumentUpsert(source="new", id=str(number), version=1, body=body, allow=("public",))
            )
        asked = list(islice(unasked, LOOP_SEARCHES))
        await ask_all(asked, ask=partial(search, client), askers=ASKERS, into=timed)
        return {
            "searches meanwhile": timed.figures(),
            "worker": await worker.end(),
            "idle process at the same time": await idle.end(),
        }


async def run(*, passages: int, loop_passages: int, as_json: bool) -> None:
    """Measure, and print a table or JSON."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if passages:
            with nats_server(folder / "nats") as nats:
                found[f"{passages:,} passages"] = await speeds(nats, folder / "index", passages=passages)
        if loop_passages:
            with nats_server(folder / "other-nats") as nats:
                found[f"event loop, {loop_passages:,} passages"] = await loop_stalls(
                    nats, folder / "other-index", passages=loop_passages
                )
    print(json.dumps(found) if as_json else "\n".join(_lines(found)))


def _lines(found: dict[str, Any], depth: int = 0) -> Iterator[str]:
    for name, value in found.items():
        margin = "  " * depth
        if not isinstance(value, dict):
            yield f"{margin}{name:36}{value}"
        elif any(isinstance(inner, dict) for inner in value.values()):
            yield f"{margin}{name}"
            yield from _lines(value, depth + 1)
        else:
            yield f"{margin}{name:36}" + "  ".join(f"{key} {figure}" for key, figure in value.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--passages", type=int, default=10_000, help="0: leave the speed out")
    parser.add_argument("--loop-passages", type=int, default=50_000, help="0: leave the event loop out")
    options = parser.parse_args()
    asyncio.run(run(passages=options.passages, loop_passages=options.loop_passages, as_json=options.json))
