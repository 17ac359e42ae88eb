"""How soon a published document is found, how fast many are indexed beside bare fastembed, and what a search
waits meanwhile.

Run it by hand or through `make bench`; it starts a NATS server and a worker process of its own, and
takes about a minute on 2 cores.
"""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nats.aio.client import Client

sys.path.insert(0, str(Path(__file__).parents[2]))

from ingest.chunking import chunk
from ingest.client import IngestClient
from retrieval.client import RetrievalClient
from retrieval.fastembed_encoder import PACKAGED, FastembedEncoder, open_encoder
from tests.e2e.worker_process import OwnNats, Worker
from tests.until import until
from wire import subjects
from wire.documents import DocumentUpsert
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import SearchRequest

SINGLES = 50
MANY = 120
SECTIONS = 4
SEED = 2
SEARCHES = 500
PAUSE_S = 0.02
WORDS = (  # noqa: SIM905 — a list of words reads best as words
    "leave travel expense security account manager office germany france invoice laptop contract payroll "
    "holiday training visitor password badge meeting budget project customer support release incident"
).split()


def text(number: int, *, chance: random.Random) -> str:
    """A document of four sections, about 600 tokens, that names its number."""
    sections = (
        f"## Section {n}\n\n"
        + " ".join(f"The {chance.choice(WORDS)} needs the {chance.choice(WORDS)}." for _ in range(20))
        for n in range(SECTIONS)
    )
    return f"# Rule number{number}\n\n" + "\n\n".join(sections)


@contextmanager
def servers(folder: Path) -> Iterator[str]:
    """A NATS server and a worker on it; gives the URL."""
    nats = OwnNats(folder / "nats")
    nats.start()
    worker = Worker(nats.url, folder / "data")
    try:
        worker.start()
        yield nats.url
    finally:
        worker.kill()
        nats.kill()


async def time_to_found_ms(client: Client, number: int, *, chance: random.Random) -> float:
    """From before the announcement to the first search that has it."""
    document = DocumentUpsert(
        source="bench", id=f"single-{number}", version=1, body=text(number, chance=chance), allow=("public",)
    )
    request = SearchRequest(query=f"number{number}", principals=("public",), limit=4)
    started = time.perf_counter()
    await IngestClient(client).announce(document)
    while True:
        reply = await RetrievalClient(client).search(request)
        if any(passage.document == document.id for passage in reply.passages):
            return (time.perf_counter() - started) * 1000


async def bulk_s(client: Client, texts: list[str]) -> float:
    """From the first announcement to the last acknowledgement by the worker."""
    ingest, jetstream = IngestClient(client), client.jetstream()
    started = time.perf_counter()
    for number, body in enumerate(texts):
        await ingest.announce(
            DocumentUpsert(source="bench", id=f"bulk-{number}", version=1, body=body, allow=("public",))
        )

    async def all_done() -> bool:
        return (await jetstream.stream_info(subjects.DOCUMENTS_STREAM)).state.messages == 0

    await until(all_done, within_s=120, every_s=0.05)
    return time.perf_counter() - started


async def search_ms(client: Client, *, until_done: asyncio.Event, at_most: int) -> list[float]:
    """How long searches take, one after another with a short pause, each with words of its own."""
    took: list[float] = []
    chance = random.Random(SEED)
    while not until_done.is_set() and len(took) < at_most:
        words = " ".join(chance.choice(WORDS) for _ in range(8))
        started = time.perf_counter()
        await RetrievalClient(client).search(SearchRequest(query=words, principals=("public",)))
        took.append((time.perf_counter() - started) * 1000)
        await asyncio.sleep(PAUSE_S)
    return took


def percentiles(took: list[float]) -> str:
    cuts = statistics.quantiles(took, n=100)
    return f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms"


async def bare_s(encoder: FastembedEncoder, texts: list[str]) -> tuple[int, float]:
    """The same passages through the encoder alone: how many, and how long."""
    pieces = [
        piece
        for body in texts
        for piece in chunk(
            body,
            window_tokens=encoder.window_tokens - 2,
            count_tokens=encoder.count_tokens,
        )
    ]
    started = time.perf_counter()
    await encoder.encode_passages([text for piece in pieces for text in piece.meant])
    return len(pieces), time.perf_counter() - started


async def is_ready(client: Client) -> bool:
    try:
        await RetrievalClient(client, within_s=1).search(SearchRequest(query="rule", principals=("public",)))
    except UnavailableError:
        return False
    return True


async def main() -> None:
    chance = random.Random(SEED)
    with tempfile.TemporaryDirectory() as folder, servers(Path(folder)) as url:
        async with connected(url, name="bench") as client:
            await ensure_topology(client)
            await until(lambda: is_ready(client), within_s=30, every_s=0.1)
            singles = [await time_to_found_ms(client, n, chance=chance) for n in range(SINGLES)]
            texts = [text(1000 + n, chance=chance) for n in range(MANY)]
            whole_s = await bulk_s(client, texts)
            idle = await search_ms(client, until_done=asyncio.Event(), at_most=SEARCHES)
            loaded = asyncio.Event()
            searching = asyncio.create_task(search_ms(client, until_done=loaded, at_most=10 * SEARCHES))
            await bulk_s(client, [text(2000 + n, chance=chance) for n in range(MANY)])
            loaded.set()
            busy = await searching
    async with open_encoder(model=PACKAGED, threads=1) as encoder:
        passages, encoding_s = await bare_s(encoder, texts)
    p50, p95 = statistics.median(singles), statistics.quantiles(singles, n=20)[-1]
    print(f"published to found, {SINGLES} single documents: p50 {p50:.0f} ms, p95 {p95:.0f} ms")
    print(
        f"bulk load of {MANY} documents, {passages} passages: {passages / whole_s:.1f} passages/s, "
        f"bare fastembed {passages / encoding_s:.1f}; ratio {encoding_s / whole_s:.2f}"
    )
    ratio = statistics.quantiles(busy, n=100)[98] / statistics.quantiles(idle, n=100)[98]
    print(
        f"search beside {passages} passages, idle: {percentiles(idle)}; "
        f"while all are replaced: {percentiles(busy)}; ratio of p99 {ratio:.1f}"
    )


if __name__ == "__main__":
    asyncio.run(main())
