"""Questions kept in JetStream from before Slack is told that they arrived until they are answered."""

import asyncio

from nats.aio.client import Client

from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_work import Delivery, WorkQueue
from wire.opentelemetry_spans import carried
from wire.questions import QuestionAsked

STORE_WITHIN_S = 2.0
"""Slack wants its acknowledgement within 3 s."""


class QuestionQueue:
    """The stream of questions and the work queue on it."""

    def __init__(self, client: Client) -> None:
        self._jetstream = client.jetstream(timeout=STORE_WITHIN_S)
        self._work = WorkQueue(
            client,
            QuestionAsked,
            stream=subjects.QUESTIONS_STREAM,
            consumer=subjects.ANSWERING_CONSUMER,
            ack_wait_s=subjects.ANSWERING_ACK_WAIT_S,
        )

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

    async def take(self, *, most: int) -> list[Delivery[QuestionAsked]]:
        """The next questions, one at the least, however long that takes; with NATS away, once it is back."""
        return await self._work.take(most=most)
