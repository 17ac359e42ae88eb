"""``answerdesk sync``: compare a source with the index now, and watch it."""

from contextlib import aclosing

from nats.aio.client import Client
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from desk.noting import note
from desk.terminal import Terminal, printable
from ingest.sync_client import SyncClient
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.sync import SyncAccepted, SyncRequested, SyncRun
from wire.sync_words import troubles


async def begin_sync(asked: SyncRequested, *, nats_url: str) -> SyncAccepted:
    """Ask for a resync, which then goes on by itself.

    Raises:
        MalformedError: there is no such source.
        RefusedError: it is in another run.
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk sync") as client:
        return await _begun(client, asked)


async def sync_and_wait(asked: SyncRequested, *, nats_url: str, console: Console) -> SyncRun:
    """Ask for a resync and see it through, with a progress bar on a terminal.

    Raises:
        MalformedError: there is no such source.
        RefusedError: it is in another run.
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk sync") as client:
        worker = SyncClient(client)
        accepted = await _begun(client, asked)
        with _progress(console) as bar:
            task = bar.add_task("Comparing", total=None, facts="")
            async with aclosing(worker.follow(accepted)) as runs:
                async for run in runs:
                    doing = "Paused until its window opens" if run.paused else "Comparing"
                    bar.update(
                        task, description=doing, completed=run.seen, total=run.total, facts=_facts(run)
                    )
                    if run.ended:
                        return run
    raise UnavailableError("the resync was lost sight of", service="worker")


async def cancel_sync(source: str, *, nats_url: str) -> SyncAccepted:
    """Stop a source's resync.

    Raises:
        MalformedError: there is none.
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk sync") as client:
        accepted = await SyncClient(client).cancel(source)
        await note(client, "resync_cancel", subject=source)
        return accepted


async def _begun(client: Client, asked: SyncRequested) -> SyncAccepted:
    accepted = await SyncClient(client).sync(asked)
    how = {"full": asked.full, "dry_run": asked.dry_run, "accept_shrinking": asked.accept_shrinking}
    await note(client, "resync", subject=asked.source, **{name: "true" for name, on in how.items() if on})
    return accepted


def show_run(run: SyncRun, terminal: Terminal) -> None:
    """Say how a resync ended."""
    for change in run.planned:
        terminal.say(f"{'announce' if change.action == 'upsert' else 'delete':<9}{printable(change.id)}")
    unnamed = run.changed + run.deleted - len(run.planned) if run.dry_run else 0
    if unnamed > 0:
        terminal.say(f"... and {unnamed:,} more")
    said = "would be" if run.dry_run else "were"
    terminal.say(
        f"{run.source}: {run.state}. {run.seen:,} documents seen, of which {run.changed:,} {said} announced "
        f"as new or changed; {run.deleted:,} {said} deleted."
    )
    for trouble in troubles(run):
        terminal.say(printable(trouble), style="yellow")


def _facts(run: SyncRun) -> str:
    return f"{run.changed} changed · {run.deleted} deleted · {run.failed} failed · {run.per_second:g}/s"


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
