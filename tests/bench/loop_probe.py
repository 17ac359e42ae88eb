"""How long an event loop stands still: the one way benchmarks look at it."""

import asyncio
import json
import signal
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from wire.stopping import stopped

EVERY_S = 0.002


class LoopProbe:
    """How much later than asked a sleeping task woke up, each time: callbacks that ran long, calls that held
    the interpreter's lock, and the machine's own scheduling."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    def figures(self) -> dict[str, float]:
        """In milliseconds."""
        cuts = statistics.quantiles(self.late_ms, n=1000)
        return {
            "p50_ms": round(cuts[499], 2),
            "p99_ms": round(cuts[989], 2),
            "p999_ms": round(cuts[998], 2),
            "max_ms": round(max(self.late_ms), 2),
        }


@asynccontextmanager
async def probing(*, after_s: float = 0.0) -> AsyncIterator[LoopProbe]:
    """Probe this loop for as long as the block lasts, but for its first seconds."""
    probe = LoopProbe()

    async def look() -> None:
        await asyncio.sleep(after_s)
        while True:
            started = time.perf_counter()
            await asyncio.sleep(EVERY_S)
            probe.late_ms.append((time.perf_counter() - started - EVERY_S) * 1000)

    looking = asyncio.create_task(look(), name="probe the loop")
    try:
        yield probe
    finally:
        await stopped(looking)


async def _idle() -> None:
    """A process that only probes: what the machine's own scheduling costs."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with probing() as probe:
        print("ready", flush=True)
        await stop.wait()
    print(json.dumps(probe.figures()), flush=True)


if __name__ == "__main__":
    asyncio.run(_idle())
