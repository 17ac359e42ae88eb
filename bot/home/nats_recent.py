"""Each person's last questions, in the KV bucket ``recent``, for their own Home tab."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.kv import KeyValue

from bot.slack.mrkdwn import short
from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_hearing import hearing
from wire.nats_stream import purged_key
from wire.preferences import RECENT_AT_MOST, RECENT_CHARS, RecentQuestion, RecentQuestions
from wire.questions import QuestionAsked
from wire.shapes import read_shape

KV_WITHIN_S = 2.0
TRIES = 5
"""At writing an entry that others write at the same time."""

_log = structlog.get_logger("recent")


class NatsRecent:
    """The recent bucket."""

    def __init__(self, bucket: KeyValue, client: Client) -> None:
        self._client = client
        self._bucket = bucket

    async def note(self, question: QuestionAsked, *, words: str, ts: str) -> None:
        """Keep where a question's answer stands; where that can't be done in time, it is left out."""
        told = words or ", ".join(file.name for file in question.files)
        if not told:
            return
        asked = RecentQuestion(
            question=short(told, RECENT_CHARS),
            channel=question.channel,
            answer=ts,
            asked_at=question.asked_at,
        )
        key = f"{question.team}.{question.user}"
        with contextlib.suppress(*FAULTS):
            async with asyncio.timeout(KV_WITHIN_S):
                for _ in range(TRIES):
                    if await self._add(key, asked):
                        return
        _log.warning("a question could not be kept for its asker's list")

    async def of(self, user: str, *, team: str) -> tuple[RecentQuestion, ...]:
        """Their last ones, newest first.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                return (await self._get(f"{team}.{user}"))[0].questions
        except FAULTS as error:
            raise UnavailableError("the last questions can't be read", service="nats") from error

    async def forget(self, person: str) -> int:
        """Erase this person's (``T1:U2``); gives how many entries went.

        Raises:
            UnavailableError: NATS does not answer.
        """
        key = person.replace(":", ".")
        return await purged_key(self._client, bucket=subjects.RECENT_BUCKET, key=key)

    async def _add(self, key: str, asked: RecentQuestion) -> bool:
        known, revision = await self._get(key)
        others = [each for each in known.questions if each.answer != asked.answer]
        newest = sorted((asked, *others), key=lambda each: each.asked_at, reverse=True)
        changed = RecentQuestions(questions=tuple(newest[:RECENT_AT_MOST]))
        try:
            await self._bucket.update(key, changed.to_json(), last=revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            return False
        return True

    async def _get(self, key: str) -> tuple[RecentQuestions, int]:
        try:
            entry = await self._bucket.get(key)
        except nats.js.errors.KeyNotFoundError as error:
            # An erased entry has a revision, too.
            return RecentQuestions(), error.entry.revision if error.entry else 0
        try:
            return read_shape(RecentQuestions, entry.value or b""), entry.revision or 0
        except MalformedError:
            return RecentQuestions(), entry.revision or 0


@asynccontextmanager
async def hearing_of_answers(
    client: Client, answered: Callable[[str], None], *, team: str
) -> AsyncIterator[None]:
    """Hear whose list has grown, whichever bot noted it, while the block lasts; ``answered`` must not wait.

    It is NATS' own word of what is written to a bucket; a word that gets lost is not told again.
    """

    async def heard(message: Msg) -> None:
        answered(message.subject.rpartition(".")[2])

    async with hearing(client, f"$KV.{subjects.RECENT_BUCKET}.{team}.*", heard):
        yield


async def open_recent(client: Client) -> NatsRecent:
    """The bucket that ``ensure_topology`` has made."""
    return NatsRecent(await client.jetstream(timeout=KV_WITHIN_S).key_value(subjects.RECENT_BUCKET), client)
