"""Changes of what readers see go before what is new to them, however much of that is queued.

A reader who was removed must not wait behind a bulk load, nor behind documents that take an hour each. So
announcements are also heard as they are made: one of a document that is shown, or a deletion, is applied at
once where the queue is long or stands still. It stays in the queue all the same, and costs a look at the
document's head when its turn comes: nothing depends on this lane, and what it can't do, or has no room for,
is the queue's.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from wire import subjects
from wire.documents import DocumentChanged, DocumentDelete, document_key, read_document_changed
from wire.errors import MalformedError, UnavailableError
from wire.nats_hearing import hearing
from wire.stopping import stopped

LONG_QUEUE = 50
"""Announcements; fewer are through in seconds."""
ROOM = 64
"""Changes that may wait for the lane, of half a MiB at the most, usually of some KiB."""
UNHEARD_BYTES = 16 * 1024 * 1024
"""Of announcements that come faster than they are looked at; the rest is only queued."""
APPLIED_WITHIN_S = 60.0

_log = structlog.get_logger("ingest")

Apply = Callable[[DocumentChanged], Awaitable[None]]


@asynccontextmanager
async def urgent_lane(
    client: Client,
    *,
    apply: Apply,
    is_shown: Callable[[str], bool],
    queued: Callable[[], int],
    is_stuck: Callable[[], bool],
) -> AsyncIterator[None]:
    """Apply urgent changes, one after another, for as long as the block lasts.

    Args:
        client: the connection.
        apply: makes the index say what the change says; versions decide, so that twice is harmless.
        is_shown: whether readers see any edition of the document of this key.
        queued: how many announcements wait, as far as is known.
        is_stuck: whether none has been taken for a while, so that nobody knows how many wait.
    """
    waiting: asyncio.Queue[DocumentChanged] = asyncio.Queue(ROOM)

    async def hear(message: Msg) -> None:
        if waiting.full() or not (queued() >= LONG_QUEUE or is_stuck()):
            return
        with contextlib.suppress(MalformedError):
            changed = read_document_changed(message.data, source=message.subject.rpartition(".")[2])
            if _is_urgent(changed, is_shown=is_shown):
                waiting.put_nowait(changed)

    working = asyncio.create_task(_work(waiting, apply=apply), name="urgent changes")
    try:
        async with hearing(
            client,
            subjects.DOCUMENTS_CHANGED_ALL,
            hear,
            queue=subjects.INGEST_CONSUMER,
            most_waiting_bytes=UNHEARD_BYTES,
        ):
            yield
    finally:
        await stopped(working)


async def _work(waiting: asyncio.Queue[DocumentChanged], *, apply: Apply) -> None:
    while True:
        changed = await waiting.get()
        try:
            async with asyncio.timeout(APPLIED_WITHIN_S):
                await apply(changed)
        except (MalformedError, UnavailableError, TimeoutError):
            # The queue has it too, counts its attempts, and reports it.
            continue
        except Exception:  # noqa: BLE001 — as the queue's consumer does with a bug in one document
            _log.exception("an urgent change could not be applied; it stays queued")


def _is_urgent(changed: DocumentChanged, *, is_shown: Callable[[str], bool]) -> bool:
    if isinstance(changed, DocumentDelete):
        # A conditional one waits its turn: an upsert of the version that it names may still be queued before
        # it, and would lift the tombstone when its own turn comes.
        return changed.version is not None
    return is_shown(document_key(changed.source, changed.id))
