"""What ``GET /metrics`` of our processes says, read and added up."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from prometheus_client.parser import text_string_to_metric_families

Labels = frozenset[tuple[str, str]]


class Samples:
    """All samples of one look, of several processes added up."""

    def __init__(self, values: Mapping[tuple[str, Labels], float]) -> None:
        self.values = values

    def total(self, name: str, **labels: str) -> float:
        """The sum of all that have these labels; 0 where there is none."""
        return sum(value for _, value in self._matching(name, labels))

    def most(self, name: str, **labels: str) -> float:
        """The highest of them; 0 where there is none."""
        return max((value for _, value in self._matching(name, labels)), default=0.0)

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """Summed by a label's values, the most first; none of nothing."""
        sums: dict[str, float] = defaultdict(float)
        for known, value in self._matching(name, labels):
            sums[known.get(label, "")] += value
        return {key: value for key, value in sorted(sums.items(), key=lambda each: -each[1]) if value}

    def quantile(self, share: float, name: str, **labels: str) -> float | None:
        """A histogram's quantile, linear within its bucket, as Prometheus has it; None of nothing."""
        buckets: dict[float, float] = defaultdict(float)
        for known, value in self._matching(f"{name}_bucket", labels):
            buckets[float(known["le"])] += value
        return _quantile(share, sorted(buckets.items()))

    def since(self, before: "Samples") -> "Samples":
        """What was added since an earlier look; a process that was started anew counts from nothing."""
        return Samples(
            {
                key: value - (earlier if value >= earlier else 0.0)
                for key, value in self.values.items()
                for earlier in [before.values.get(key, 0.0)]
            }
        )

    def _matching(self, name: str, labels: Mapping[str, str]) -> Iterable[tuple[dict[str, str], float]]:
        wanted = labels.items()
        for (known_name, known), value in self.values.items():
            if known_name == name and wanted <= set(known):
                yield dict(known), value


def read_samples(pages: Iterable[tuple[str, str]]) -> Samples:
    """Each page with its process's address, which keeps the gauges of several apart."""
    values: dict[tuple[str, Labels], float] = {}
    for address, page in pages:
        for family in text_string_to_metric_families(page):
            for sample in family.samples:
                labels = frozenset({*sample.labels.items(), ("instance", address)})
                values[sample.name, labels] = sample.value
    return Samples(values)


def _quantile(share: float, buckets: list[tuple[float, float]]) -> float | None:
    if not buckets or not buckets[-1][1]:
        return None
    rank = share * buckets[-1][1]
    lower, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank and count > below:
            if math.isinf(bound):
                return lower
            return lower + (bound - lower) * (rank - below) / (count - below)
        lower, below = bound, count
    return lower
