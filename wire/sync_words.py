"""How resyncs and times are told in words, the same on every face (pure)."""

from collections.abc import Iterator
from datetime import datetime

from wire.sync import SourceStatus, SyncRun

MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86400


def troubles(run: SyncRun) -> Iterator[str]:
    """What an admin should know of a run, a sentence each."""
    if run.reason and run.state != "cancelled":
        yield f"{run.reason[:1].upper()}{run.reason[1:].rstrip('.')}."
    for document in run.unread:
        yield f"{document.id} stays as it was: {document.reason}."
    more = run.failed - len(run.unread)
    if more > 0:
        yield f"{more} {'more ' if run.unread else ''}could not be read; the worker's log names them."


def last_run(source: SourceStatus) -> SyncRun | None:
    """A dry run changed nothing."""
    return next((run for run in source.runs if not run.dry_run), None)


def ago(moment: datetime | None, *, now: datetime, never: str = "-") -> str:
    """How long ago something was, in its largest whole unit."""
    if moment is None:
        return never
    seconds = (now - moment).total_seconds()
    return f"{span(seconds)} ago" if seconds >= 1 else "just now"


def span(seconds: float) -> str:
    """A time in its largest whole unit."""
    left = max(seconds, 0.0)
    if left < MINUTE_S:
        return f"{left:.0f} s"
    if left < HOUR_S:
        return f"{left // MINUTE_S:.0f} min"
    return f"{left // HOUR_S:.0f} h" if left < DAY_S else f"{left // DAY_S:.0f} d"
