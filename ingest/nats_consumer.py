"""Takes announcements from JetStream and sees each through: done, tried again, or among the failures.

An announcement is acknowledged only after its document's head says so. Acknowledging is safe by
fencing: whoever else has the same announcement finds that version there and does nothing.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from retrieval.stopping import stopped
from wire import subjects
from wire.documents import DocumentChanged, DocumentFailed, document_key, read_document_changed
from wire.errors import MalformedError, UnavailableError

AT_ONCE = 4
"""Documents in hand: one encodes while others are read, cut and written."""
HEARTBEAT_EVERY_S = subjects.INGEST_ACK_WAIT_S / 3
"""So that two may be lost."""
ATTEMPTS = 5
AGAIN_AFTER_S = (1.0, 5.0, 30.0, 120.0)
"""How long the queue keeps an announcement after each failed attempt."""
DOCUMENT_WITHIN_S = 3600.0
FETCH_WITHIN_S = 5.0
RECONNECT_AFTER_S = 1.0
PUBLISH_WITHIN_S = 5.0
DRAIN_WITHIN_S = 10.0
EVENT_BYTES = 512 * 1024
"""Of an announcement in a failure report: base64 makes it a third longer, and a message holds 1 MiB."""
TOO_LONG_TO_KEEP = "(the announcement is too long to be kept whole here: announce it anew)"

_log = structlog.get_logger("ingest")

Apply = Callable[[DocumentChanged], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long things may take; tests are less patient."""

    heartbeat_every_s: float = HEARTBEAT_EVERY_S
    again_after_s: tuple[float, ...] = AGAIN_AFTER_S
    attempts: int = ATTEMPTS
    drain_within_s: float = DRAIN_WITHIN_S


class NatsConsumer:
    """Keeps up to ``at_once`` announcements in hand, of one document only one at a time."""

    def __init__(
        self, client: Client, *, apply: Apply, at_once: int = AT_ONCE, patience: Patience | None = None
    ) -> None:
        self._jetstream = client.jetstream()
        self._apply = apply
        self._slots = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._patience = patience or Patience()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._documents = _Turns()

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until told to stop, then finish what is in hand (10 s; the rest goes back at once)."""
        consuming = asyncio.create_task(self._consume(), name="consume documents")
        stopping = asyncio.create_task(_set(stop), name="wait for stop")
        try:
            await asyncio.wait([consuming, stopping], return_when=asyncio.FIRST_COMPLETED)
            if consuming.done():
                consuming.result()
        finally:
            await stopped(consuming, stopping)
            if self._in_hand:
                await asyncio.wait(self._in_hand, timeout=self._patience.drain_within_s)
            await stopped(*self._in_hand)

    async def _consume(self) -> None:
        while True:
            try:
                subscription = await self._jetstream.pull_subscribe_bind(
                    subjects.INGEST_CONSUMER, subjects.DOCUMENTS_STREAM
                )
                try:
                    while True:
                        await self._take(subscription)
                finally:
                    # Or else what we give back would be sent to our own request that still waits.
                    with contextlib.suppress(nats.errors.Error):
                        await subscription.unsubscribe()
            except (nats.errors.Error, OSError) as error:
                _log.warning("the documents' queue is away; trying again", kind=type(error).__name__)
                await asyncio.sleep(RECONNECT_AFTER_S)

    async def _take(self, subscription: JetStreamContext.PullSubscription) -> None:
        """Fetch as many as there are free slots, and hand each to a task."""
        await self._slots.acquire()
        self._slots.release()
        free = self._at_once - len(self._in_hand)
        if not free:
            return
        try:
            messages = await subscription.fetch(free, timeout=FETCH_WITHIN_S)
        except TimeoutError:
            return
        for message in messages:
            await self._slots.acquire()
            task = asyncio.create_task(self._see_through(message), name="index a document")
            self._in_hand.add(task)
            task.add_done_callback(self._put_down)

    def _put_down(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._slots.release()
        if not task.cancelled() and (error := task.exception()):
            # The announcement was not settled, so the queue gives it again after ack_wait.
            _log.error("an announcement could not be settled", exc_info=error)

    async def _see_through(self, message: Msg) -> None:
        tried = message.metadata.num_delivered
        source = message.subject.rpartition(".")[2]
        document: str | None = None
        try:
            async with _heartbeats(message, every_s=self._patience.heartbeat_every_s):
                changed = read_document_changed(message.data, source=source)
                document = changed.id
                if tried > self._patience.attempts:
                    await self._give_up(message, document, "its worker died or was lost at every attempt")
                    return
                async with (
                    self._documents.turn(document_key(source, document)),
                    asyncio.timeout(DOCUMENT_WITHIN_S),
                ):
                    await self._apply(changed)
            await message.ack()
        except MalformedError as error:
            await self._give_up(message, document, str(error))
        except asyncio.CancelledError:
            with contextlib.suppress(nats.errors.Error):
                await message.nak()
            raise
        except (UnavailableError, TimeoutError) as error:
            await self._again(message, document, str(error) or "it took longer than an hour")
        except Exception:  # noqa: BLE001 — a bug in one document must not end the worker
            _log.exception("a document could not be indexed", source=source, sequence=_sequence(message))
            await self._again(message, document, "a bug; the worker's log has the trace")

    async def _again(self, message: Msg, document: str | None, reason: str) -> None:
        tried = message.metadata.num_delivered
        if tried >= self._patience.attempts:
            await self._give_up(message, document, reason)
            return
        delays = self._patience.again_after_s
        _log.warning("trying again later", sequence=_sequence(message), attempt=tried, why=reason)
        with contextlib.suppress(nats.errors.Error):
            await message.nak(delay=delays[min(tried, len(delays)) - 1])

    async def _give_up(self, message: Msg, document: str | None, reason: str) -> None:
        """Report the failure, and only once that is stored, take the announcement off the queue."""
        source = message.subject.rpartition(".")[2]
        sequence = _sequence(message)
        failed = DocumentFailed(
            id=str(sequence),
            source=source,
            document=document,
            reason=reason if len(message.data) <= EVENT_BYTES else f"{reason} {TOO_LONG_TO_KEEP}",
            attempts=message.metadata.num_delivered,
            failed_at=datetime.now(UTC),
            event_base64=message.data[:EVENT_BYTES],
        )
        try:
            await self._jetstream.publish(
                subjects.documents_failed(source),
                failed.to_json(),
                timeout=PUBLISH_WITHIN_S,
                headers={subjects.MESSAGE_ID_HEADER: f"failed-{sequence}"},
            )
            await message.term()
        except (nats.errors.Error, TimeoutError):
            _log.warning("a failure could not be reported; trying again later", sequence=sequence)
            with contextlib.suppress(nats.errors.Error):
                await message.nak(delay=self._patience.again_after_s[-1])
            return
        _log.warning("a document was given up", source=source, failure=failed.id, why=reason)


async def _set(event: asyncio.Event) -> None:
    await event.wait()


def _sequence(message: Msg) -> int:
    return message.metadata.sequence.stream


@asynccontextmanager
async def _heartbeats(message: Msg, *, every_s: float) -> AsyncIterator[None]:
    """Tell the queue that this announcement is still in hand, for as long as the block lasts."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(every_s)
            with contextlib.suppress(nats.errors.Error):
                await message.in_progress()

    beating = asyncio.create_task(beat(), name="heartbeats")
    try:
        yield
    finally:
        beating.cancel()


class _Turns:
    """One at a time for each key."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        lock, waiting = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[key]
            if waiting == 1:
                del self._locks[key]
            else:
                self._locks[key] = (lock, waiting - 1)
