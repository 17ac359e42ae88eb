"""How ``answerdesk top`` looks: three short tables that stay within a phone's width of a terminal."""

import asyncio
from collections.abc import Mapping

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from desk.top import LOOK_EVERY_S, Glance, Looker, Spread

MIB = 1024 * 1024
SLOW_S = 5.0
STALE_S = 60.0
LATE_S = 0.5
MINUTE_S = 60.0
"""The objectives of docs/operations.md; what is beyond them is yellow."""


async def watch(looker: Looker, console: Console) -> None:
    """Show it anew every two seconds, until somebody stops it.

    Raises:
        UnavailableError: nothing answers at first.
    """
    glance = await looker.glance(live=True)
    with Live(shown(glance), console=console, auto_refresh=False, screen=console.is_terminal) as live:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            live.update(shown(await looker.glance(live=True)), refresh=True)


def shown(glance: Glance) -> RenderableType:
    """The glance, for a terminal."""
    of = f"of the last {glance.seconds:.0f} s" if glance.seconds else "since each process's start"
    title = Text.assemble(("Answerdesk", "bold"), f"  {glance.at.astimezone():%H:%M:%S}  ", (of, "dim"))
    return Group(title, Columns([_answers(glance), _engine_room(glance), _documents(glance)], padding=(1, 4)))


def _answers(glance: Glance) -> Table:
    table = _table("Questions")
    a_minute = glance.questions * MINUTE_S / glance.seconds if glance.seconds else None
    table.add_row("asked", _count(glance.questions) + (f"  ({a_minute:.1f} a minute)" if a_minute else ""))
    _add(table, glance.outcomes)
    table.add_row("cached or joined", _count(_unwritten(glance.origins)))
    table.add_row("waiting", _waiting(glance.waiting, glance.waiting_oldest_s, bad_s=MINUTE_S))
    table.add_row("first words", _spread(glance.first_words_s, bad_s=SLOW_S))
    table.add_row("whole answer", _spread(glance.answer_s))
    return table


def _engine_room(glance: Glance) -> Table:
    table = _table("Model, Slack, search")
    _add(table, {f"model: {result}": count for result, count in glance.model_calls.items()})
    table.add_row("model's first words", _spread(glance.model_first_words_s))
    _add(table, {f"{kind} tokens": count for kind, count in glance.tokens.items()})
    table.add_row("saved tokens", _count(glance.saved_tokens))
    table.add_row("cost", f"${glance.cost_usd:.4f}")
    for result, count in glance.slack_calls.items():
        table.add_row(f"Slack: {result}", Text(_count(count), style="" if result == "ok" else "yellow"))
    table.add_row("search", _spread(glance.search_s))
    return table


def _documents(glance: Glance) -> Table:
    table = _table("Documents, processes")
    _add(table, glance.documents)
    table.add_row("waiting", _waiting(glance.backlog, glance.backlog_oldest_s, bad_s=STALE_S))
    table.add_row("given up", Text(_count(glance.given_up), style="yellow" if glance.given_up else ""))
    table.add_row("event to findable", _spread(glance.freshness_s, bad_s=STALE_S))
    for process in glance.processes:
        where = process.url.removeprefix("http://")
        if process.service == "away":
            table.add_row(where, Text("away", style="bold red"))
            continue
        lag = "" if process.lag_p99_s is None else f", loop {process.lag_p99_s * 1000:.0f} ms late"
        late = process.lag_p99_s is not None and process.lag_p99_s > LATE_S
        said = f"{process.memory_bytes / MIB:.0f} MiB{lag}"
        table.add_row(f"{process.service} {where}", Text(said, style="yellow" if late else ""))
    return table


def _table(title: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, show_header=False, padding=(0, 1)
    )
    table.add_column(style="dim")
    table.add_column(justify="right")
    return table


def _add(table: Table, counts: Mapping[str, float]) -> None:
    for name, count in counts.items():
        if count:
            table.add_row(name.replace("_", " "), _count(count))


def _unwritten(origins: Mapping[str, float]) -> float:
    return sum(count for origin, count in origins.items() if origin not in ("written", "none"))


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _waiting(count: float, oldest_s: float, *, bad_s: float) -> Text:
    if not count:
        return Text("0")
    return Text(f"{count:,.0f}, oldest {oldest_s:.0f} s", style="yellow" if oldest_s > bad_s else "")


def _spread(spread: Spread, *, bad_s: float | None = None) -> Text:
    if spread.p50 is None or spread.p95 is None:
        return Text("-")
    bad = bad_s is not None and spread.p95 > bad_s
    return Text(f"{_seconds(spread.p50)} / {_seconds(spread.p95)}", style="yellow" if bad else "")


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"
