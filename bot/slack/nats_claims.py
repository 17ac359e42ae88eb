"""Who answers which question, and where: a KV record per question, written before the first post.

Whoever takes a question up writes its own name into the record, and from then on a former owner,
however late it wakes up, finds that the message is no longer its own.
"""

import asyncio
import hashlib
import uuid
from typing import Any

import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from bot.slack.ports import SupersededError
from bot.slack.view import Payload
from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.questions import QuestionAsked, QuestionName
from wire.shapes import Shape, read_shape

KV_WITHIN_S = 2.0


class _Message(Shape):
    text: str
    blocks: list[dict[str, Any]]
    goes_on: bool = False
    about: str = ""
    repeatable: bool = True


class _Written(Shape):
    messages: tuple[_Message, ...] = ()
    readers: tuple[str, ...]


class _Record(Shape):
    """How far a question has come.

    ``epoch`` counts how often it was taken up; ``asker`` is who asked (``T1:U2``), so that it can be
    erased; ``viewing`` is what they looked at, for when it is asked again; ``written`` keeps the finished
    messages until they stand, so that showing them never needs the model again.
    """

    owner: str
    epoch: int
    asker: str = ""
    viewing: str | None = None
    answered: bool = False
    messages: tuple[str, ...] = ()
    written: _Written | None = None


class NatsClaim:
    """Our hold on a question."""

    def __init__(self, bucket: KeyValue, *, key: str, record: _Record, revision: int) -> None:
        self._bucket = bucket
        self._key = key
        self._record = record
        self._revision = revision

    @property
    def messages(self) -> tuple[str, ...]:
        """The ``ts`` of each of our messages, once noted."""
        return self._record.messages

    @property
    def written(self) -> tuple[Payload, ...] | None:
        """The finished messages, where an earlier owner came that far."""
        written = self._record.written
        return tuple(Payload(**dict(message)) for message in written.messages) if written else None

    @property
    def readers(self) -> tuple[str, ...]:
        """The principals that the finished messages were written for."""
        return self._record.written.readers if self._record.written else ()

    @property
    def messages_unknown(self) -> bool:
        """Whether an earlier owner may have posted without living to note it."""
        return self._record.epoch > 1 and not self._record.answered

    async def holds(self) -> bool:
        """Whether the question is still ours."""
        found = await _get(self._bucket, self._key)
        return found is not None and found[0].owner == self._record.owner

    async def note_messages(self, messages: tuple[str, ...]) -> None:
        """Our messages stand at these ``ts``, in order."""
        await self._note(messages=messages)

    async def note_written(self, shown: tuple[Payload, ...], *, readers: tuple[str, ...]) -> None:
        """The answer is finished, looks like this, and is for these."""
        messages = tuple(
            _Message(
                text=each.text,
                blocks=each.blocks,
                goes_on=each.goes_on,
                about=each.about,
                repeatable=each.repeatable,
            )
            for each in shown
        )
        await self._note(written=_Written(messages=messages, readers=readers))

    async def note_answered(self) -> None:
        """The finished messages stand."""
        await self._note(answered=True, written=None)

    async def _note(self, **changes: Any) -> None:
        record = self._record.model_copy(update=changes)
        revision = await _update(self._bucket, self._key, record, revision=self._revision)
        if revision is None:
            # Either somebody else wrote, or we did and the acknowledgement was lost.
            found = await _get(self._bucket, self._key)
            if found is None or found[0].owner != record.owner:
                raise SupersededError
            revision = await _update(self._bucket, self._key, record, revision=found[1])
            if revision is None:
                raise SupersededError
        self._revision = revision
        self._record = record


class NatsClaims:
    """The questions bucket."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket

    async def claim(self, question: QuestionAsked) -> NatsClaim | None:
        """Take a question up; None where it has been answered already.

        Raises:
            SupersededError: another replica took it up in this very moment.
            UnavailableError: NATS does not answer.
        """
        key = _key(question.id)
        found = await _get(self._bucket, key)
        if found is None:
            record = _Record(owner=uuid.uuid4().hex, epoch=1, asker=question.asker, viewing=question.viewing)
            revision = 0
        else:
            before, revision = found
            if before.answered:
                return None
            record = before.model_copy(update={"owner": uuid.uuid4().hex, "epoch": before.epoch + 1})
        written = await _update(self._bucket, key, record, revision=revision)
        if written is None:
            raise SupersededError
        return NatsClaim(self._bucket, key=key, record=record, revision=written)

    async def knows(self, question: QuestionName) -> bool:
        """Whether it was taken up within the last day.

        Raises:
            UnavailableError: NATS does not answer.
        """
        return await _get(self._bucket, _key(str(question))) is not None

    async def viewing(self, question: QuestionName) -> str | None:
        """The channel that its asker looked at, as long as that is known: a day from its answer.

        Raises:
            UnavailableError: NATS does not answer.
        """
        found = await _get(self._bucket, _key(str(question)))
        return found[0].viewing if found else None

    async def first(self, deed: str) -> bool:
        """Whether nobody has done this within the last day; from now on somebody has.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._bucket.create(_once_key(deed), b"{}")
        except nats.js.errors.KeyWrongLastSequenceError:
            return False
        except FAULTS as error:
            raise UnavailableError("what was done can't be noted", service="nats") from error
        return True

    async def undone(self, deed: str) -> None:
        """It could not be done after all, and may be tried again. Raises as ``first``."""
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._bucket.delete(_once_key(deed))
        except FAULTS as error:
            raise UnavailableError("what was not done can't be noted", service="nats") from error


async def open_claims(client: Client) -> NatsClaims:
    """The bucket that ``ensure_topology`` has made."""
    return NatsClaims(await client.jetstream(timeout=KV_WITHIN_S).key_value(subjects.QUESTIONS_BUCKET))


def _once_key(deed: str) -> str:
    return f"once.{hashlib.sha256(deed.encode()).hexdigest()}"


def _key(question: str) -> str:
    return f"answer.{question.replace(':', '.')}"


async def _get(bucket: KeyValue, key: str) -> tuple[_Record, int] | None:
    try:
        async with asyncio.timeout(KV_WITHIN_S):
            entry = await bucket.get(key)
    except nats.js.errors.KeyNotFoundError:
        return None
    except FAULTS as error:
        raise UnavailableError("the question's record can't be read", service="nats") from error
    return read_shape(_Record, entry.value or b""), entry.revision or 0


async def _update(bucket: KeyValue, key: str, record: _Record, *, revision: int) -> int | None:
    """The new revision, or None where the record is no longer at the given one."""
    try:
        async with asyncio.timeout(KV_WITHIN_S):
            return await bucket.update(key, record.to_json(), last=revision)
    except nats.js.errors.KeyWrongLastSequenceError:
        return None
    except FAULTS as error:
        raise UnavailableError("the question's record can't be written", service="nats") from error
