"""What ingest counts, for Prometheus."""

from collections.abc import Iterable
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ingest.metering import Outcome
from wire.label_values import Bounded
from wire.sync import SyncRun

FRESHNESS_S = (0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)
WORK_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
_CHANGES = {"changed": "changed", "deleted": "deleted", "unread": "failed", "withheld": "withheld"}
"""What a run counts, by what we call it."""


class IngestMetrics:
    """Counts documents and resyncs."""

    def __init__(self, registry: CollectorRegistry, *, sources: Iterable[str] = ()) -> None:
        """Count in this registry.

        What may happen to these sources, those of the settings, stands at zero from the start: Prometheus
        sees no increase in a counter that begins at one.
        """
        self._source = Bounded()
        self._documents = Counter(
            "answerdesk_documents_total",
            "Announcements dealt with: indexed, deleted, put_back (tried again later), given_up.",
            ["source", "outcome"],
            registry=registry,
        )
        self._freshness = Histogram(
            "answerdesk_document_freshness_seconds",
            "From the announcement's arrival in the queue until readers see it.",
            ["source"],
            buckets=FRESHNESS_S,
            registry=registry,
        )
        self._work = Histogram(
            "answerdesk_document_work_seconds",
            "Of that, the time in which a worker had it in hand.",
            buckets=WORK_S,
            registry=registry,
        )
        self._runs = Counter(
            "answerdesk_sync_runs_total",
            "Resyncs that ended: done, failed, cancelled.",
            ["source", "state"],
            registry=registry,
        )
        self._changes = Counter(
            "answerdesk_sync_changes_total",
            "What resyncs announced or could not read: changed, deleted, unread, withheld.",
            ["source", "kind"],
            registry=registry,
        )
        self._synced = Gauge(
            "answerdesk_sync_last_success_timestamp_seconds",
            "When the last resync of this process that saw all of a source began.",
            ["source"],
            registry=registry,
        )
        for source in sources:
            self._begin(source)

    def tried(self, *, source: str, outcome: Outcome, seconds: float, age_s: float) -> None:
        """An announcement was dealt with."""
        label = self._source(source)
        self._documents.labels(source=label, outcome=outcome).inc()
        if outcome in ("indexed", "deleted"):
            self._freshness.labels(source=label).observe(max(0.0, age_s))
            self._work.observe(seconds)

    def ended(self, run: SyncRun) -> None:
        """A resync has ended."""
        label = self._source(run.source)
        self._runs.labels(source=label, state=run.state).inc()
        if not run.dry_run:
            for kind, field in _CHANGES.items():
                self._changes.labels(source=label, kind=kind).inc(getattr(run, field))
        if run.saw_all:
            self._synced.labels(source=label).set(run.started_at.timestamp())

    def _begin(self, source: str) -> None:
        label = self._source(source)
        for outcome in get_args(Outcome):
            self._documents.labels(source=label, outcome=outcome)
        for state in ("done", "failed", "cancelled"):
            self._runs.labels(source=label, state=state)
        for kind in _CHANGES:
            self._changes.labels(source=label, kind=kind)
