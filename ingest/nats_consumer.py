"""Takes announcements from JetStream and sees each through: done, tried again, or among the failures.

An announcement is acknowledged only after its document's head says so. Acknowledging is safe by
fencing: whoever else has the same announcement finds that version there and does nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from ingest.metering import UNMETERED, DocumentMeter, Outcome
from ingest.nats_attempts import Attempts, NatsAttempts
from ingest.nats_failures import NatsFailures
from ingest.turns import Room
from wire import subjects
from wire.documents import DocumentChanged, document_key, read_document_changed
from wire.errors import MalformedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.opentelemetry_spans import Value, span
from wire.stopping import stopped

AT_ONCE = 4
"""Documents in hand: one encodes while others are read, cut and written."""
HEARTBEAT_EVERY_S = subjects.INGEST_ACK_WAIT_S / 3
"""So that two may be lost."""
ATTEMPTS = 5
AGAIN_AFTER_S = (1.0, 5.0, 30.0, 120.0)
"""How long the queue keeps an announcement after each failed attempt."""
DEATHS = 3
"""Of workers that had only this document in hand: one may be an operator's doing, two bad luck."""
BUSY_AGAIN_AFTER_S = (0.1, 0.5, 2.0, 5.0)
"""How long the queue keeps an announcement of a document that is in hand already, at each delivery."""
OUTAGES = 3
"""That an attempt outlasts; a document that brings one about each time must not go on for ever."""
LOOK_EVERY_S = 1.0
"""Whether an outage is over."""
DOCUMENT_WITHIN_S = 3600.0
FETCH_WITHIN_S = 5.0
RECONNECT_AFTER_S = 1.0
DRAIN_WITHIN_S = 10.0
RECORD_WITHIN_S = 1.0
"""For a note on what is given back as the worker stops; without it, it is merely tried alone."""

_log = structlog.get_logger("ingest")

Apply = Callable[[DocumentChanged], Awaitable[None]]
IsWell = Callable[[], Awaitable[bool]]
"""Whether what every document needs answers: where it does not, no document is to blame."""


async def _always() -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Patience:
    """How long things may take; tests are less patient."""

    heartbeat_every_s: float = HEARTBEAT_EVERY_S
    again_after_s: tuple[float, ...] = AGAIN_AFTER_S
    attempts: int = ATTEMPTS
    deaths: int = DEATHS
    look_every_s: float = LOOK_EVERY_S
    drain_within_s: float = DRAIN_WITHIN_S


