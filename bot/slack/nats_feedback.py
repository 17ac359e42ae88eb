"""What people say of answers, in a JetStream stream: the last word of each on each answer."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from nats.aio.client import Client

from bot.slack.feedback_summary import by_source
from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.feedback import Feedback, SourceFeedback
from wire.nats_connection import FAULTS
from wire.nats_stream import keep_for, purged, stored
from wire.shapes import read_shape

KEPT_WITHIN_S = 1.0
"""Slack wants its acknowledgement within 3 s, and the presser a confirmation."""


class NatsFeedback:
    """The stream ``FEEDBACK``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._jetstream = client.jetstream(timeout=KEPT_WITHIN_S)

    async def keep(self, feedback: Feedback) -> None:
        """Keep it, in the place of what this person said of that answer before.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        subject = subjects.feedback_given(
            by=feedback.person, asker=feedback.asker or "", question=feedback.question
        )
        try:
            async with asyncio.timeout(KEPT_WITHIN_S):
                await self._jetstream.publish(subject, feedback.to_json())
        except FAULTS as error:
            raise UnavailableError("feedback could not be kept", service="nats") from error

    async def given(self, *, days: int) -> list[Feedback]:
        """What was said within so many days, newest first.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        last: dict[tuple[str, str], Feedback] = {}
        since = datetime.now(UTC) - timedelta(days=days)
        async with aclosing(
            stored(self._client, stream=subjects.FEEDBACK_STREAM, subject=subjects.FEEDBACK_ALL, since=since)
        ) as messages:
            async for message in messages:
                try:
                    feedback = read_shape(Feedback, message.data)
                except MalformedError:
                    continue
                # Words that could be read only once give the same feedback another subject.
                last.pop((feedback.person, feedback.question), None)
                last[feedback.person, feedback.question] = feedback
        return list(reversed(last.values()))

    async def summary(self, *, days: int = 30) -> list[SourceFeedback]:
        """What that makes of each source, worst first. Raises as ``given``."""
        return by_source(await self.given(days=days))

    async def forget(self, person: str) -> int:
        """Erase what this person, such as ``T1:U2``, said, and what holds their questions' words.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        erased = [
            await purged(self._client, stream=subjects.FEEDBACK_STREAM, subject=subject)
            for subject in subjects.feedback_about(person)
        ]
        return sum(erased)

    async def keep_for(self, days: int) -> None:
        """Keep feedback for so many days from now on. Raises as ``given``."""
        await keep_for(self._client, stream=subjects.FEEDBACK_STREAM, days=days)
