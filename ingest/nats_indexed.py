"""What is indexed of a source, by the documents' heads, and what could not be, by the failures."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime

import nats.js.errors
from nats.aio.client import Client

from ingest.fingerprint import is_read_alike
from ingest.reconcile import Indexed
from wire import subjects
from wire.documents import DocumentFailed, DocumentUpsert, document_key, read_document_changed
from wire.errors import MalformedError, UnavailableError
from wire.heads import Head
from wire.nats_connection import FAULTS
from wire.nats_stream import stored
from wire.shapes import read_shape

CALL_WITHIN_S = 5.0
FEW = 16
"""Failures hold whole documents."""


async def indexed_of(client: Client, source: str) -> dict[str, Indexed]:
    """A source's documents, those that were deleted too, some 300 bytes of memory each.

    Raises:
        UnavailableError: NATS does not answer.
    """
    async with aclosing(_heads(client, f"$KV.{subjects.HEADS_BUCKET}.{source}.>")) as heads:
        return {head.document: _indexed(head) async for head in heads}


async def one_indexed(client: Client, source: str, document: str) -> Indexed | None:
    """What is known of one document.

    Raises:
        UnavailableError: NATS does not answer.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            heads = await client.jetstream().key_value(subjects.HEADS_BUCKET)
            entry = await heads.get(document_key(source, document))
    except nats.js.errors.KeyNotFoundError:
        return None
    except FAULTS as error:
        raise UnavailableError("what is indexed can't be read", service="nats") from error
    return _indexed(read_shape(Head, entry.value or b""))


async def counts(client: Client) -> dict[str, tuple[int, datetime]]:
    """For each source: how many live documents it has, and when one of them last changed.

    Raises:
        UnavailableError: NATS does not answer.
    """
    found: dict[str, tuple[int, datetime]] = {}
    async with aclosing(_heads(client, f"$KV.{subjects.HEADS_BUCKET}.>")) as heads:
        async for head in heads:
            number, changed_at = found.get(head.source, (0, head.changed_at))
            found[head.source] = (number + (head.state == "live"), max(changed_at, head.changed_at))
    return found


async def queued(client: Client, source: str) -> int:
    """How many of a source's announcements wait to be indexed.

    Raises:
        UnavailableError: NATS does not answer.
    """
    subject = subjects.documents_changed(source)
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            info = await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM, subjects_filter=subject)
    except FAULTS as error:
        raise UnavailableError("the queue of documents does not answer", service="nats") from error
    return (info.state.subjects or {}).get(subject, 0)


async def given_up_of(client: Client, source: str) -> dict[str, tuple[int, str]]:
    """Version and mark of the newest announcement of each document that could not be indexed.

    Raises:
        UnavailableError: NATS does not answer.
    """
    found: dict[str, tuple[int, str]] = {}
    subject = subjects.documents_failed(source)
    kept = stored(client, stream=subjects.DOCUMENTS_FAILED_STREAM, subject=subject, batch=FEW)
    async with aclosing(kept) as failures:
        async for message in failures:
            upsert = _given_up(message.data, source=source)
            if upsert is not None and upsert.version >= found.get(upsert.id, (0, ""))[0]:
                found[upsert.id] = (upsert.version, upsert.revision or "")
    return found


async def _heads(client: Client, subject: str) -> AsyncGenerator[Head, None]:
    """All of them, in one pass over the bucket."""
    kept = stored(client, stream=subjects.HEADS_STREAM, subject=subject, newest_each=True)
    async with aclosing(kept) as messages:
        async for message in messages:
            try:
                head = read_shape(Head, message.data) if message.data else None
            except MalformedError:
                continue
            if head is not None:
                yield head


def _given_up(data: bytes, *, source: str) -> DocumentUpsert | None:
    """The announcement that failed, where a resync made it and it fitted into the report."""
    try:
        event = read_shape(DocumentFailed, data).event_base64
        changed = read_document_changed(event, source=source) if event else None
    except MalformedError:
        return None
    return changed if isinstance(changed, DocumentUpsert) and changed.revision else None


def _indexed(head: Head) -> Indexed:
    live = head.state == "live"
    # What a better reader has something new to say of needs announcing, whatever its source says.
    mark = head.revision if not live or is_read_alike(head.fingerprint) else None
    return Indexed(head.version, mark, live=live)
