"""Answers that broke off, kept for a day in the questions' bucket, so that they can be gone on with.

Each is known by every document that it was written from, and goes with any of them.
"""

import asyncio
from collections.abc import Collection
from dataclasses import replace

import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.heads import Head
from wire.nats_connection import FAULTS
from wire.nats_stream import purged_key
from wire.questions import QuestionAsked
from wire.shapes import Shape, read_shape

KV_WITHIN_S = 2.0
_OF = "broken.of"
"""Entries that say which answers were written from a document."""


class _Kept(Shape):
    """What there is of an answer; ``asker`` is who asked (``T1:U2``), so that it can be erased."""

    asker: str
    readers: tuple[str, ...]
    text: str
    documents: tuple[str, ...]


class _Of(Shape):
    asker: str


class NatsBrokenOff:
    """Keeps them; made by `open_broken_off`. Every method raises UnavailableError where NATS is away."""

    def __init__(self, client: Client, *, questions: KeyValue, heads: KeyValue) -> None:
        self._client = client
        self._questions = questions
        self._heads = heads

    async def before(self, question: QuestionAsked, *, readers: tuple[str, ...]) -> str:
        """What is to be gone on with; empty where there is nothing, or it was for other readers."""
        kept = await self._former(question)
        return kept.text if kept is not None and kept.readers == readers else ""

    async def keep(
        self, question: QuestionAsked, *, text: str, readers: tuple[str, ...], documents: Collection[str]
    ) -> None:
        """Keep an answer, with what it went on with; not where one of its documents is deleted by now.

        Args:
            question: whose answer it is.
            text: of this attempt.
            readers: whom it was written for.
            documents: the keys of those that it was written from.
        """
        former, written_from = await self._former(question), set(documents)
        if question.goes_on and former is None:
            # What it went on with was erased meanwhile, and may be told of in it.
            return
        if former is not None and former.readers == readers:
            text, written_from = former.text + text, {*former.documents, *written_from}
        kept = _Kept(asker=question.asker, readers=readers, text=text, documents=tuple(sorted(written_from)))
        key = _key(question.id)
        # Known by its documents first: whoever erases it finds it, or we find that a document is deleted.
        for document in kept.documents:
            await self._put(f"{_OF}.{document}.{key}", _Of(asker=question.asker))
        await self._put(f"broken.text.{key}", kept)
        for document in kept.documents:
            if await self._is_deleted(document):
                await self._erase(key)
                return

    async def forget_document(self, document: str) -> int:
        """Erase what was written from this document, by its key; gives how many answers that were."""
        prefix = f"$KV.{subjects.QUESTIONS_BUCKET}.{_OF}.{document}."
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                info = await self._client.jetstream().stream_info(
                    f"KV_{subjects.QUESTIONS_BUCKET}", subjects_filter=f"{prefix}>"
                )
        except FAULTS as error:
            raise _away() from error
        found = info.state.subjects or {}
        for subject in found:
            await self._erase(subject.removeprefix(prefix))
        return len(found)

    async def _former(self, question: QuestionAsked) -> _Kept | None:
        if not question.goes_on:
            return None
        former = replace(question.name, attempt=question.attempt - 1)
        value = await self._get(self._questions, f"broken.text.{_key(str(former))}")
        try:
            return None if value is None else read_shape(_Kept, value)
        except MalformedError:  # of another release
            return None

    async def _is_deleted(self, document: str) -> bool:
        value = await self._get(self._heads, document)
        try:
            return value is not None and read_shape(Head, value).state == "deleted"
        except MalformedError:
            return True

    async def _erase(self, key: str) -> None:
        for which in (f"broken.text.{key}", f"{_OF}.*.*.{key}"):
            await purged_key(self._client, bucket=subjects.QUESTIONS_BUCKET, key=which)

    async def _put(self, key: str, value: Shape) -> None:
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._questions.put(key, value.to_json())
        except FAULTS as error:
            raise _away() from error

    async def _get(self, bucket: KeyValue, key: str) -> bytes | None:
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                return (await bucket.get(key)).value
        except nats.js.errors.KeyNotFoundError:
            return None
        except FAULTS as error:
            raise _away() from error


async def open_broken_off(client: Client) -> NatsBrokenOff:
    """The buckets that ``ensure_topology`` has made."""
    jetstream = client.jetstream(timeout=KV_WITHIN_S)
    return NatsBrokenOff(
        client,
        questions=await jetstream.key_value(subjects.QUESTIONS_BUCKET),
        heads=await jetstream.key_value(subjects.HEADS_BUCKET),
    )


def _key(question: str) -> str:
    return question.replace(":", ".")


def _away() -> UnavailableError:
    return UnavailableError("what is kept of broken-off answers can't be reached", service="nats")
