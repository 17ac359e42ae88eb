"""The dashboard and the alerts ask only for what the running program exposes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from bot.prometheus_metrics import ANSWER_S
from ingest.prometheus_metrics import FRESHNESS_S
from tests.exposed_metrics import exposed, series

GRAFANA = Path(__file__).parents[3] / "manifests" / "grafana"
DASHBOARD = json.loads((GRAFANA / "dashboard.json").read_text())
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((GRAFANA / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
OF_PROMETHEUS = {"job", "instance", "le"}
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def expressions() -> list[str]:
    of_panels = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return [expr.replace("$__rate_interval", "5m") for expr in of_panels] + [rule["expr"] for rule in RULES]


def selectors(expression: str) -> Iterator[promql_parser.VectorSelector]:
    def below(node: Any) -> Iterator[promql_parser.VectorSelector]:
        if isinstance(node, promql_parser.VectorSelector):
            yield node
        for name in ("lhs", "rhs", "expr", "args", "vector_selector", "vs", "param"):
            inner = getattr(node, name, None)
            for each in inner if isinstance(inner, list | tuple) else [inner]:
                if each is not None and not isinstance(each, str | int | float):
                    yield from below(each)

    yield from below(promql_parser.parse(expression))


@pytest.mark.parametrize("expression", expressions())
def test_every_expression_asks_for_what_is_exposed(expression: str) -> None:
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    labels = {metric.name: set(metric.labels) for metric in exposed()}
    found = list(selectors(expression))
    assert found, "no metric in it"
    for selector in found:
        name = selector.name or ""
        assert name in series() | recorded, name
        known = labels.get(SUFFIX.sub("", name), set()) | OF_PROMETHEUS
        for matcher in selector.matchers.matchers:
            assert matcher.name in known | {"__name__"}, f"{name}: {matcher.name}"


@pytest.mark.parametrize("expression", expressions())
def test_whatever_is_grouped_by_is_a_label_of_it(expression: str) -> None:
    labels = {metric.name: set(metric.labels) for metric in exposed()}
    names = [SUFFIX.sub("", selector.name or "") for selector in selectors(expression)]
    known = OF_PROMETHEUS | {"service"}.union(*(labels.get(name, set()) for name in names))
    for grouped in re.findall(r"\b(?:by|on|group_left)\s*\(([^)]*)\)", expression):
        assert {label.strip() for label in grouped.split(",")} <= known, expression


def test_bounds_of_objectives_are_buckets_of_their_histograms() -> None:
    from_rules = {
        (SUFFIX.sub("", selector.name or ""), matcher.value)
        for expression in expressions()
        for selector in selectors(expression)
        for matcher in selector.matchers.matchers
        if matcher.name == "le"
    }
    assert from_rules == {
        ("answerdesk_first_words_seconds", "5.0"),
        ("answerdesk_document_freshness_seconds", "60.0"),
    }
    assert 5.0 in ANSWER_S
    assert 60.0 in FRESHNESS_S


def test_each_alert_says_what_to_do() -> None:
    alerts = [rule for rule in RULES if "alert" in rule]
    assert len(alerts) >= 15
    for alert in alerts:
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"]["summary"].endswith((".", "more."))
        assert alert["annotations"]["action"].endswith(".")


def test_the_dashboard_shows_every_metric_there_is() -> None:
    shown = {SUFFIX.sub("", s.name or "") for expression in expressions() for s in selectors(expression)}
    assert {metric.name for metric in exposed()} <= shown


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
