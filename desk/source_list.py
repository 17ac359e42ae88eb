"""``answerdesk sources``: where documents come from, and how fresh they are."""

from collections.abc import Iterator
from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from desk.terminal import Terminal, printable
from ingest.sync_client import SyncClient
from wire.nats_connection import connected
from wire.sync import ANNOUNCED, SourcesReply, SourceStatus, SyncRun

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


def show_sources(reply: SourcesReply, terminal: Terminal) -> None:
    """A line for each source, and below it what is wrong with any."""
    if not reply.sources:
        terminal.say("No source is configured, and nothing was published: see answerdesk.example.toml.")
        return
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("source", "kind", "documents", "last change", "compared", "next", "last run"):
        table.add_column(title, justify="right" if title == "documents" else "left")
    for source in reply.sources:
        table.add_row(*(Text(printable(cell)) for cell in _cells(source, now=now)))
    terminal.show(table)
    for source in reply.sources:
        run = _last(source)
        for trouble in troubles(run) if run else ():
            terminal.tell(source.name, trouble)


def troubles(run: SyncRun) -> Iterator[str]:
    """What an admin should know of a run, a sentence each."""
    if run.reason and run.state != "cancelled":
        yield f"{run.reason[:1].upper()}{run.reason[1:].rstrip('.')}."
    for document in run.unread:
        yield f"{document.id} stays as it was: {document.reason}."
    more = run.failed - len(run.unread)
    if more > 0:
        yield f"{more} {'more ' if run.unread else ''}could not be read; the worker's log names them."


def _last(source: SourceStatus) -> SyncRun | None:
    """A dry run changed nothing."""
    return next((run for run in source.runs if not run.dry_run), None)


def _cells(source: SourceStatus, *, now: datetime) -> tuple[str, ...]:
    run = _last(source)
    never = "-" if source.kind == ANNOUNCED else "never"
    return (
        source.name,
        source.kind,
        f"{source.documents:,}",
        ago(source.changed_at, now=now),
        ago(source.synced_at, now=now, never=never),
        f"in {_span((source.next_slot - now).total_seconds())}" if source.next_slot else "-",
        _run(run, now=now) if run else "-",
    )


def _run(run: SyncRun, *, now: datetime) -> str:
    counted = [f"{run.seen:,} seen", f"{run.changed:,} changed", f"{run.deleted:,} deleted"]
    counted += [f"{run.failed:,} failed"] if run.failed else []
    counted += [f"{run.withheld:,} deletions withheld"] if run.withheld else []
    if not run.ended:
        state = "paused until its window opens" if run.paused else "running"
        left = f", {_span(run.seconds_left)} left" if run.seconds_left else ""
        return f"{state}: {', '.join(counted)}{left}"
    return f"{run.state} {ago(run.ended_at, now=now)}: {', '.join(counted)}"


def ago(moment: datetime | None, *, now: datetime, never: str = "-") -> str:
    """How long ago something was, in its largest whole unit."""
    return f"{_span((now - moment).total_seconds())} ago" if moment else never


def _span(seconds: float) -> str:
    """In its largest whole unit."""
    left = max(seconds, 0.0)
    if left < MINUTE_S:
        return f"{left:.0f} s"
    if left < HOUR_S:
        return f"{left // MINUTE_S:.0f} min"
    return f"{left // HOUR_S:.0f} h" if left < DAY_S else f"{left // DAY_S:.0f} d"
