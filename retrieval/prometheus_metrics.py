"""What retrieval counts, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Histogram

from wire.search import SearchTimings

SEARCH_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class RetrievalMetrics:
    """Counts searches."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._searches = Counter(
            "answerdesk_searches_total",
            "Searches: found, nothing (no passage that the reader may read), or the error's type.",
            ["result"],
            registry=registry,
        )
        self._stages = Histogram(
            "answerdesk_search_stage_seconds",
            "What a search spends its time on: embed, search, rerank, and total.",
            ["stage"],
            buckets=SEARCH_S,
            registry=registry,
        )

    def searched(self, timings: SearchTimings, *, passages: int) -> None:
        """One was answered."""
        self._searches.labels(result="found" if passages else "nothing").inc()
        for stage, spent_ms in timings:
            self._stages.labels(stage=stage).observe(spent_ms / 1000)

    def failed(self, kind: str) -> None:
        """One was not."""
        self._searches.labels(result=kind).inc()
