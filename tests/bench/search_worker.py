"""The search benchmark's worker, as a process: ``python -m tests.bench.search_worker NATS_URL FOLDER N``.

Writes N made-up passages, serves searches over them and says ``ready`` on a line. With ``--ingest`` it also
indexes what is announced, and says at SIGTERM, as JSON, how long its event loop stood still meanwhile.
"""

import argparse
import asyncio
import json
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from desk.worker import HAND_OVER_AFTER_S
from ingest.service import run_ingest
from retrieval.edge_index import open_edge_index
from retrieval.fastembed_encoder import PACKAGED, open_encoder
from retrieval.nats_heads import open_heads
from retrieval.service import serving_retrieval
from tests.bench.loop_probe import probing
from tests.bench.many_passages import write_many
from wire.collecting import keep_for_good
from wire.logging import set_up_logging
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.settings import Settings


async def serve(url: str, folder: Path, *, passages: int, ingest: bool) -> None:
    """Wired as in `desk/worker.py`, with the passages written before anything is served."""
    sys.setswitchinterval(HAND_OVER_AFTER_S)
    set_up_logging(log_format="readable", level="error")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(url, name="worker"))
        await ensure_topology(client)
        encoder = await stack.enter_async_context(open_encoder(model=PACKAGED, threads=1))
        index = await stack.enter_async_context(
            open_edge_index(folder, dimensions=encoder.dimensions, fingerprint=encoder.fingerprint)
        )
        heads = await stack.enter_async_context(open_heads(client))
        await write_many(passages, index=index, encoder=encoder, heads=heads)
        await stack.enter_async_context(serving_retrieval(client, index=index, encoder=encoder, heads=heads))
        keep_for_good()
        if not ingest:
            print("ready", flush=True)
            await stop.wait()
            return
        probe = await stack.enter_async_context(probing())
        print("ready", flush=True)
        settings = Settings(nats_url=url, data_dir=folder)
        await run_ingest(client, settings=settings, index=index, encoder=encoder, heads=heads, stop=stop)
        print(json.dumps(probe.figures()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("folder", type=Path)
    parser.add_argument("passages", type=int)
    parser.add_argument("--ingest", action="store_true")
    asked = parser.parse_args()
    asyncio.run(serve(asked.url, asked.folder, passages=asked.passages, ingest=asked.ingest))
