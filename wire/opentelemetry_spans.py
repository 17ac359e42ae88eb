"""Spans: a trace for each question and each document, over every process that has a part in it.

The context travels in the ``traceparent`` header (W3C) of whatever goes over NATS. No span holds anybody's
words: names, numbers and kinds alone, and of an error its type. Where spans go, `opentelemetry_export` says;
in a process that has not asked it, making one costs next to nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

Kind = Literal["internal", "client", "server", "producer", "consumer"]
Value = str | int | float | bool | tuple[str, ...]

_TRACER = trace.get_tracer("answerdesk")
_W3C = TraceContextTextMapPropagator()
_KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class Span:
    """A piece of work that has begun."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def note(self, attributes: Mapping[str, Value]) -> None:
        """Say more about it."""
        self._span.set_attributes(attributes)

    def failed(self, kind: str) -> None:
        """It came to nothing; ``kind`` is an error's type or code, never its words."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """It is over; only for what ``begun`` gave."""
        self._span.end()


@contextmanager
def span(
    name: str,
    *,
    kind: Kind = "internal",
    attributes: Mapping[str, Value] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Iterator[Span]:
    """A span around the block, inside the current one, or inside the one that these headers carry."""
    with _TRACER.start_as_current_span(
        name,
        context=None if headers is None else _carried_in(headers),
        kind=_KINDS[kind],
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as started:
        ours = Span(started)
        try:
            yield ours
        except BaseException as error:
            ours.failed(type(error).__name__)
            raise


def begun(name: str, *, kind: Kind = "internal", attributes: Mapping[str, Value] | None = None) -> Span:
    """A span inside the current one that its maker ends, and that nothing else stands inside.

    For generators, whose body runs in the context of whoever asks them for more.
    """
    return Span(_TRACER.start_span(name, kind=_KINDS[kind], attributes=attributes))


def current() -> Span:
    """The span that this is done in, to say more about."""
    return Span(trace.get_current_span())


def carried() -> dict[str, str]:
    """The headers that make what another process does a part of the current span; none outside of one."""
    headers: dict[str, str] = {}
    _W3C.inject(headers)
    return headers


def current_ids() -> dict[str, str]:
    """``trace_id`` and ``span_id`` for a log line; none outside of a span."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }


def _carried_in(headers: Mapping[str, str]) -> Context:
    return _W3C.extract(headers, context=Context())