class NatsConsumer:
    """Keeps up to ``at_once`` announcements in hand, of one document only one at a time.

    Others of a document that is in hand go back to the queue for a moment, so that they take nobody's place.

    A document that was in hand when a worker died may be why: it is tried again with nothing beside it, so
    that only itself can be to blame the next time.
    """

    def __init__(
        self,
        client: Client,
        *,
        apply: Apply,
        is_well: IsWell = _always,
        at_once: int = AT_ONCE,
        patience: Patience | None = None,
        meter: DocumentMeter = UNMETERED,
    ) -> None:
        self._jetstream = client.jetstream()
        self._apply = apply
        self._is_well = is_well
        self._slots = asyncio.Semaphore(at_once)
        self._at_once = at_once
        self._patience = patience or Patience()
        self._in_hand: set[asyncio.Task[None]] = set()
        self._documents: dict[str, int] = {}
        """Those in hand, each with its announcement's place in the queue."""
        self._room = Room()
        self._meter = meter
        self._attempts = NatsAttempts(client)
        self._failures = NatsFailures(client)
        self._queued = 0
        self._fetched_at = time.monotonic()

    @property
    def queued(self) -> int:
        """How many announcements waited behind the last one that was taken."""
        return self._queued

    @property
    def is_stuck(self) -> bool:
        """Whether there has been no room to take another one for longer than a fetch waits for one."""
        full = len(self._in_hand) >= self._at_once
        return full and time.monotonic() - self._fetched_at > FETCH_WITHIN_S

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until told to stop, then finish what is in hand (10 s; the rest goes back at once)."""
        consuming = asyncio.create_task(self._consume(), name="consume documents")
        stopping = asyncio.create_task(stop.wait(), name="wait for stop")
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
            self._queued = 0
            return
        finally:
            self._fetched_at = time.monotonic()
        for message in messages:
            self._queued = message.metadata.num_pending
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
        before = Attempts()
        try:
            async with _heartbeats(message, every_s=self._patience.heartbeat_every_s):
                if _deliveries(message) > 1:
                    before = await self._attempts.look_up(_name(message))
                try:
                    changed = read_document_changed(message.data, source=_source(message))
                except MalformedError as error:
                    self._count(message, await self._give_up(message, _failed(before), str(error)))
                else:
                    await self._one_at_a_time(message, changed, before)
        except asyncio.CancelledError:
            await self._give_back(message, before)
            raise
        except UnavailableError as error:
            # Left as it is, it comes again after ack_wait.
            _log.warning("an announcement was put back", sequence=_sequence(message), why=str(error))

    async def _one_at_a_time(self, message: Msg, changed: DocumentChanged, before: Attempts) -> None:
        key, sequence = document_key(changed.source, changed.id), _sequence(message)
        holder = self._documents.get(key)
        if holder == sequence:
            # The queue gave it twice; whoever has it answers for it.
            return
        if holder is not None:
            await self._give_back(message, before, delay_s=_at(BUSY_AGAIN_AFTER_S, _deliveries(message)))
            return
        self._documents[key] = sequence
        try:
            if before.deaths >= self._patience.deaths:
                reason = _killed(before.deaths)
                self._count(message, await self._give_up(message, before, reason, document=changed.id))
            elif before.deaths or before.settled < _deliveries(message) - 1:
                await self._try_alone(message, changed, before)
            else:
                async with self._room.entered(alone=False):
                    await self._try(message, changed, before)
        finally:
            del self._documents[key]

    async def _try_alone(self, message: Msg, changed: DocumentChanged, before: Attempts) -> None:
        """A worker that had it died or was lost: say so on record before it can happen again."""
        if before.deaths:
            # Those that were only in hand beside it go first.
            await asyncio.sleep(_at(self._patience.again_after_s, before.deaths))
        async with self._room.entered(alone=True):
            begun = before.model_copy(update={"deaths": before.deaths + 1})
            await self._attempts.keep(_name(message), begun)
            await self._try(message, changed, before)

    async def _try(self, message: Msg, changed: DocumentChanged, before: Attempts) -> None:
        after, began = _failed(before), time.monotonic()
        outcome: Outcome = "indexed" if changed.action == "upsert" else "deleted"
        try:
            await self._apply_traced(message, changed)
        except MalformedError as error:
            outcome = await self._give_up(message, after, str(error), document=changed.id)
        except (UnavailableError, TimeoutError) as error:
            reason = str(error) or "it took longer than an hour"
            outcome = await self._again(message, after, reason, document=changed.id)
        except Exception:  # noqa: BLE001 — a bug in one document must not end the worker
            _log.exception(
                "a document could not be indexed", source=changed.source, sequence=_sequence(message)
            )
            reason = "a bug; the worker's log has the trace"
            outcome = await self._again(message, after, reason, document=changed.id)
        else:
            # One that is lost costs a look at the head when the announcement comes again.
            with contextlib.suppress(*FAULTS):
                await message.ack()
        self._count(message, outcome, seconds=time.monotonic() - began)

    def _count(self, message: Msg, outcome: Outcome, *, seconds: float = 0.0) -> None:
        age = datetime.now(UTC) - message.metadata.timestamp
        self._meter.tried(
            source=_source(message), outcome=outcome, seconds=seconds, age_s=age.total_seconds()
        )

    async def _apply_traced(self, message: Msg, changed: DocumentChanged) -> None:
        known: dict[str, Value] = {"source": changed.source, "sequence": _sequence(message)}
        told = {f"answerdesk.{name}": value for name, value in known.items()}
        with (
            structlog.contextvars.bound_contextvars(**known),
            span("index a document", kind="consumer", attributes=told, headers=message.headers or {}),
        ):
            await self._apply_through_outages(changed)

    async def _apply_through_outages(self, changed: DocumentChanged) -> None:
        """Keep it in hand while what every document needs is away: that is no attempt of this one's."""
        outages = 0
        while True:
            try:
                async with asyncio.timeout(DOCUMENT_WITHIN_S):
                    return await self._apply(changed)
            except UnavailableError as error:
                if outages == OUTAGES or await self._is_well():
                    raise
                _log.warning("indexing waits for what is away", why=str(error))
            outages += 1
            while not await self._is_well():  # noqa: ASYNC110 — nobody would set an event
                await asyncio.sleep(self._patience.look_every_s)

    async def _again(self, message: Msg, after: Attempts, reason: str, *, document: str) -> Outcome:
        if after.failed >= self._patience.attempts:
            return await self._give_up(message, after, reason, document=document)
        _log.warning("trying again later", sequence=_sequence(message), attempt=after.failed, why=reason)
        await self._give_back(message, after, delay_s=_at(self._patience.again_after_s, after.failed))
        return "put_back"

    async def _give_back(self, message: Msg, attempts: Attempts, *, delay_s: float | None = None) -> None:
        """To the queue, with a note that this delivery ended in order."""
        noted = attempts.model_copy(update={"settled": _deliveries(message)})
        with contextlib.suppress(UnavailableError, TimeoutError):
            async with asyncio.timeout(RECORD_WITHIN_S):
                await self._attempts.keep(_name(message), noted)
        with contextlib.suppress(*FAULTS):
            await message.nak(delay=delay_s)

    async def _give_up(
        self, message: Msg, attempts: Attempts, reason: str, *, document: str | None = None
    ) -> Outcome:
        """Report the failure, and only once that is stored, take the announcement off the queue."""
        source = _source(message)
        try:
            await self._failures.report(
                message.data,
                name=_name(message),
                source=source,
                document=document,
                reason=reason,
                attempts=attempts.failed + attempts.deaths,
            )
            await message.term()
        except (*FAULTS, UnavailableError):
            _log.warning("a failure could not be reported; trying again later", sequence=_sequence(message))
            await self._give_back(message, attempts, delay_s=self._patience.again_after_s[-1])
            return "put_back"
        _log.warning("a document was given up", source=source, sequence=_sequence(message), why=reason)
        return "given_up"


def _killed(deaths: int) -> str:
    return f"its worker died each of the {deaths} times that it had nothing else in hand"


def _source(message: Msg) -> str:
    return message.subject.rpartition(".")[2]


def _failed(before: Attempts) -> Attempts:
    return before.model_copy(update={"failed": before.failed + 1})


def _at(delays_s: tuple[float, ...], times: int) -> float:
    return delays_s[min(times, len(delays_s)) - 1]


def _deliveries(message: Msg) -> int:
    return message.metadata.num_delivered


def _name(message: Msg) -> str:
    """The announcement's own, also where the stream was made anew and counts from one again."""
    stored_at = int(message.metadata.timestamp.timestamp() * 1_000_000)
    return f"{_sequence(message)}-{stored_at:x}"


def _sequence(message: Msg) -> int:
    return message.metadata.sequence.stream


@asynccontextmanager
async def _heartbeats(message: Msg, *, every_s: float) -> AsyncIterator[None]:
    """Tell the queue that this announcement is still in hand, for as long as the block lasts."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(every_s)
            with contextlib.suppress(*FAULTS):
                await message.in_progress()

    beating = asyncio.create_task(beat(), name="heartbeats")
    try:
        yield
    finally:
        await stopped(beating)
