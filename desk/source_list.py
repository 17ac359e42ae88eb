"""``answerdesk sources``: where documents come from, and how fresh they are."""

from datetime import UTC, datetime

from rich.table import Table
from rich.text import Text

from desk.terminal import Terminal, printable
from ingest.sync_client import SyncClient
from wire.nats_connection import connected
from wire.sync import ANNOUNCED, SourcesReply, SourceStatus, SyncRun
from wire.sync_words import ago, last_run, span, troubles


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
        run = last_run(source)
        for trouble in troubles(run) if run else ():
            terminal.tell(source.name, trouble)


def _cells(source: SourceStatus, *, now: datetime) -> tuple[str, ...]:
    run = last_run(source)
    never = "-" if source.kind == ANNOUNCED else "never"
    return (
        source.name,
        source.kind,
        f"{source.documents:,}",
        ago(source.changed_at, now=now),
        ago(source.synced_at, now=now, never=never),
        f"in {span((source.next_slot - now).total_seconds())}" if source.next_slot else "-",
        _run(run, now=now) if run else "-",
    )


def _run(run: SyncRun, *, now: datetime) -> str:
    counted = [f"{run.seen:,} seen", f"{run.changed:,} changed", f"{run.deleted:,} deleted"]
    counted += [f"{run.failed:,} failed"] if run.failed else []
    counted += [f"{run.withheld:,} deletions withheld"] if run.withheld else []
    if not run.ended:
        state = "paused until its window opens" if run.paused else "running"
        left = f", {span(run.seconds_left)} left" if run.seconds_left else ""
        return f"{state}: {', '.join(counted)}{left}"
    return f"{run.state} {ago(run.ended_at, now=now)}: {', '.join(counted)}"
