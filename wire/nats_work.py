"""Work that waits in a JetStream work queue until somebody has done it; who dies loses it to another."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Generic, Protocol, TypeVar

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from wire.errors import MalformedError
from wire.nats_connection import FAULTS
from wire.shapes import ShapeT, read_shape
from wire.stopping import stopped

CALL_WITHIN_S = 2.0
FETCH_FOR_S = 5.0
AWAY_FOR_S = 1.0
LEAVE_WITHIN_S = 1.0
BEATS_PER_ACK_WAIT = 3

TAKEN_TOGETHER = 20
"""So that many replicas share a rush of work."""

TakenT_co = TypeVar("TakenT_co", covariant=True)
_log = structlog.get_logger("work")


class Delivery(Generic[ShapeT]):
    """A piece of work in our hands.

    Attributes:
        item: what is to be done.
        number: 1 for the first time that it is handed out, 2 for the second, and so on.
        headers: what came with it, such as the trace that it is a part of.
    """

    def __init__(self, message: Msg, item: ShapeT, *, client: Client, ack_wait_s: float) -> None:
        self._message = message
        self._client = client
        self._ack_wait_s = ack_wait_s
        self._ours_until = time.monotonic() + ack_wait_s
        self.item = item
        self.number = message.metadata.num_delivered
        self.headers: Mapping[str, str] = message.headers or {}

    async def done(self) -> None:
        """It never comes again, unless this gets lost: doing it twice must be harmless."""
        with contextlib.suppress(*FAULTS):
            await self._message.ack_sync(timeout=CALL_WITHIN_S)

    async def put_back(self, *, delay_s: float) -> None:
        """Somebody shall take it again, after a while.

        Not said once somebody else may have it: the server would take it from them.
        """
        if not self._client.is_connected or time.monotonic() > self._ours_until:
            return
        with contextlib.suppress(*FAULTS):
            await self._message.nak(delay=delay_s)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While the block lasts, nobody else is given it."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            await stopped(beating)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._ack_wait_s / BEATS_PER_ACK_WAIT)
            with contextlib.suppress(*FAULTS):
                await self._message.in_progress()
                if self._client.is_connected:
                    self._ours_until = time.monotonic() + self._ack_wait_s


class WorkQueue(Generic[ShapeT]):
    """A durable consumer's side of a stream."""

    def __init__(
        self, client: Client, shape: type[ShapeT], *, stream: str, consumer: str, ack_wait_s: float
    ) -> None:
        """Take from it.

        Args:
            client: the connection.
            shape: what is in it.
            stream: its name.
            consumer: that `ensure_topology` has made, with this ``ack_wait_s``.
            ack_wait_s: whoever is silent for so long has lost their work to another.
        """
        self._client = client
        self._shape = shape
        self._stream = stream
        self._consumer = consumer
        self._ack_wait_s = ack_wait_s
        self._jetstream: JetStreamContext = client.jetstream(timeout=CALL_WITHIN_S)
        self._subscription: JetStreamContext.PullSubscription | None = None
        self._delivered = 0

    async def take(self, *, most: int) -> list[Delivery[ShapeT]]:
        """What waits, one at the least, however long that takes to come; with NATS away, once it is back.

        What waits is taken at once: of a hundred calls of NATS in a rush each would wait for its turn behind
        all else that there is to do. Cancelled meanwhile, it gives back what has come.
        """
        while True:
            fetching = asyncio.create_task(self._fetch(most))
            try:
                if taken := await asyncio.shield(fetching):
                    return taken
            except asyncio.CancelledError:
                await self._give_back(fetching)
                # A request that is left behind would be given something that nobody takes.
                await self._leave()
                raise
            except TimeoutError:
                # Nothing has come. nats-py says so in an error of its own, or in Python's.
                continue
            except FAULTS:
                await self._leave()
                await asyncio.sleep(AWAY_FOR_S)

    async def _fetch(self, most: int) -> list[Delivery[ShapeT]]:
        if self._subscription is None:
            self._subscription = await self._jetstream.pull_subscribe_bind(self._consumer, self._stream)
        self._delivered = self._subscription.delivered
        messages = await self._subscription.fetch(most, timeout=FETCH_FOR_S)
        read = [await self._read(message) for message in messages]
        return [delivery for delivery in read if delivery is not None]

    async def _give_back(self, fetching: "asyncio.Task[list[Delivery[ShapeT]]]") -> None:
        """What is on its way to us is waited for: nobody else is given it before its ack_wait is over."""
        deadline = time.monotonic() + LEAVE_WITHIN_S
        while self._is_coming() and not fetching.done() and (left_s := deadline - time.monotonic()) > 0:
            # Whoever cancelled us does so again.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait((fetching,), timeout=left_s)
        await stopped(fetching)
        if fetching.done() and not fetching.cancelled() and fetching.exception() is None:
            for delivery in fetching.result():
                await delivery.put_back(delay_s=0.0)

    def _is_coming(self) -> bool:
        """Whether some of what was asked for is here by now, and the rest not far."""
        return self._subscription is not None and self._subscription.delivered > self._delivered

    async def _read(self, message: Msg) -> Delivery[ShapeT] | None:
        try:
            item = read_shape(self._shape, message.data)
        except MalformedError:
            _log.exception("dropped what is no work", stream=self._stream)
            with contextlib.suppress(*FAULTS):
                await message.term()
            return None
        return Delivery(message, item, client=self._client, ack_wait_s=self._ack_wait_s)

    async def _leave(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(*FAULTS):
                async with asyncio.timeout(LEAVE_WITHIN_S):
                    await subscription.unsubscribe()
                    await self._client.flush()


class Take(Protocol[TakenT_co]):
    """Takes what is to be done."""

    def __call__(self, *, most: int) -> Awaitable[Sequence[TakenT_co]]:
        """One piece of work at the least, however long it takes to come."""
        ...


async def hand_out(
    take: Take[TakenT_co],
    see_to: Callable[[TakenT_co], Coroutine[Any, Any, None]],
    *,
    at_once: int,
    under_way: set[asyncio.Task[None]],
) -> None:
    """Take and see to one after another, so many at a time, until cancelled.

    What is under way by then goes on: ``under_way`` has it.
    """
    while True:
        if (free := at_once - len(under_way)) < 1:
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            continue
        for taken in await take(most=min(free, TAKEN_TOGETHER)):
            task = asyncio.create_task(see_to(taken))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
