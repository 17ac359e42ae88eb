"""The wish to stop an answer, told to every replica over NATS: the one that writes the answer hears it.

It is not kept: an answer whose replica has just died goes on, and may be stopped again.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from bot.slack.ports import StopWish
from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_hearing import hearing
from wire.questions import QuestionAsked, StopAsked
from wire.shapes import read_shape

TOLD_WITHIN_S = 2.0
WISHES_WAITING = 16

_log = structlog.get_logger("stops")


class NatsStops:
    """Tells and hears; made by `hearing_stops`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._under_way: list[tuple[QuestionAsked, asyncio.Queue[StopWish]]] = []

    async def tell(self, order: StopAsked) -> None:
        """Tell every replica.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            async with asyncio.timeout(TOLD_WITHIN_S):
                await self._client.publish(subjects.ANSWERS_STOP, order.to_json())
                await self._client.flush()
        except FAULTS as error:
            raise UnavailableError("the answer can't be stopped right now", service="nats") from error

    @contextmanager
    def heard(self, question: QuestionAsked) -> Iterator[asyncio.Queue[StopWish]]:
        """The wishes to stop this question's answer, while the block lasts."""
        entry = (question, asyncio.Queue[StopWish]())
        self._under_way.append(entry)
        try:
            yield entry[1]
        finally:
            self._under_way.remove(entry)

    async def take(self, message: Msg) -> None:
        """Pass a wish on to the answers that it means."""
        try:
            order = read_shape(StopAsked, message.data)
        except MalformedError:
            _log.warning("a wish to stop that can't be read")
            return
        for question, wishes in self._under_way:
            means_it = (
                order.channel == question.channel
                and order.thread_ts in (None, question.thread)
                and order.ts in (None, question.ts)
                and order.attempt in (None, question.attempt)
            )
            granted = order.by in (None, question.user)
            # Others' presses are answered one by one, and must not keep the asker's own wish out.
            if means_it and (granted or (order.pressed and wishes.qsize() < WISHES_WAITING)):
                wishes.put_nowait(StopWish(granted=granted, by=order.by, pressed=order.pressed))


@asynccontextmanager
async def hearing_stops(client: Client) -> AsyncIterator[NatsStops]:
    """Hear what other replicas are told, for as long as the block lasts."""
    stops = NatsStops(client)
    async with hearing(client, subjects.ANSWERS_STOP, stops.take):
        yield stops
