"""``answerdesk sources``: where documents come from, and how fresh they are."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desk.terminal import printable
from ingest.sync_client import SyncClient
from wire.nats_connection import connected
from wire.sync import SourcesReply, SourceStatus, SyncRun

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400


async def list_sources(*, nats_url: str) -> SourcesReply:
    """Ask the running worker.

    Raises:
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk sources") as client:
        return await SyncClient(client).sources()


def show_sources(reply: SourcesReply, console: Console) -> None:
    """A line for each source."""
    if not reply.sources:
        console.print(
            Text("No source is configured, and nothing was published: see answerdesk.example.toml.")
        )
        return
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("source", "kind", "documents", "last change", "compared", "next", "last run"):
        table.add_column(title, justify="right" if title == "documents" else "left")
    for source in reply.sources:
        table.add_row(*(Text(printable(cell)) for cell in _cells(source, now=now)))
    console.print(table)


def _cells(source: SourceStatus, *, now: datetime) -> tuple[str, ...]:
    return (
        source.name,
        source.kind,
        str(source.documents),
        _ago(source.changed_at, now=now),
        _ago(source.synced_at, now=now),
        f"in {_span((source.next_slot - now).total_seconds())}" if source.next_slot else "-",
        _last_run(source.runs[0]) if source.runs else "-",
    )


def _last_run(run: SyncRun) -> str:
    counted = f"{run.seen} seen, {run.changed} changed, {run.deleted} deleted"
    troubles = [f"{run.failed} failed"] if run.failed else []
    troubles += [f"{run.withheld} deletions withheld"] if run.withheld else []
    state = f"{run.state} (dry)" if run.dry_run else run.state
    return f"{state}: {', '.join([counted, *troubles])}"


def _ago(moment: datetime | None, *, now: datetime) -> str:
    return f"{_span((now - moment).total_seconds())} ago" if moment else "-"


def _span(seconds: float) -> str:
    """In its largest whole unit."""
    left = max(seconds, 0.0)
    if left < MINUTE_S:
        return f"{left:.0f} s"
    if left < HOUR_S:
        return f"{left // MINUTE_S:.0f} min"
    return f"{left // HOUR_S:.0f} h" if left < DAY_S else f"{left // DAY_S:.0f} d"
