"""The bot as other programs see it: a question over NATS, and the events of its answer."""

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import suppress

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from pydantic import TypeAdapter

from wire import subjects
from wire.answers import AnswerEvent, Done, Failed
from wire.asking import AnswerAccepted, AnswerAsked, AnswerControl, Said
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_service import request_reply
from wire.shapes import read_shape
from wire.stopping import stopped

ACCEPTED_WITHIN_S = 10.0
SILENT_S = 15.0
"""Three of the bot's signs of life."""
HERE_EVERY_S = 5.0

_EVENT: TypeAdapter[AnswerEvent] = TypeAdapter(AnswerEvent)


class AnswersClient:
    """Asks whichever bot is there."""

    def __init__(self, client: Client, *, asker: str) -> None:
        """Ask.

        Args:
            client: the connection.
            asker: whose quota the questions use.
        """
        self._client = client
        self._asker = asker

    async def answer(
        self, question: str, *, principals: tuple[str, ...], conversation: tuple[Said, ...] = ()
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The events of the answer; closing it stops the answer.

        Raises:
            UnavailableError: no bot answers, or it has died in the middle.
            RefusedError, MalformedError: the bot does not take the question.
        """
        asked = AnswerAsked(
            id=secrets.token_urlsafe(16),
            question=question,
            principals=principals,
            conversation=conversation,
            asker=self._asker,
        )
        events = await self._client.subscribe(subjects.answer_events(asked.id))
        here = asyncio.create_task(self._say_here(asked.id), name="answer's reader is here")
        ended = False
        try:
            await request_reply(
                self._client,
                subject=subjects.ANSWERS_ASKED,
                message=asked,
                reply=AnswerAccepted,
                within_s=ACCEPTED_WITHIN_S,
                service="bot",
            )
            number = 0
            while not ended:
                message = await _next(events)
                if not message.data:
                    continue
                number += 1
                if (message.headers or {}).get(subjects.EVENT_NUMBER_HEADER) != str(number):
                    raise UnavailableError("A part of the answer was lost; please ask again.", service="bot")
                event = read_shape(_EVENT, message.data)
                ended = isinstance(event, Done | Failed)
                yield event
        finally:
            await stopped(here)
            with suppress(*FAULTS):
                if not ended:
                    await self._control(asked.id, AnswerControl(stop=True))
                await events.unsubscribe()

    async def _say_here(self, answer: str) -> None:
        while True:
            await asyncio.sleep(HERE_EVERY_S)
            with suppress(*FAULTS):
                await self._control(answer, AnswerControl())

    async def _control(self, answer: str, said: AnswerControl) -> None:
        await self._client.publish(subjects.answer_control(answer), said.to_json())


async def _next(events: Subscription) -> Msg:
    try:
        return await events.next_msg(timeout=SILENT_S)
    except FAULTS as error:
        raise UnavailableError("The bot has gone silent; please ask again.", service="bot") from error
