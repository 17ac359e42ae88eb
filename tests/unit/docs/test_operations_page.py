"""What docs/operations.md says of metrics is what the program exposes."""

import re
from pathlib import Path

from tests.exposed_metrics import Exposed, exposed

PAGE = (Path(__file__).parents[3] / "docs" / "operations.md").read_text()
UNITS = ("_seconds", "_tokens", "_usd", "_info", "_ratio", "_bytes")


def row(metric: Exposed) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    return f"| `{metric.name}` | {metric.kind} | {labels} | {metric.by} | {metric.told} |"


def test_the_table_lists_every_metric_as_it_is() -> None:
    wanted = [row(metric) for metric in exposed()]
    listed = re.findall(r"^\| `answerdesk_.*\|$", PAGE, re.MULTILINE)
    assert listed == wanted, "\n".join(["docs/operations.md must list:", *wanted])


def test_names_say_their_units_as_prometheus_wants_it() -> None:
    for metric in exposed():
        name = metric.name.removesuffix("_total")
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        if metric.kind == "histogram":
            assert name.endswith(UNITS), metric.name


def test_no_label_can_name_a_person() -> None:
    known = {
        "face", "outcome", "origin", "stage", "model", "result", "kind", "method", "scope", "name", "period",
        "source", "state", "version", "service",
    }  # fmt: skip
    for metric in exposed():
        assert set(metric.labels) <= known, metric.name
