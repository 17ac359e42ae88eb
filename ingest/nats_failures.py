"""Documents that could not be indexed: the stream `DOCUMENTS_FAILED`.

A failure leaves the stream only once its announcement is in the queue again, or somebody says that it
may go. Settling one twice, or dying in the middle and settling it anew, announces the document once more
at the worst, and versions make that harmless.
"""

import asyncio
import contextlib
from datetime import UTC, datetime

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import RawStreamMsg

from wire import subjects
from wire.documents import DocumentFailed, DocumentUpsert, read_document_changed
from wire.errors import MalformedError, OverloadedError, UnavailableError
from wire.failures import Failure, ListFailuresReply, ListFailuresRequest
from wire.nats_objects import open_objects
from wire.shapes import read_shape

CALL_WITHIN_S = 5.0
EVENT_BYTES = 512 * 1024
"""Of an announcement in a report: base64 makes it a third longer, and a message holds 1 MiB."""
ANNOUNCEMENT_BYTES = 64 * 1024 * 1024
"""The longest message that a NATS server can be set to take."""
REASON_CHARS = 1000
"""A reason may repeat a name out of the announcement, and names may be long."""


class NatsFailures:
    """Reports failures, lists them, announces them anew, takes them off."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jetstream = client.jetstream()

    async def report(
        self, event: bytes, *, name: str, source: str, document: str | None, reason: str, attempts: int
    ) -> None:
        """Return once it is on record. Reporting the same name again within a day counts once.

        Args:
            event: the announcement, byte for byte, however long it is.
            name: the announcement's own, the same at every attempt.
            source: where it came from.
            document: its id, where it could be read.
            reason: a sentence for an admin.
            attempts: how often it was tried.

        Raises:
            UnavailableError: NATS does not answer, or has no room.
        """
        fits = len(event) <= EVENT_BYTES
        event_object = None if fits else f"failed-{name}"
        if event_object is not None:
            objects = await open_objects(self._client, subjects.DOCUMENTS_BUCKET)
            await objects.put(event_object, event)
        failed = DocumentFailed(
            id=name,
            source=source,
            document=document,
            reason=reason[:REASON_CHARS],
            attempts=attempts,
            failed_at=datetime.now(UTC),
            event_base64=event if fits else None,
            event_object=event_object,
        )
        await self._publish(subjects.documents_failed(source), failed.to_json(), message_id=f"failed-{name}")

    async def page(self, request: ListFailuresRequest) -> ListFailuresReply:
        """Some failures, oldest first.

        Raises:
            UnavailableError: NATS does not answer.
        """
        wanted = (
            subjects.documents_failed(request.source) if request.source else subjects.DOCUMENTS_FAILED_ALL
        )
        found: list[Failure] = []
        after = request.after
        try:
            while len(found) < request.limit:
                message = await self._next(wanted, after=after)
                if message is None:
                    break
                after = message.seq or 0
                found.append(_failure(message))
            async with asyncio.timeout(CALL_WITHIN_S):
                info = await self._jetstream.stream_info(
                    subjects.DOCUMENTS_FAILED_STREAM, subjects_filter=wanted
                )
        except (nats.errors.Error, TimeoutError) as error:
            raise _away() from error
        return ListFailuresReply(failures=tuple(found), total=sum((info.state.subjects or {}).values()))

    async def replay(self, failure_id: str) -> bool:
        """Announce the document again as it was announced, then take the failure off; False if there is none.

        Raises:
            MalformedError: its announcement is lost.
            OverloadedError: the queue of documents is full.
            UnavailableError: NATS does not answer.
        """
        message = await self._at(failure_id)
        if message is None:
            return False
        failed = read_shape(DocumentFailed, message.data or b"")
        event = await self._event(failed)
        source = _source(message)
        await self._publish(
            subjects.documents_changed(source), event, message_id=f"replay-{failure_id}-{failed.id}"
        )
        await self._take_off(message, failed)
        return True

    async def discard(self, failure_id: str) -> bool:
        """Take the failure off, with its announcement and its body; False if there is none.

        Raises:
            UnavailableError: NATS does not answer.
        """
        message = await self._at(failure_id)
        if message is None:
            return False
        failed: DocumentFailed | None = None
        # What can't be read must still be possible to get rid of.
        with contextlib.suppress(MalformedError):
            failed = read_shape(DocumentFailed, message.data or b"")
            changed = read_document_changed(await self._event(failed), source=_source(message))
            if isinstance(changed, DocumentUpsert) and changed.body_object is not None:
                objects = await open_objects(self._client, subjects.DOCUMENTS_BUCKET)
                await objects.remove(changed.body_object)
        await self._take_off(message, failed)
        return True

    async def _event(self, failed: DocumentFailed) -> bytes:
        if failed.event_base64 is not None:
            return failed.event_base64
        if failed.event_object is None:
            raise MalformedError("this failure has no announcement; it can only be discarded")
        objects = await open_objects(self._client, subjects.DOCUMENTS_BUCKET)
        return await objects.get(failed.event_object, max_bytes=ANNOUNCEMENT_BYTES)

    async def _take_off(self, message: RawStreamMsg, failed: DocumentFailed | None) -> None:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await self._jetstream.delete_msg(subjects.DOCUMENTS_FAILED_STREAM, message.seq or 0)
        except (nats.errors.Error, TimeoutError) as error:
            # Where somebody else was quicker, what is gone is gone.
            if await self._at(str(message.seq)) is not None:
                raise _away() from error
        if failed is not None and failed.event_object is not None:
            objects = await open_objects(self._client, subjects.DOCUMENTS_BUCKET)
            await objects.remove(failed.event_object)

    async def _at(self, failure_id: str) -> RawStreamMsg | None:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await self._jetstream.get_msg(subjects.DOCUMENTS_FAILED_STREAM, int(failure_id))
        except nats.js.errors.NotFoundError:
            return None
        except (nats.errors.Error, TimeoutError) as error:
            raise _away() from error

    async def _next(self, subject: str, *, after: int) -> RawStreamMsg | None:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                return await self._jetstream.get_msg(
                    subjects.DOCUMENTS_FAILED_STREAM, after + 1, subject=subject, next=True
                )
        except nats.js.errors.NotFoundError:
            return None

    async def _publish(self, subject: str, data: bytes, *, message_id: str) -> None:
        try:
            await self._jetstream.publish(
                subject, data, timeout=CALL_WITHIN_S, headers={subjects.MESSAGE_ID_HEADER: message_id}
            )
        except nats.js.errors.ServiceUnavailableError as error:
            raise OverloadedError("NATS has no room for it until others are done", service="nats") from error
        except (nats.errors.Error, TimeoutError) as error:
            raise _away() from error


def _failure(message: RawStreamMsg) -> Failure:
    """What an admin sees; a report that another program made badly is shown as such."""
    try:
        failed = read_shape(DocumentFailed, message.data or b"")
    except MalformedError:
        return Failure(
            id=str(message.seq),
            source=_source(message),
            reason="this report can't be read; it can only be discarded",
            attempts=0,
            failed_at=message.time or datetime.now(UTC),
        )
    return Failure(
        id=str(message.seq),
        source=_source(message),
        document=failed.document,
        reason=failed.reason[:REASON_CHARS],
        attempts=failed.attempts,
        failed_at=failed.failed_at,
    )


def _source(message: RawStreamMsg) -> str:
    return (message.subject or "").rpartition(".")[2]


def _away() -> UnavailableError:
    return UnavailableError("the failures' stream does not answer", service="nats")
