"""Ingest as others see it: announce a change, wait until it shows."""

import asyncio
import hashlib
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, PubAck

from wire import subjects
from wire.documents import DocumentChanged, DocumentDelete, DocumentFailed, DocumentUpsert, document_key
from wire.errors import MalformedError, OverloadedError, UnavailableError
from wire.heads import Head
from wire.nats_connection import FAULTS
from wire.opentelemetry_spans import carried
from wire.shapes import read_shape

CALL_WITHIN_S = 2.0
UPLOAD_WITHIN_S = 60.0
MESSAGE_BYTES = 512 * 1024
"""A longer announcement sends its body ahead, so that a report of its failure fits a message of 1 MiB."""
LOOK_EVERY_S = 0.1
DEDUPE_WINDOW_S = 120
"""For so long the stream takes a repeated announcement for the same one, so its failure is ours too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """Where an announcement stands in the queue.

    Attributes:
        sequence: its place.
        at: when it was announced, by our clock.
    """

    sequence: int
    at: datetime


@dataclass(frozen=True, kw_only=True)
class _Announcement:
    """What goes over the wire for a change."""

    data: bytes
    message_id: str
    body_name: str | None = None
    body: bytes = b""


class IngestClient:
    """Announces documents' changes to the worker."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jetstream = client.jetstream()

    async def announce(self, changed: DocumentChanged) -> Announced:
        """Return once the change is stored in the queue; where it waits there already, that counts.

        Raises:
            UnavailableError: NATS does not answer; the change may or may not be stored.
            OverloadedError: the queue is full until the worker has caught up.
            MalformedError: NATS refuses the message.
        """
        announcement = await asyncio.to_thread(_announcement, changed)
        at = datetime.now(UTC)
        try:
            if announcement.body_name is not None:
                async with asyncio.timeout(UPLOAD_WITHIN_S):
                    bucket = await self._jetstream.object_store(subjects.DOCUMENTS_BUCKET)
                    await bucket.put(announcement.body_name, announcement.body)
            stored = await self._publish(changed, announcement)
            if stored.duplicate and not await self._is_queued(stored.seq):
                # The queue knows ids for longer than it keeps what they name. Since the first one was done
                # with, the document may have been deleted, or may have failed for what is mended now.
                stored = await self._publish(changed, announcement, again=f"-{uuid.uuid4().hex}")
        except nats.js.errors.ServiceUnavailableError as error:
            raise OverloadedError("the queue of documents is full", service="nats") from error
        except nats.errors.MaxPayloadError as error:
            raise MalformedError("the announcement is too long even without its body") from error
        except FAULTS as error:
            raise UnavailableError("the queue of documents does not answer", service="nats") from error
        return Announced(sequence=stored.seq, at=at)

    async def wait_until_indexed(
        self, changed: DocumentChanged, *, within_s: float, announced: Announced | None = None
    ) -> None:
        """Return once readers see this version, or a higher one, or that it is gone.

        Args:
            changed: what was announced.
            within_s: how long to wait.
            announced: as `announce` gave it; without it, a failure of the same announcement that is up to two
                minutes old is taken for its own, and an equal version for this one.

        Raises:
            MalformedError: it could not be indexed; the reason.
            UnavailableError: not within ``within_s`` seconds.
        """
        deadline = time.monotonic() + within_s
        event = None if announced else (await asyncio.to_thread(_announcement, changed)).data
        try:
            if await self._is_done(changed, announced):
                return
            failures = await self._recent_failures(changed.source, announced)
            try:
                while time.monotonic() < deadline:
                    await _raise_if_failed(failures, changed, event=event, announced=announced)
                    if await self._is_done(changed, announced):
                        return
            finally:
                async with asyncio.timeout(CALL_WITHIN_S):
                    await failures.unsubscribe()
        except FAULTS as error:
            raise UnavailableError("NATS does not answer", service="nats") from error
        raise UnavailableError(f"not indexed within {within_s:g} s; is a worker running?", service="ingest")

    async def is_empty(self) -> bool:
        """Whether no document was ever indexed.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                bucket = await self._jetstream.key_value(subjects.HEADS_BUCKET)
                return (await bucket.status()).values == 0
        except nats.js.errors.BucketNotFoundError:
            return True
        except FAULTS as error:
            raise UnavailableError("NATS does not answer", service="nats") from error

    async def has(self, source: str, document: str) -> bool:
        """Whether a document stands in the index, whoever may read it.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            head = await self._head(source, document)
        except nats.js.errors.BucketNotFoundError:
            return False
        except FAULTS as error:
            raise UnavailableError("NATS does not answer", service="nats") from error
        return head is not None and head.state == "live"

    async def _publish(
        self, changed: DocumentChanged, announcement: _Announcement, *, again: str = ""
    ) -> PubAck:
        return await self._jetstream.publish(
            subjects.documents_changed(changed.source),
            announcement.data,
            timeout=CALL_WITHIN_S,
            headers={subjects.MESSAGE_ID_HEADER: f"{announcement.message_id}{again}", **carried()},
        )

    async def _is_queued(self, sequence: int) -> bool:
        """Whether an announcement is still to be seen through."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await self._jetstream.get_msg(subjects.DOCUMENTS_STREAM, sequence)
        except nats.js.errors.NotFoundError:
            return False
        return True

    async def _is_done(self, changed: DocumentChanged, announced: Announced | None) -> bool:
        """Whether the head says so; an equal version that is older may be a former announcement's."""
        head = await self._head(changed.source, changed.id)
        if head is None or not _says(head, changed):
            return head is None and isinstance(changed, DocumentDelete) and changed.version is None
        if announced is None or head.version != changed.version or head.changed_at > announced.at:
            return True
        return not await self._is_queued(announced.sequence)

    async def _head(self, source: str, document: str) -> Head | None:
        async with asyncio.timeout(CALL_WITHIN_S):
            bucket = await self._jetstream.key_value(subjects.HEADS_BUCKET)
            try:
                entry = await bucket.get(document_key(source, document))
            except nats.js.errors.KeyNotFoundError:
                return None
        return read_shape(Head, entry.value or b"")

    async def _recent_failures(
        self, source: str, announced: Announced | None
    ) -> JetStreamContext.PullSubscription:
        at = datetime.now(UTC) if announced is None else announced.at
        since = at - timedelta(seconds=DEDUPE_WINDOW_S)
        return await self._jetstream.pull_subscribe(
            subjects.documents_failed(source),
            stream=subjects.DOCUMENTS_FAILED_STREAM,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_TIME,
                opt_start_time=since.isoformat(),  # type: ignore[arg-type] # sent as it is, and must be text
                ack_policy=AckPolicy.NONE,
                inactive_threshold=20,
                mem_storage=True,
            ),
        )


