"""``answers.asked``: answers for programs that speak NATS, such as ``answerdesk ask``.

The events go out as plain messages, numbered, so that a reader sees where one is missing; an empty message is
a sign of life. A reader that is silent for a while is gone, and its answer is stopped.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from bot.answering.question import Question
from bot.web.asking import turns_of
from bot.web.streams import AnswerStream, AnswerStreams
from wire import subjects
from wire.asking import AnswerAccepted, AnswerAsked, AnswerControl
from wire.errors import MalformedError, RefusedError
from wire.nats_connection import FAULTS
from wire.nats_hearing import hearing
from wire.nats_service import serving
from wire.shapes import Shape, read_shape
from wire.stopping import stopped

AT_ONCE = 16
ACCEPT_WITHIN_S = 5.0
BEAT_EVERY_S = 5.0
SILENT_S = 20.0
"""Four of a reader's signs of life."""
TELL_WITHIN_S = 2.0

_log = structlog.get_logger("web")


class _Reader:
    """Who has asked, and was last heard of when."""

    def __init__(self, stream: AnswerStream) -> None:
        self.stream = stream
        self.heard_at = time.monotonic()

    @property
    def is_gone(self) -> bool:
        return time.monotonic() - self.heard_at > SILENT_S


class AnswersOverNats:
    """Takes questions and tells their answers; every task of it is in ``tasks``."""

    def __init__(self, client: Client, streams: AnswerStreams) -> None:
        self._client = client
        self._streams = streams
        self._readers: dict[str, _Reader] = {}
        self.tasks: set[asyncio.Task[None]] = set()

    async def asked(self, data: bytes) -> Shape:
        """Begin an answer."""
        asked = read_shape(AnswerAsked, data)
        if asked.id in self._readers:
            raise RefusedError("An answer of that id is being written.")
        asker = f"nats:{asked.asker}"
        question = Question(
            id=f"nats:{asked.id}",
            text=asked.question,
            person=asker,
            principals=asked.principals,
            conversation=turns_of(asked.conversation),
        )
        reader = _Reader(self._streams.ask(question, owner=asker))
        self._readers[asked.id] = reader
        task = asyncio.create_task(self._tell(asked.id, reader), name="answer over NATS")
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return AnswerAccepted(id=asked.id)

    async def control(self, message: Msg) -> None:
        """A reader is there, or wants no more."""
        reader = self._readers.get(message.subject.rpartition(".")[2])
        if reader is None:
            return  # another bot's
        try:
            said = read_shape(AnswerControl, message.data)
        except MalformedError:
            return
        reader.heard_at = time.monotonic()
        if said.stop:
            reader.stream.stop()

    async def _tell(self, name: str, reader: _Reader) -> None:
        subject, after, stream = subjects.answer_events(name), 0, reader.stream
        try:
            with stream.reading():
                while not stream.told_all(after) and not reader.is_gone:
                    events = await stream.after(after, within_s=BEAT_EVERY_S)
                    for event in events:
                        headers = {subjects.EVENT_NUMBER_HEADER: str(event.number)}
                        await self._client.publish(subject, event.json.encode(), headers=headers)
                        after = event.number
                    if not events and not stream.ended:
                        await self._client.publish(subject, b"")
                if reader.is_gone:
                    stream.stop()
        except FAULTS:
            _log.warning("an answer's reader can't be reached over NATS")
            stream.stop()
        finally:
            del self._readers[name]


@asynccontextmanager
async def answering_over_nats(client: Client, streams: AnswerStreams) -> AsyncIterator[None]:
    """Answer on NATS while the block lasts; any bot answers."""
    answers = AnswersOverNats(client, streams)
    endpoints = {subjects.ANSWERS_ASKED: answers.asked}
    async with (
        hearing(client, subjects.ANSWERS_CONTROL_ALL, answers.control),
        serving(client, name="answers", endpoints=endpoints, at_once=AT_ONCE, within_s=ACCEPT_WITHIN_S),
    ):
        try:
            yield
        finally:
            if answers.tasks:
                await asyncio.wait(answers.tasks, timeout=TELL_WITHIN_S)
            await stopped(*answers.tasks)
