"""Draws the panels of manifests/grafana/dashboard.json from Prometheus' answers, as one page (pure).

Not Grafana, which no package registry here carries: the same panels, in the same places, with the same
expressions, units and legends, drawn as plain lines.
"""

import html
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLOURS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
COLUMN_PX, ROW_PX = 62, 34
"""Of Grafana's grid, 24 columns wide."""
TOP_PX, LEGEND_PX, AXIS_PX = 30, 18, 52
MOST_LEGENDS = 4


@dataclass(frozen=True, kw_only=True)
class Line:
    """One series of a panel: seconds since 1970, and values."""

    legend: str
    points: Sequence[tuple[float, float]]


def page(
    dashboard: Mapping[str, Any], lines: Mapping[int, Sequence[Line]], *, begins: float, ends: float
) -> str:
    """The whole dashboard as HTML; ``lines`` by panel."""
    panels = "\n".join(
        _panel(panel, lines.get(panel["id"], ()), begins=begins, ends=ends) for panel in dashboard["panels"]
    )
    height = max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in dashboard["panels"]) * ROW_PX + 16
    return f"""<!doctype html><meta charset="utf-8"><title>{html.escape(dashboard["title"])}</title><style>
body {{ margin: 8px; background: #111217; color: #ccccdc; font: 12px "DejaVu Sans", sans-serif; }}
main {{ position: relative; width: {24 * COLUMN_PX}px; height: {height}px; }}
section {{ position: absolute; background: #181b1f; border: 1px solid #2c3035; border-radius: 3px; }}
h1 {{ font-size: 14px; margin: 0 0 8px; }} h2 {{ font-size: 12px; margin: 7px 10px; font-weight: 600; }}
.row {{ background: none; border: 0; }} .row h2 {{ margin: 8px 2px; font-size: 13px; }}
text {{ fill: #8e8e9a; font-size: 10px; }}
small {{ display: block; color: #8e8e9a; padding: 0 10px; white-space: nowrap; overflow: hidden; }}
i {{ display: inline-block; width: 10px; height: 3px; margin: 0 4px 2px 8px; }}
</style><h1>{html.escape(dashboard["title"])}</h1><main>{panels}</main>"""


def _panel(panel: Mapping[str, Any], lines: Sequence[Line], *, begins: float, ends: float) -> str:
    place, title = panel["gridPos"], html.escape(panel["title"])
    style = (
        f"left:{place['x'] * COLUMN_PX}px;top:{place['y'] * ROW_PX}px;"
        f"width:{place['w'] * COLUMN_PX - 8}px;height:{place['h'] * ROW_PX - 8}px"
    )
    if panel["type"] == "row":
        return f'<section class="row" style="{style}"><h2>{title}</h2></section>'
    if not lines:
        return f'<section style="{style}"><h2>{title}</h2><small>no data in this time</small></section>'
    width, height = place["w"] * COLUMN_PX - 20, place["h"] * ROW_PX - 8 - TOP_PX - LEGEND_PX
    legend = "".join(
        f'<i style="background:{COLOURS[at % len(COLOURS)]}"></i>{html.escape(line.legend)}'
        for at, line in enumerate(lines[:MOST_LEGENDS])
    )
    more = f" and {len(lines) - MOST_LEGENDS} more" if len(lines) > MOST_LEGENDS else ""
    chart = _chart(lines, panel["fieldConfig"]["defaults"]["unit"], (width, height), (begins, ends))
    return f'<section style="{style}"><h2>{title}</h2>{chart}<small>{legend}{more}</small></section>'


def _chart(lines: Sequence[Line], unit: str, size: tuple[int, int], span: tuple[float, float]) -> str:
    width, height = size
    top = _round_up(max((value for line in lines for _, value in line.points), default=0.0))

    def x(at: float) -> float:
        return AXIS_PX + (at - span[0]) / (span[1] - span[0]) * (width - AXIS_PX)

    def y(value: float) -> float:
        return height - 14 - value / top * (height - 22)

    grid = "".join(
        f'<line x1="{AXIS_PX}" x2="{width}" y1="{at:.1f}" y2="{at:.1f}" stroke="#24272b"/>'
        f'<text x="{AXIS_PX - 5}" y="{at + 3:.1f}" text-anchor="end">{shown(value, unit)}</text>'
        for value in (0, top / 2, top)
        for at in [y(value)]
    )
    drawn = "".join(
        f'<polyline fill="none" stroke="{COLOURS[at % len(COLOURS)]}" stroke-width="1.4" points="'
        + " ".join(f"{x(when):.1f},{y(value):.1f}" for when, value in line.points)
        + '"/>'
        for at, line in enumerate(lines)
    )
    return f'<svg width="{width}" height="{height}">{grid}{drawn}</svg>'


def _round_up(value: float) -> float:
    if value <= 0:
        return 1.0
    power = 10 ** math.floor(math.log10(value))
    return float(next(step * power for step in (1, 2, 2.5, 5, 10) if step * power >= value))


def shown(value: float, unit: str) -> str:
    """A value with its unit, as short as an axis wants it."""
    match unit:
        case "s":
            return f"{value * 1000:g} ms" if 0 < value < 1 else f"{value:g} s"
        case "percentunit":
            return f"{value * 100:.4g} %"
        case "currencyUSD":
            return f"${value:g}"
        case "bytes":
            return f"{value / 1024 / 1024:.0f} MiB"
        case "reqps" | "ops":
            return f"{value:g}/s"
        case _:
            return f"{value:g}"
