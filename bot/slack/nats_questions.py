"""Questions kept in JetStream from before Slack is told that they arrived until they are answered."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext

from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.opentelemetry_spans import carried
from wire.questions import QuestionAsked
from wire.shapes import read_shape
from wire.stopping import stopped

STORE_WITHIN_S = 2.0
"""Slack wants its acknowledgement within 3 s."""
FETCH_FOR_S = 5.0
ACK_WAIT_S = subjects.ANSWERING_ACK_WAIT_S
HEARTBEAT_EVERY_S = ACK_WAIT_S / 3
AWAY_FOR_S = 1.0
LEAVE_WITHIN_S = 1.0

_log = structlog.get_logger("questions")


class Delivery:
    """A question in our hands.

    Attributes:
        number: 1 for the first time that it is handed out, 2 for the second, and so on.
        headers: what came with it, such as the trace that it is a part of.
    """

    def __init__(self, message: Msg, question: QuestionAsked, *, client: Client) -> None:
        self._message = message
        self._client = client
        self._ours_until = time.monotonic() + ACK_WAIT_S
        self.question = question
        self.number = message.metadata.num_delivered
        self.headers: Mapping[str, str] = message.headers or {}

    async def done(self) -> None:
        """It never comes again.

        A lost acknowledgement is harmless: its record says that it was answered.
        """
        with contextlib.suppress(*FAULTS):
            await self._message.ack_sync(timeout=STORE_WITHIN_S)

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
        """While the block lasts, nobody else is given this question."""
        beating = asyncio.create_task(self._beat())
        try:
            yield
        finally:
            await stopped(beating)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_EVERY_S)
            with contextlib.suppress(*FAULTS):
                await self._message.in_progress()
                if self._client.is_connected:
                    self._ours_until = time.monotonic() + ACK_WAIT_S


class QuestionQueue:
    """The stream of questions and the work queue on it."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jetstream: JetStreamContext = client.jetstream(timeout=STORE_WITHIN_S)
        self._subscription: JetStreamContext.PullSubscription | None = None

    async def store(self, question: QuestionAsked) -> None:
        """Keep a question; a second announcement of the same one counts once.

        Raises:
            UnavailableError: it was not stored in time.
        """
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                await self._jetstream.publish(
                    subjects.QUESTIONS_ASKED,
                    question.to_json(),
                    headers={subjects.MESSAGE_ID_HEADER: question.id, **carried()},
                )
        except FAULTS as error:
            raise UnavailableError("the question could not be stored", service="nats") from error

    async def take(self) -> Delivery:
        """The next question, however long it takes to come; with NATS away, once it is back."""
        while True:
            try:
                return await self._fetch()
            except asyncio.CancelledError:
                # A request for a question that is left behind would be given one that nobody takes.
                await self._leave()
                raise
            except nats.errors.TimeoutError:
                continue
            except MalformedError:
                _log.exception("dropped a question that is none")
            except FAULTS:
                await self._leave()
                await asyncio.sleep(AWAY_FOR_S)

    async def _fetch(self) -> Delivery:
        if self._subscription is None:
            self._subscription = await self._jetstream.pull_subscribe_bind(
                subjects.ANSWERING_CONSUMER, subjects.QUESTIONS_STREAM
            )
        [message] = await self._subscription.fetch(1, timeout=FETCH_FOR_S)
        try:
            return Delivery(message, read_shape(QuestionAsked, message.data), client=self._client)
        except MalformedError:
            await message.term()
            raise

    async def _leave(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(*FAULTS):
                async with asyncio.timeout(LEAVE_WITHIN_S):
                    await subscription.unsubscribe()
                    await self._client.flush()
