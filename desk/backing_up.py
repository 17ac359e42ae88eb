"""``answerdesk backup``: all that can't be made again from elsewhere, copied while everything runs.

Passages come first and heads after them, so that a document's head stands in the backup only with all of its
passages; what changed in between is looked through again. The worker gives the passages, whatever store they
are in, and nothing is encoded again when they are restored.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

from nats.aio.client import Client

from desk.backup_files import BackupFolder, BackupNote, KeptSetting, KeptText, new_folder, writing_lines
from desk.data_folder import write_private
from desk.terminal import Terminal
from ingest.leftovers import text_name
from retrieval.copies_client import CopiesClient
from wire import subjects
from wire.copies import CopiesReply, IndexIdentity
from wire.documents import document_key
from wire.errors import AnswerdeskError, MalformedError, UnavailableError
from wire.heads import Head
from wire.nats_connection import connected
from wire.nats_objects import open_objects
from wire.nats_stream import stored
from wire.shapes import read_shape

LOOKS = 5
"""Through all passages, for documents that changed while the former look went on."""
TEXT_BYTES = 256 * 1024 * 1024

Edition = tuple[str, str]
"""A document's key and the name of one of its editions."""


async def back_up(path: Path, *, nats_url: str, terminal: Terminal) -> BackupNote:
    """Write a backup into a new folder.

    Raises:
        AnswerdeskError: the folder can't be used, or the index was being exchanged for another.
        UnavailableError: NATS or the workers do not answer.
    """
    folder = new_folder(path)
    try:
        async with connected(nats_url, name="answerdesk backup") as client:
            looked = _Looking(client, folder, terminal)
            await looked.through_everything()
            texts = await _texts(client, folder, looked.whole)
            settings = await _settings(client, folder)
    except OSError as error:
        raise AnswerdeskError(f"{path} can't be written: {error.strerror}") from error
    live = sum(head.state == "live" for head in looked.whole.values())
    note = BackupNote(
        made_at=datetime.now(UTC),
        index=looked.index,
        documents=live,
        deleted=len(looked.whole) - live,
        passages=sum(head.passages for head in looked.whole.values()),
        texts=texts,
        settings=settings,
        unsettled=looked.unsettled,
    )
    write_private(folder.note, note.model_dump_json(indent=1))
    return note


def show_backup(note: BackupNote, terminal: Terminal, *, folder: Path) -> None:
    """In a line, and what to know of it."""
    terminal.say(
        f"{folder} holds {note.documents} documents in {note.passages} passages, {note.texts} texts and "
        f"{note.settings} settings. It is readable as your documents are: keep it as safe."
    )
    if note.unsettled:
        terminal.say(
            f"{note.unsettled} documents changed all the while and are there as they were before, or not at "
            "all: back up again when less goes on.",
            style="yellow",
        )


class _Looking:
    """Looks through all passages until every document's present edition is on disk."""

    def __init__(self, client: Client, folder: BackupFolder, terminal: Terminal) -> None:
        self._client = client
        self._folder = folder
        self._terminal = terminal
        self._copies = CopiesClient(client)
        self._written: Counter[Edition] = Counter()
        self._index: IndexIdentity | None = None
        self.whole: dict[str, Head] = {}
        """By document's key: the newest head of which every passage is written."""
        self.unsettled = 0

    @property
    def index(self) -> IndexIdentity:
        """Which one it is."""
        if self._index is None:
            raise UnavailableError("no worker has told of the index", service="index")
        return self._index

    async def through_everything(self) -> None:
        """Passages, then heads, and again what these lack."""
        with writing_lines(self._folder.lines("passages")) as lines:
            lacking = await self._look(lines.write, only=None)
            for _ in range(LOOKS - 1):
                if not lacking:
                    break
                lacking = await self._look(lines.write, only=lacking)
        self.unsettled = len(lacking)
        with writing_lines(self._folder.lines("heads")) as lines:
            for head in self.whole.values():
                lines.write(head.to_json() + b"\n")

    async def _look(self, write: Callable[[bytes], object], *, only: set[Edition] | None) -> set[Edition]:
        """Write passages (only of these editions); give the editions that heads name and that lack some."""
        for edition in only or ():
            del self._written[edition]
        async for page in self._pages():
            for copy in page.copies:
                edition = (document_key(copy.source, copy.document), copy.edition)
                if only is None or edition in only:
                    write(copy.to_json() + b"\n")
                    self._written[edition] += 1
        return await self._heads()

    async def _pages(self) -> AsyncIterator[CopiesReply]:
        page = await self._copies.page(after=None)
        self._index = self._index or page.index
        with self._terminal.progress("Copying", total=page.total) as advance:
            while True:
                if page.index != self.index:
                    raise AnswerdeskError("Another index is being built just now; back up when that is done.")
                yield page
                for _ in page.copies:
                    advance()
                if page.after is None:
                    return
                page = await self._copies.page(after=page.after)

    async def _heads(self) -> set[Edition]:
        lacking: set[Edition] = set()
        async for key, value in _entries(self._client, subjects.HEADS_BUCKET):
            head = read_shape(Head, value)
            if head.state == "deleted" or self._written[key, head.edition] >= head.passages:
                self.whole[key] = head
            else:
                lacking.add((key, head.edition))
        return lacking


async def _texts(client: Client, folder: BackupFolder, heads: dict[str, Head]) -> int:
    texts, written = await open_objects(client, subjects.TEXTS_BUCKET), 0
    with writing_lines(folder.lines("texts")) as lines:
        for key, head in heads.items():
            if head.state == "deleted":
                continue
            name = text_name(key, head.edition)
            try:
                data = await texts.get(name, max_bytes=TEXT_BYTES)
            except MalformedError:
                # It is of another edition by now; the passages are there all the same.
                continue
            lines.write(KeptText(name=name, data=data).to_json() + b"\n")
            written += 1
    return written


async def _settings(client: Client, folder: BackupFolder) -> int:
    written = 0
    with writing_lines(folder.lines("settings")) as lines:
        async for key, value in _entries(client, subjects.SETTINGS_BUCKET):
            lines.write(KeptSetting(key=key, value=value).to_json() + b"\n")
            written += 1
    return written


async def _entries(client: Client, bucket: str) -> AsyncIterator[tuple[str, bytes]]:
    """What stands in a bucket."""
    prefix = f"$KV.{bucket}."
    async with aclosing(stored(client, stream=f"KV_{bucket}", subject=f"{prefix}>")) as messages:
        async for message in messages:
            if not (message.headers and "KV-Operation" in message.headers):
                yield message.subject.removeprefix(prefix), message.data
