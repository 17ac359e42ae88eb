"""An OpenTelemetry collector on loopback: takes OTLP over HTTP, keeps every span, draws a trace as text."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue

ERROR = 2
"""OTLP's status code."""
BAR_COLUMNS = 32


@dataclass(frozen=True, kw_only=True)
class SentSpan:
    """A span as it came."""

    trace: str
    id: str
    parent: str
    service: str
    name: str
    kind: int
    began_ns: int
    ended_ns: int
    failed: bool
    attributes: dict[str, object]

    @property
    def ms(self) -> float:
        return (self.ended_ns - self.began_ns) / 1e6


@dataclass
class Collector:
    """What has come so far."""

    endpoint: str = ""
    spans: list[SentSpan] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def trace_of(self, name: str, **attributes: object) -> list[SentSpan]:
        """The spans of the first trace that has such a span, in the order in which they began."""
        for span in self.spans:
            if span.name == name and attributes.items() <= span.attributes.items():
                return sorted(
                    (each for each in self.spans if each.trace == span.trace), key=lambda each: each.began_ns
                )
        return []


@asynccontextmanager
async def otlp_collector() -> AsyncIterator[Collector]:
    """Collect while the block lasts."""
    collector = Collector()

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        collector.bodies.append(body)
        sent = ExportTraceServiceRequest.FromString(body)
        collector.spans.extend(_read(sent))
        return web.Response(
            body=ExportTraceServiceResponse().SerializeToString(), content_type="application/x-protobuf"
        )

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.add_routes([web.post("/v1/traces", take)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    collector.endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield collector
    finally:
        await runner.cleanup()


def drawn(spans: Iterable[SentSpan]) -> str:
    """The trace as a tree, each span with its service, its milliseconds, and a bar where it lies in time."""
    known = list(spans)
    ids = {span.id for span in known}
    first = min(span.began_ns for span in known)
    whole = max(max(span.ended_ns for span in known) - first, 1)
    lines: list[str] = []

    def draw(span: SentSpan, depth: int) -> None:
        start = round((span.began_ns - first) / whole * BAR_COLUMNS)
        length = max(1, round((span.ended_ns - span.began_ns) / whole * BAR_COLUMNS))
        bar = f"{' ' * start}{'█' * min(length, BAR_COLUMNS - start or 1)}".ljust(BAR_COLUMNS + 1)
        name = f"{'  ' * depth}{span.name}"
        lines.append(f"{name:<46} {span.service:<7} {span.ms:9.1f} ms  {bar}".rstrip())
        for child in sorted((each for each in known if each.parent == span.id), key=lambda s: s.began_ns):
            draw(child, depth + 1)

    for span in sorted(known, key=lambda s: s.began_ns):
        if span.parent not in ids:
            draw(span, 0)
    return "\n".join(lines)


def _read(sent: ExportTraceServiceRequest) -> Iterable[SentSpan]:
    for resource in sent.resource_spans:
        about = {each.key: _value(each.value) for each in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield SentSpan(
                    trace=span.trace_id.hex(),
                    id=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    service=str(about.get("service.name", "")),
                    name=span.name,
                    kind=span.kind,
                    began_ns=span.start_time_unix_nano,
                    ended_ns=span.end_time_unix_nano,
                    failed=span.status.code == ERROR,
                    attributes={each.key: _value(each.value) for each in span.attributes},
                )


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return tuple(_value(each) for each in value.array_value.values)
    return getattr(value, kind) if kind else None
