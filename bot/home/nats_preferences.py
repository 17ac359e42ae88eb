"""What people and admins have set, in the KV bucket ``settings``: an entry for each person and channel."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from datetime import UTC, datetime

import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js.kv import KeyValue

from bot.answering.question import Manner
from bot.slack.ports import Wanted
from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_stream import purged_key, stored
from wire.preferences import ChannelPreferences, ForgottenOnce, PersonalPreferences
from wire.questions import QuestionAsked
from wire.shapes import Shape, ShapeT, read_shape

KV_WITHIN_S = 2.0

_log = structlog.get_logger("settings")


class NatsPreferences:
    """The settings bucket; every method raises UnavailableError where NATS does not answer."""

    def __init__(self, client: Client, bucket: KeyValue) -> None:
        self._client = client
        self._bucket = bucket

    async def of_channel(self, channel: str, *, team: str) -> ChannelPreferences:
        """As set by an admin, or as it is by itself."""
        return await self._get(f"channel.{team}.{channel}", ChannelPreferences) or ChannelPreferences()

    async def of_person(self, user: str, *, team: str) -> PersonalPreferences:
        """As they set it, or as it is by itself."""
        return await self._get(f"person.{team}.{user}", PersonalPreferences) or PersonalPreferences()

    async def set_channel(self, channel: str, preferences: ChannelPreferences, *, team: str) -> None:
        """From the next question on."""
        await self._put(f"channel.{team}.{channel}", preferences)

    async def channels(self, *, team: str) -> dict[str, ChannelPreferences]:
        """Those that an admin has set up, with how they are."""
        found: dict[str, ChannelPreferences] = {}
        subject = f"$KV.{subjects.SETTINGS_BUCKET}.channel.{team}.*"
        async with aclosing(
            stored(self._client, stream=f"KV_{subjects.SETTINGS_BUCKET}", subject=subject)
        ) as messages:
            async for message in messages:
                with suppress(MalformedError):
                    channel = message.subject.rpartition(".")[2]
                    found[channel] = read_shape(ChannelPreferences, message.data)
        return {channel: set_up for channel, set_up in found.items() if set_up != ChannelPreferences()}

    async def change_person(
        self, user: str, change: Callable[[PersonalPreferences], PersonalPreferences], *, team: str
    ) -> None:
        """From the next question on, whatever they change besides at the same time."""
        key = f"person.{team}.{user}"
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                while not await self._changed(key, change):
                    pass
        except FAULTS as error:
            raise UnavailableError("the settings do not answer", service="nats") from error

    async def _changed(self, key: str, change: Callable[[PersonalPreferences], PersonalPreferences]) -> bool:
        """Whether it could be written over what was read."""
        before, revision = PersonalPreferences(), 0
        try:
            entry = await self._bucket.get(key)
            before, revision = _read(PersonalPreferences, entry) or before, entry.revision or 0
        except nats.js.errors.KeyNotFoundError as error:
            # What was erased has a revision, too.
            revision = error.entry.revision if error.entry else 0
        try:
            await self._bucket.update(key, change(before).to_json(), last=revision)
        except nats.js.errors.KeyWrongLastSequenceError:
            return False
        return True

    async def forget(self, person: str) -> int:
        """Erase what this person (``T1:U2``) has set; gives how many entries went.

        A mark stays, so that an older backup does not bring it back.
        """
        await self._put(subjects.forgotten(person), ForgottenOnce(at=datetime.now(UTC)))
        key = f"person.{person.replace(':', '.')}"
        return await purged_key(self._client, bucket=subjects.SETTINGS_BUCKET, key=key)

    async def mapped(self, question: QuestionAsked) -> tuple[str, ...]:
        """What else is read in a question's channel."""
        return (await self.of_channel(question.channel, team=question.team)).principals

    async def quiet(self, question: QuestionAsked) -> bool:
        """Whether a mention is needed there, or by this person."""
        if (await self.of_channel(question.channel, team=question.team)).mention_only:
            return True
        return (await self.of_person(question.user, team=question.team)).muted

    async def wanted(self, question: QuestionAsked) -> Wanted:
        """How a question is to be answered.

        In a direct message the asker's language counts; elsewhere others read along, and the channel's does.
        """
        person = await self.of_person(question.user, team=question.team)
        if question.direct:
            return Wanted(manner=Manner(language=person.language), fresh=not person.cached)
        channel = await self.of_channel(question.channel, team=question.team)
        manner = Manner(sources=channel.sources, instruction=channel.instruction, language=channel.language)
        return Wanted(manner=manner, fresh=not person.cached)

    async def _get(self, key: str, shape: type[ShapeT]) -> ShapeT | None:
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                return _read(shape, await self._bucket.get(key))
        except nats.js.errors.KeyNotFoundError:
            return None
        except FAULTS as error:
            raise UnavailableError("the settings do not answer", service="nats") from error

    async def _put(self, key: str, preferences: Shape) -> None:
        try:
            async with asyncio.timeout(KV_WITHIN_S):
                await self._bucket.put(key, preferences.to_json())
        except FAULTS as error:
            raise UnavailableError("the settings do not answer", service="nats") from error


def _read(shape: type[ShapeT], entry: KeyValue.Entry) -> ShapeT | None:
    try:
        return read_shape(shape, entry.value or b"")
    except MalformedError:
        _log.warning("settings that can't be read are left out", key=entry.key)
        return None


async def open_preferences(client: Client) -> NatsPreferences:
    """The bucket that ``ensure_topology`` has made."""
    return NatsPreferences(
        client, await client.jetstream(timeout=KV_WITHIN_S).key_value(subjects.SETTINGS_BUCKET)
    )
