"""Everything that the bot and the worker register with Prometheus, as the program registers it."""

from dataclasses import dataclass

from nats.aio.client import Client
from prometheus_client.registry import Collector

from bot.prometheus_metrics import BotMetrics
from ingest.prometheus_metrics import IngestMetrics
from retrieval.prometheus_metrics import RetrievalMetrics
from wire.prometheus_process import ProcessMetrics, QueueMetrics


@dataclass(frozen=True, kw_only=True)
class Exposed:
    """A metric of ours.

    Attributes:
        name: as it is queried; a histogram's without ``_bucket``, ``_sum``, ``_count``.
        kind: counter, gauge, histogram, info.
        labels: its labels.
        told: its help text.
        by: bot, worker, or both.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    told: str
    by: str


def _process(service: str) -> ProcessMetrics:
    process = ProcessMetrics(service=service)
    if service == "bot":
        BotMetrics(process.registry)
        QueueMetrics(Client(), process.registry, queues=("QUESTIONS",))
    else:
        IngestMetrics(process.registry)
        RetrievalMetrics(process.registry)
        QueueMetrics(Client(), process.registry, queues=("DOCUMENTS", "DOCUMENTS_FAILED"))
    return process


def _labels(collector: Collector) -> tuple[str, ...]:
    return tuple(getattr(collector, "_labelnames", ()))


def exposed() -> list[Exposed]:
    """All of them that begin with ``answerdesk_``, by name."""
    found: dict[str, Exposed] = {}
    for service in ("bot", "worker"):
        for collector in _process(service).registry._collector_to_names:
            for family in collector.collect():
                if not family.name.startswith("answerdesk_"):
                    continue
                suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
                name = f"{family.name}{suffix}"
                by = "both" if name in found else service
                labels = _labels(collector)
                if family.type == "info":
                    labels = tuple(family.samples[0].labels)
                found[name] = Exposed(
                    name=name, kind=family.type, labels=labels, told=family.documentation, by=by
                )
    return [found[name] for name in sorted(found)]


def series() -> set[str]:
    """Every name that may stand in an expression, those of Prometheus' own libraries included."""
    names: set[str] = set()
    for service in ("bot", "worker"):
        for family in _process(service).registry.collect():
            names.update(sample.name for sample in family.samples)
    for metric in exposed():
        if metric.kind == "histogram":
            names.update(f"{metric.name}{suffix}" for suffix in ("_bucket", "_sum", "_count"))
        else:
            names.add(metric.name)
    return names
