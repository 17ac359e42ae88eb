"""Announcing on a real NATS: what is queued, what fails, and what nobody indexes."""

import io

import pytest
from nats.aio.client import Client
from rich.console import Console

from desk.announcing import Draft
from desk.publishing import announce_and_wait, deletion, show_report
from desk.terminal import Terminal
from wire.documents import DocumentUpsert, read_document_changed
from wire.errors import MalformedError, UnavailableError
from wire.subjects import DOCUMENTS_STREAM, documents_changed


def draft(name: str) -> Draft:
    document = DocumentUpsert(source="files", id=name, version=1, body=f"# {name}")
    return Draft(id=name, read=lambda: document)


def unreadable(name: str) -> Draft:
    def read() -> DocumentUpsert:
        raise MalformedError("can't be read: Permission denied")

    return Draft(id=name, read=read)


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def terminal(said: io.StringIO) -> Terminal:
    return Terminal(Console(file=said, width=200))


async def test_all_that_can_be_read_is_queued_and_the_rest_is_named(
    client: Client, nats_url: str, terminal: Terminal, said: io.StringIO
) -> None:
    drafts = [draft(f"{number}.md") for number in range(40)]
    drafts.insert(3, unreadable("locked.md"))
    report = await announce_and_wait(drafts, source="files", nats_url=nats_url, wait=False, terminal=terminal)
    assert [outcome.id for outcome in report.documents] == [each.id for each in drafts]
    assert (report.announced, report.failed, report.ok) == (40, 1, False)
    queued = await client.jetstream().stream_info(DOCUMENTS_STREAM)
    assert queued.state.messages == 40
    show_report(report, terminal, waited=False, done="can be found now")
    assert "locked.md: can't be read: Permission denied" in said.getvalue()


@pytest.mark.usefixtures("client")
async def test_without_a_worker_waiting_ends_and_says_that_it_stays_queued(
    nats_url: str, terminal: Terminal, said: io.StringIO
) -> None:
    drafts = [draft(f"{number}.md") for number in range(40)]
    report = await announce_and_wait(
        drafts, source="files", nats_url=nats_url, wait=True, terminal=terminal, within_s=0.3
    )
    assert (report.announced, report.indexed, report.waiting, report.ok) == (40, 0, 40, False)
    show_report(report, terminal, waited=True, done="can be found now")
    assert "40 documents announced, but not indexed in time" in said.getvalue()


async def test_a_deletion_is_announced_as_of_now(client: Client, nats_url: str, terminal: Terminal) -> None:
    await announce_and_wait(
        [deletion("files", "a.md")], source="files", nats_url=nats_url, wait=False, terminal=terminal
    )
    message = await client.jetstream().get_last_msg(DOCUMENTS_STREAM, documents_changed("files"))
    changed = read_document_changed(message.data or b"", source="files")
    assert (changed.action, changed.id) == ("delete", "a.md")
    assert changed.version


async def test_a_queue_that_is_not_there_ends_the_whole(nats_url: str, terminal: Terminal) -> None:
    with pytest.raises(UnavailableError):
        await announce_and_wait(
            [draft("a.md")], source="files", nats_url=nats_url, wait=False, terminal=terminal
        )
