"""Where spans go: to the collector that ``OTEL_EXPORTER_OTLP_ENDPOINT`` names, or else nowhere.

Ids are made either way, so that log lines of two processes can be told to belong together.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

from wire.settings import Settings

EXPORT_WITHIN_S = 5.0
EXPORT_EVERY_MS = 2_000
QUEUED_SPANS = 4_096
"""Spans that wait to be sent; more are dropped, and nothing waits for them."""
CLOSE_WITHIN_S = 5.0

_log = structlog.get_logger("tracing")


@asynccontextmanager
async def tracing(settings: Settings, *, service: str) -> AsyncIterator[None]:
    """Make spans while the block lasts, and send them where the settings say, if they do.

    Once per process: OpenTelemetry keeps one provider for good.
    """
    provider = TracerProvider(
        sampler=ParentBased(TraceIdRatioBased(settings.trace_share)),
        resource=Resource.create({"service.name": service, "service.namespace": "answerdesk"}),
        span_limits=SpanLimits(max_span_attributes=64, max_span_attribute_length=256),
        shutdown_on_exit=False,
    )
    if settings.otel_exporter_otlp_endpoint:
        provider.add_span_processor(_sending(settings.otel_exporter_otlp_endpoint, settings))
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await asyncio.to_thread(provider.shutdown)
        except TimeoutError:
            _log.warning("the last spans were not sent in time")


def _sending(endpoint: str, settings: Settings) -> BatchSpanProcessor:
    secret = settings.otel_exporter_otlp_headers
    exporter = OTLPSpanExporter(
        endpoint=f"{endpoint.rstrip('/')}/v1/traces",
        headers=_read_headers(secret.get_secret_value() if secret else ""),
        timeout=EXPORT_WITHIN_S,
    )
    return BatchSpanProcessor(
        exporter,
        max_queue_size=QUEUED_SPANS,
        schedule_delay_millis=EXPORT_EVERY_MS,
        max_export_batch_size=512,
    )


def _read_headers(text: str) -> dict[str, str]:
    """``name=value`` with commas between, as OpenTelemetry has it."""
    parts = (part.partition("=") for part in text.split(","))
    return {name.strip().lower(): value.strip() for name, equals, value in parts if equals}
