"""Which messages show a resync, in JetStream: a bot that edits one loses it to another when it dies."""

import asyncio

import nats.js.errors
from nats.aio.client import Client

from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.nats_work import Delivery, WorkQueue
from wire.sync import SyncFollowed

STORE_WITHIN_S = 2.0
STANDS_ALREADY = 10077
"""The server's code for a message that the stream's limits refuse: one for each subject."""


class NatsFollowed:
    """The stream of them, and the work queue on it."""

    def __init__(self, client: Client) -> None:
        self._jetstream = client.jetstream(timeout=STORE_WITHIN_S)
        self._work = WorkQueue(
            client,
            SyncFollowed,
            stream=subjects.FOLLOWED_STREAM,
            consumer=subjects.FOLLOWING_CONSUMER,
            ack_wait_s=subjects.FOLLOWING_ACK_WAIT_S,
        )

    async def store(self, followed: SyncFollowed) -> None:
        """Have some bot follow a run in this message; where one does so already, that goes on.

        Raises:
            UnavailableError: it was not stored in time.
        """
        subject = subjects.sync_followed(channel=followed.channel, ts=followed.ts)
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                await self._jetstream.publish(subject, followed.to_json())
        except nats.js.errors.APIError as error:
            if error.err_code == STANDS_ALREADY and "per subject" in (error.description or ""):
                return
            raise _not_stored() from error
        except FAULTS as error:
            raise _not_stored() from error

    async def take(self, *, most: int) -> list[Delivery[SyncFollowed]]:
        """The next ones, one at the least, however long that takes; with NATS away, once it is back."""
        return await self._work.take(most=most)


def _not_stored() -> UnavailableError:
    return UnavailableError("the resync can't be followed", service="nats")
