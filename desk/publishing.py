"""``answerdesk publish`` and ``answerdesk delete``: announce by hand what changed."""

import time
from collections import Counter
from collections.abc import Sequence

from desk.announcing import INDEXED_WITHIN_S, Draft, Outcome, announce_all, wait_for_all
from desk.terminal import Terminal, printable
from ingest.client import IngestClient
from wire.documents import DocumentDelete
from wire.nats_connection import connected
from wire.shapes import Shape


class Report(Shape):
    """What became of each document of one run; ``publish --json`` prints it."""

    source: str
    announced: int
    """How many JetStream took."""
    indexed: int
    """How many can be found; counted only where that was waited for."""
    failed: int
    waiting: int
    documents: tuple[Outcome, ...]

    @property
    def ok(self) -> bool:
        """Whether all that was asked for came true."""
        return not self.failed and not self.waiting


async def announce_and_wait(
    drafts: Sequence[Draft],
    *,
    source: str,
    nats_url: str,
    wait: bool,
    terminal: Terminal,
    within_s: float = INDEXED_WITHIN_S,
) -> Report:
    """Announce these documents, and where asked wait until they can be found.

    Raises:
        UnavailableError: NATS is away, or does not take them.
    """
    async with connected(nats_url, name="answerdesk publish") as client:
        ingest = IngestClient(client)
        with terminal.progress("Announcing", total=len(drafts)) as advance:
            sent = await announce_all(drafts, ingest=ingest, advance=advance)
        outcomes = [one.outcome for one in sent]
        if wait:
            with terminal.progress("Indexing", total=len(drafts)) as advance:
                outcomes = await wait_for_all(sent, ingest=ingest, advance=advance, within_s=within_s)
    states = Counter(outcome.state for outcome in outcomes)
    return Report(
        source=source,
        announced=len(outcomes) - sum(outcome.version is None for outcome in outcomes),
        indexed=states["indexed"],
        failed=states["failed"],
        waiting=states["waiting"],
        documents=tuple(outcomes),
    )


async def is_indexed(source: str, document: str, *, nats_url: str) -> bool:
    """Whether there is such a document.

    Raises:
        UnavailableError: NATS is away.
    """
    async with connected(nats_url, name="answerdesk delete") as client:
        return await IngestClient(client).has(source, document)


def deletion(source: str, document: str) -> Draft:
    """Announce that a document is gone as of now.

    Raises:
        ValidationError: the source or id can't be one.
    """
    changed = DocumentDelete(source=source, id=document, version=time.time_ns() // 1_000_000)
    return Draft(id=document, read=lambda: changed)


def show_report(report: Report, terminal: Terminal, *, waited: bool, done: str) -> None:
    """Say what became of the documents, each failure with its reason.

    Args:
        report: what happened.
        terminal: where to say it.
        waited: whether the index was waited for.
        done: what an indexed one is now, such as "can be found now".
    """
    for outcome in report.documents:
        if outcome.state == "failed":
            terminal.tell(printable(outcome.id), outcome.reason or "failed")
    if report.waiting:
        terminal.say(
            f"{_documents(report.waiting)} announced, but not indexed in time: is the worker running? "
            "What is announced stays queued and will be indexed.",
            style="yellow",
        )
    if waited and report.indexed:
        terminal.say(f"{_documents(report.indexed)} of source {report.source} {done}.")
    if not waited and report.announced:
        terminal.say(f"{_documents(report.announced)} of source {report.source} announced.")
    if report.failed:
        terminal.say(f"{_documents(report.failed)} failed.", style="red")


def _documents(number: int) -> str:
    return "1 document" if number == 1 else f"{number} documents"
