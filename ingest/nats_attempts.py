"""How often an announcement was tried, and how: the KV bucket `attempts`.

The queue counts deliveries, which is not the same: it also counts those that a stop gave back, and those
that merely waited in a worker while another document killed it. A record is written only where something
went wrong, so that a document which goes through at once costs nothing here.
"""

import asyncio

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from wire import subjects
from wire.errors import UnavailableError
from wire.shapes import Shape, read_shape

CALL_WITHIN_S = 5.0


class Attempts(Shape):
    """What became of an announcement so far."""

    failed: int = 0
    """Attempts that ended with a reason."""
    deaths: int = 0
    """Attempts begun with no other document in hand, of which nothing was heard again."""
    settled: int = 0
    """The last delivery that ended in order; the worker that had a later one died, or was lost."""


class NatsAttempts:
    """Records by the announcement's name; every method may raise UnavailableError."""

    def __init__(self, client: Client) -> None:
        self._jetstream = client.jetstream()

    async def look_up(self, name: str) -> Attempts:
        """What is on record."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                entry = await (await self._bucket()).get(name)
        except nats.js.errors.KeyNotFoundError:
            return Attempts()
        except (nats.errors.Error, TimeoutError) as error:
            raise _away() from error
        return read_shape(Attempts, entry.value or b"{}")

    async def keep(self, name: str, attempts: Attempts) -> None:
        """Put it on record."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await (await self._bucket()).put(name, attempts.to_json())
        except (nats.errors.Error, TimeoutError) as error:
            raise _away() from error

    async def _bucket(self) -> KeyValue:
        return await self._jetstream.key_value(subjects.ATTEMPTS_BUCKET)


def _away() -> UnavailableError:
    return UnavailableError("the record of attempts does not answer", service="nats")