def _says(head: Head, changed: DocumentChanged) -> bool:
    """Whether the document is as this change has it, or newer."""
    if isinstance(changed, DocumentDelete) and changed.version is None:
        return head.state == "deleted" or head.version != changed.if_version
    if isinstance(changed, DocumentUpsert) and head.conditional and head.version == changed.version:
        return False  # a resync's tombstone, which yields to it
    return changed.version is not None and head.version >= changed.version


async def _raise_if_failed(
    failures: JetStreamContext.PullSubscription,
    changed: DocumentChanged,
    *,
    event: bytes | None,
    announced: Announced | None,
) -> None:
    """Look at the failures that have come, for a tenth of a second."""
    try:
        messages = await failures.fetch(100, timeout=LOOK_EVERY_S)
    except TimeoutError:
        return
    for message in messages:
        try:
            failed = read_shape(DocumentFailed, message.data)
        except MalformedError:
            continue
        if announced is None:
            is_ours = failed.event_base64 == event
        else:
            # As the consumer names announcements: by their place, and when it was taken.
            place = failed.id.partition("-")[0]
            is_ours = (failed.document, place) == (changed.id, str(announced.sequence))
        if is_ours:
            raise MalformedError(failed.reason)


def _announcement(changed: DocumentChanged) -> _Announcement:
    """The message for a change; the same change makes the same message."""
    data = changed.to_json()
    digest = hashlib.sha256(data).hexdigest()
    key = document_key(changed.source, changed.id)
    message_id = f"{key}-{changed.version}-{digest}"
    if len(data) <= MESSAGE_BYTES or not isinstance(changed, DocumentUpsert):
        return _Announcement(data=data, message_id=message_id)
    body = changed.body_base64 if changed.body is None else changed.body.encode()
    if body is None:
        return _Announcement(data=data, message_id=message_id)
    name = f"{key}-{changed.version}-{digest[:16]}"
    moved = changed.model_copy(
        update={
            "body": None,
            "body_base64": None,
            "body_object": name,
            # A text goes as UTF-8, whatever character set its type names.
            "media_type": changed.media_type.partition(";")[0]
            if changed.body is not None
            else changed.media_type,
        }
    )
    return _Announcement(data=moved.to_json(), message_id=message_id, body_name=name, body=body)
