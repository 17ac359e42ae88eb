"""What every process of ours tells Prometheus of itself, and how it is written down for it.

A metric's name says its unit, labels take few values that are known beforehand, and none names a person.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Literal

import structlog
from nats.aio.client import Client
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from wire.errors import UnavailableError
from wire.nats_depth import depth
from wire.stopping import stopped

LAG_LOOK_EVERY_S = 0.25
LAGS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
REFRESH_WITHIN_S = 2.5
"""A scrape waits for so long for figures that others have; those that do not come stand as they were."""
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

Refresh = Callable[[], Awaitable[None]]
Queue = Literal["QUESTIONS", "DOCUMENTS", "DOCUMENTS_FAILED"]

_log = structlog.get_logger("metrics")


class ProcessMetrics:
    """One process's registry.

    Attributes:
        registry: where everything that this process counts is registered.
        refreshers: are awaited before each scrape, all at once.
    """

    def __init__(self, *, service: str) -> None:
        # A counter's time of creation would double the number of series and is asked for by nobody.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        self.refreshers: list[Refresh] = []
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        Info("answerdesk_build", "What runs here.", registry=self.registry).info(
            {"version": version("answerdesk"), "service": service}
        )
        self._lag = Histogram(
            "answerdesk_event_loop_lag_seconds",
            "How much later than asked for the event loop came back, looked at four times a second.",
            buckets=LAGS_S,
            registry=self.registry,
        )

    async def exposition(self) -> bytes:
        """Everything as Prometheus reads it."""
        for failure in await asyncio.gather(*map(_refreshed, self.refreshers), return_exceptions=True):
            if isinstance(failure, Exception):
                _log.warning("a figure is of an earlier look", exc_info=failure)
        return generate_latest(self.registry)

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Look at the event loop while the block lasts."""
        looking = asyncio.create_task(self._look(), name="look at the event loop")
        try:
            yield
        finally:
            await stopped(looking)

    async def _look(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(LAG_LOOK_EVERY_S)
            self._lag.observe(max(0.0, time.monotonic() - before - LAG_LOOK_EVERY_S))


async def _refreshed(refresh: Refresh) -> None:
    try:
        async with asyncio.timeout(REFRESH_WITHIN_S):
            await refresh()
    except (UnavailableError, TimeoutError) as error:
        _log.warning("a figure is of an earlier look", why=str(error) or type(error).__name__)


class QueueMetrics:
    """How full the streams are that this process works on; asked for at each scrape."""

    def __init__(self, client: Client, registry: CollectorRegistry, *, queues: Sequence[Queue]) -> None:
        self._client = client
        self._waiting = {
            queue: Gauge(f"answerdesk_{_NAMES[queue]}", _TOLD[queue], registry=registry) for queue in queues
        }
        self._oldest = {
            queue: Gauge(
                f"answerdesk_{_NAMES[queue]}_oldest_seconds",
                "Age of the oldest of them; 0 where there is none.",
                registry=registry,
            )
            for queue in queues
        }

    async def refresh(self) -> None:
        """Ask the streams.

        Raises:
            UnavailableError: NATS does not answer.
        """
        for queue, waiting in self._waiting.items():
            found = await depth(self._client, queue)
            waiting.set(found.messages)
            self._oldest[queue].set(found.age_s())


_NAMES: dict[Queue, str] = {
    "QUESTIONS": "questions_pending",
    "DOCUMENTS": "documents_pending",
    "DOCUMENTS_FAILED": "documents_failed",
}
_TOLD: dict[Queue, str] = {
    "QUESTIONS": "Questions that are stored and not yet answered, those being answered included.",
    "DOCUMENTS": "Announcements that are stored and not yet indexed or given up.",
    "DOCUMENTS_FAILED": "Documents that were given up and wait for an admin (`answerdesk failures`).",
}
