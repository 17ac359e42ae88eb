"""``answerdesk failures``: the documents that could not be indexed, to look at, replay or discard."""

import itertools
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from desk.noting import note
from desk.terminal import Terminal, printable
from ingest.failures_client import FailuresClient
from wire.failures import PAGE, Failure, ListFailuresReply, SettleFailuresReply
from wire.nats_connection import connected

SUBJECT_CHARS = 200
"""Of the ids that stand in the audit log."""

Settle = Callable[[Sequence[str]], Coroutine[None, None, SettleFailuresReply]]


async def list_failures(*, nats_url: str, source: str | None) -> ListFailuresReply:
    """All of them, or all of a source.

    Raises:
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk failures") as client:
        pages = [page async for page in FailuresClient(client).pages(source=source)]
    found = tuple(failure for page in pages for failure in page.failures)
    return ListFailuresReply(failures=found, total=len(found))


async def replay_failures(ids: Sequence[str], *, nats_url: str) -> SettleFailuresReply:
    """Announce these documents again.

    Raises:
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk failures") as client:
        settled = await _settle(_batches(ids), FailuresClient(client).replay)
        await note(client, "failures_replay", subject=" ".join(ids)[:SUBJECT_CHARS])
        return settled


async def replay_all_failures(*, nats_url: str, source: str | None) -> SettleFailuresReply:
    """Announce every failed document again, or every one of a source.

    Raises:
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk failures") as client:
        failures = FailuresClient(client)

        async def batches() -> AsyncIterator[Sequence[str]]:
            async for page in failures.pages(source=source):
                yield [failure.id for failure in page.failures]

        settled = await _settle(batches(), failures.replay)
        await note(client, "failures_replay", subject=source, documents=str(len(settled.done)))
        return settled


async def discard_failures(ids: Sequence[str], *, nats_url: str) -> SettleFailuresReply:
    """Forget these failures, and what was announced.

    Raises:
        UnavailableError: NATS or the worker is away.
    """
    async with connected(nats_url, name="answerdesk failures") as client:
        settled = await _settle(_batches(ids), FailuresClient(client).discard)
        await note(client, "failures_discard", subject=" ".join(ids)[:SUBJECT_CHARS])
        return settled


async def _batches(ids: Sequence[str]) -> AsyncIterator[Sequence[str]]:
    for start in range(0, len(ids), PAGE):
        yield ids[start : start + PAGE]


async def _settle(batches: AsyncIterator[Sequence[str]], settle: Settle) -> SettleFailuresReply:
    replies = [await settle(batch) async for batch in batches if batch]
    chain = itertools.chain.from_iterable
    return SettleFailuresReply(
        done=tuple(chain(reply.done for reply in replies)),
        missing=tuple(chain(reply.missing for reply in replies)),
        refused=tuple(chain(reply.refused for reply in replies)),
    )


def show_failures(reply: ListFailuresReply, console: Console) -> None:
    """A table, oldest first, and what to do about it."""
    if not reply.failures:
        console.print("No document has failed.")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("ID", "Document", "Tries", "When"):
        table.add_column(name, no_wrap=name != "Document", overflow="fold")
    table.add_column("Reason", overflow="fold", ratio=1)
    for failure in reply.failures:
        table.add_row(*_row(failure))
    console.print(table)
    console.print(
        Text(
            "Once the reason is mended: --replay ID, or --replay-all. Not wanted: --discard ID.", style="dim"
        )
    )


def _row(failure: Failure) -> tuple[Text, ...]:
    document = failure.document or "(could not be read)"
    return (
        Text(failure.id),
        Text(printable(f"{failure.source}/{document}")),
        Text(str(failure.attempts)),
        Text(f"{failure.failed_at.astimezone():%Y-%m-%d %H:%M}"),
        Text(printable(failure.reason)),
    )


def show_settled(reply: SettleFailuresReply, terminal: Terminal, *, done: str) -> None:
    """What became of them; ``done`` says what was, such as "announced again"."""
    for refused in reply.refused:
        terminal.tell(refused.id, refused.reason)
    for failure in reply.missing:
        terminal.tell(failure, "no such failure; it may have been settled before")
    if reply.done or not (reply.missing or reply.refused):
        number = len(reply.done)
        terminal.say(f"{'1 document' if number == 1 else f'{number} documents'} {done}.")
