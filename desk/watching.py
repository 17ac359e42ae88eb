"""How a worker is watched, put together: what its parts count, and where that is read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from nats.aio.client import Client

from bot.web.aiohttp_health import health_routes
from bot.web.aiohttp_server import serving_http
from ingest.metering import IngestMeter
from ingest.prometheus_metrics import IngestMetrics
from retrieval.client import RetrievalClient
from retrieval.metering import SearchMeter
from retrieval.prometheus_metrics import RetrievalMetrics
from wire.aiohttp_metrics import metrics_route
from wire.prometheus_process import ProcessMetrics, QueueMetrics
from wire.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Meters:
    """What takes a worker's counts."""

    ingest: IngestMeter
    searches: SearchMeter


@asynccontextmanager
async def watching(settings: Settings, client: Client, *, ingests: bool) -> AsyncIterator[Meters]:
    """Watch while the block lasts; over HTTP where ``WORKER_HTTP_PORT`` says so.

    Args:
        settings: where, and who may read the metrics.
        client: the connection.
        ingests: whether this worker indexes, and so tells how much is still to be indexed.

    Raises:
        SettingsError: the port is taken.
    """
    process = ProcessMetrics(service="worker")
    meters = Meters(
        ingest=IngestMetrics(process.registry, sources=settings.sources),
        searches=RetrievalMetrics(process.registry),
    )
    if ingests:
        queues = QueueMetrics(client, process.registry, queues=("DOCUMENTS", "DOCUMENTS_FAILED"))
        process.refreshers.append(queues.refresh)
    if settings.worker_http_port is None:
        yield meters
        return

    async def nats_is_there() -> bool:
        return client.is_connected

    checks = {"nats": nats_is_there, "retrieval": RetrievalClient(client).is_served}
    route = metrics_route(process.exposition, token=settings.metrics_token, host=settings.http_host)
    async with (
        process.watching(),
        serving_http(
            host=settings.http_host,
            port=settings.worker_http_port,
            routes=[*health_routes(checks), route],
            setting="WORKER_HTTP_PORT",
        ),
    ):
        yield meters
