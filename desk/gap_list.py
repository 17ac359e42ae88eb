"""``answerdesk gaps``: questions that found no answer, so that somebody can write what is missing."""

from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.answering.gap_groups import grouped
from bot.answering.nats_gaps import NatsGaps
from desk.terminal import printable
from wire.gaps import GapGroup, GapList
from wire.nats_connection import connected
from wire.sync_words import ago

READ_AT_MOST = 10_000
"""As many as the stream keeps."""


async def list_gaps(*, nats_url: str) -> GapList:
    """All of them, those that ask the same together.

    Raises:
        UnavailableError: NATS is away.
    """
    async with connected(nats_url, name="answerdesk gaps") as client:
        return grouped(await NatsGaps(client).newest(most=READ_AT_MOST))


def show_gaps(listed: GapList, console: Console, *, limit: int) -> None:
    """A table, most wanted first; who asked is nobody's business."""
    if not listed.gaps:
        console.print("Every question so far has found an answer.")
        return
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("Asked", "By", "Last"):
        table.add_column(name, no_wrap=True)
    for name, ratio in (("Question", 3), ("Nearest document", 2)):
        table.add_column(name, overflow="fold", ratio=ratio)
    for group in listed.gaps[:limit]:
        table.add_row(*_row(group, now=now))
    console.print(table)
    left = len(listed.gaps) - limit
    if left > 0:
        console.print(Text(f"... and {left:,} more: --limit shows them.", style="dim"))


def _row(group: GapGroup, *, now: datetime) -> tuple[Text, ...]:
    near = group.nearest[0] if group.nearest else None
    return (
        Text(f"{group.times}x"),
        Text("1 person" if group.people == 1 else f"{group.people} people"),
        Text(ago(group.last_asked_at, now=now)),
        Text(printable(group.question)),
        Text(printable(f"{near.source}: {near.title or near.document}") if near else "none"),
    )
