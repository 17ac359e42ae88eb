"""``answerdesk restore``: a backup put back into a running system, empty or not.

What stands there and is newer stays: versions decide, as everywhere. Tombstones are put back too, so that
what was deleted stays so when old announcements are replayed; and whoever was forgotten since stays so,
where NATS, or a newer backup that was restored before, knows of it. One that was broken off can be run again.
"""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from desk.backup_files import BackupFolder, KeptSetting, KeptText, read_note, reading_lines
from desk.terminal import Terminal
from ingest.fingerprint import in_another_index
from retrieval.copies_client import CopiesClient
from wire import subjects
from wire.copies import MOST_COPIES, PAGE_BYTES, IndexIdentity, PassageCopy
from wire.documents import document_key
from wire.errors import AnswerdeskError, UnavailableError
from wire.heads import Head
from wire.nats_connection import FAULTS, connected
from wire.nats_objects import open_objects
from wire.nats_topology import ensure_topology
from wire.shapes import Shape, read_shape

CALL_WITHIN_S = 10.0
Edition = tuple[str, str]


class Restored(Shape):
    """What was put back; ``answerdesk restore --json`` prints it."""

    documents: int
    deleted: int
    newer: int
    """Documents of which something newer stood there, which stays."""
    passages: int
    texts: int
    settings: int


async def restore(path: Path, *, nats_url: str, terminal: Terminal) -> Restored:
    """Put a backup back.

    Raises:
        AnswerdeskError: there is no whole backup, or its vectors are of another model than the index's.
        UnavailableError: NATS or the workers do not answer; run it again.
    """
    folder = BackupFolder(path)
    note = read_note(folder)
    async with connected(nats_url, name="answerdesk restore") as client:
        copies = CopiesClient(client)
        index = await copies.restore((), fingerprint=note.index.fingerprint)
        if index.fingerprint != note.index.fingerprint:
            raise AnswerdeskError(
                f"This backup's vectors were made by {note.index.model!r} and another release or model than "
                f"the index's, {index.model!r}: set EMBEDDING_MODEL to it, and start the workers with the "
                "release that made the backup."
            )
        await ensure_topology(client)
        standing = await _heads(client, folder, former=note.index, index=index)
        passages = await _passages(
            copies, folder, standing, index=index, total=note.passages, terminal=terminal
        )
        texts = await _texts(client, folder, standing)
        settings = await _settings(client, folder)
    live = sum(edition != "" for _, edition in standing)
    return Restored(
        documents=live,
        deleted=len(standing) - live,
        newer=note.documents + note.deleted - len(standing),
        passages=passages,
        texts=texts,
        settings=settings,
    )


def show_restored(restored: Restored, terminal: Terminal) -> None:
    """In a line, and what to do now."""
    terminal.say(
        f"{restored.documents} documents in {restored.passages} passages are back, with {restored.texts} "
        f"texts and {restored.settings} settings"
        + (f"; of {restored.newer} something newer stands here, which stays" if restored.newer else "")
        + ". Now compare each source, for what has changed since: answerdesk sync SOURCE"
    )


async def _heads(
    client: Client, folder: BackupFolder, *, former: IndexIdentity, index: IndexIdentity
) -> set[Edition]:
    """Advance the heads to the backup's; gives the editions that stand now because of it.

    Before their passages, since passages without a head are swept away.
    """
    standing: set[Edition] = set()
    bucket = await _bucket(client, subjects.HEADS_BUCKET)
    for head in reading_lines(folder.lines("heads"), Head):
        moved = in_another_index(head.fingerprint, former=former.name, index=index.name)
        key = document_key(head.source, head.document)
        if await _advance(bucket, key, head.model_copy(update={"fingerprint": moved})):
            standing.add((key, head.edition if head.state == "live" else ""))
    return standing


async def _advance(bucket: KeyValue, key: str, head: Head) -> bool:
    """Whether this head stands now."""
    try:
        while True:
            async with asyncio.timeout(CALL_WITHIN_S):
                there, revision = await _look_up(bucket, key)
                if there is not None and there.version >= head.version:
                    return (there.version, there.edition) == (head.version, head.edition)
                try:
                    await bucket.update(key, head.to_json(), last=revision)
                except nats.js.errors.KeyWrongLastSequenceError:
                    continue
                return True
    except FAULTS as error:
        raise UnavailableError("a document's head cannot be written", service="nats") from error


async def _look_up(bucket: KeyValue, key: str) -> tuple[Head | None, int]:
    try:
        entry = await bucket.get(key)
    except nats.js.errors.KeyNotFoundError as error:
        marker: KeyValue.Entry | None = error.entry
        return None, (marker.revision or 0) if marker else 0
    return read_shape(Head, entry.value or b""), entry.revision or 0


async def _passages(
    copies: CopiesClient,
    folder: BackupFolder,
    standing: set[Edition],
    *,
    index: IndexIdentity,
    total: int,
    terminal: Terminal,
) -> int:
    written = 0
    with terminal.progress("Restoring", total=total) as advance:
        for batch in _batches(reading_lines(folder.lines("passages"), PassageCopy), standing):
            await copies.restore(batch, fingerprint=index.fingerprint)
            written += len(batch)
            for _ in batch:
                advance()
    return written


def _batches(copies: Iterator[PassageCopy], standing: set[Edition]) -> Iterator[list[PassageCopy]]:
    """Of those editions, as many at a time as fit a message."""
    batch: list[PassageCopy] = []
    size = 0
    for copy in copies:
        if (document_key(copy.source, copy.document), copy.edition) not in standing:
            continue
        bytes_more = len(copy.to_json())
        if batch and (len(batch) == MOST_COPIES or size + bytes_more > PAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(copy)
        size += bytes_more
    if batch:
        yield batch


async def _texts(client: Client, folder: BackupFolder, standing: set[Edition]) -> int:
    texts, written = await open_objects(client, subjects.TEXTS_BUCKET), 0
    for kept in reading_lines(folder.lines("texts"), KeptText):
        key, _, edition = kept.name.rpartition(".")
        if (key, edition) in standing:
            await texts.put(kept.name, kept.data)
            written += 1
    return written


async def _settings(client: Client, folder: BackupFolder) -> int:
    bucket, written = await _bucket(client, subjects.SETTINGS_BUCKET), 0
    in_backup = {kept.key: kept.value for kept in reading_lines(folder.lines("settings"), KeptSetting)}
    for key, value in in_backup.items():
        if await _forgotten_since(bucket, key, in_backup=in_backup):
            continue
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await bucket.create(key, value)
                written += 1
        except nats.js.errors.KeyWrongLastSequenceError:
            continue  # somebody has set it anew
        except FAULTS as error:
            raise UnavailableError("settings cannot be written", service="nats") from error
    return written


async def _forgotten_since(bucket: KeyValue, key: str, *, in_backup: Mapping[str, bytes]) -> bool:
    """Whether this is a person's who is marked as forgotten here, otherwise than in the backup."""
    kind, _, person = key.partition(".")
    if kind != "person":
        return False
    mark = subjects.forgotten(person.replace(".", ":"))
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            here = (await bucket.get(mark)).value
    except nats.js.errors.KeyNotFoundError:
        return False
    except FAULTS as error:
        raise UnavailableError("who was forgotten cannot be read", service="nats") from error
    return here != in_backup.get(mark)


async def _bucket(client: Client, name: str) -> KeyValue:
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            return await client.jetstream().key_value(name)
    except FAULTS as error:
        raise UnavailableError(f"the bucket {name} does not answer", service="nats") from error
