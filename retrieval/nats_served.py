"""Which index readers are served from, in NATS KV: one record, advanced by compare-and-set.

An index is to all documents what a head is to one: a second index is built beside the first, unseen,
until this record advances to it. Workers look at it every second, and turn to where it points.
"""

import asyncio

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.kv import KeyValue

from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS
from wire.settings import StoreKind
from wire.shapes import Shape, read_shape

CALL_WITHIN_S = 5.0
LOOK_EVERY_S = 1.0
KEY = "served"


class Served(Shape):
    """The index that answers come from."""

    store: StoreKind
    name: str
    """As its note has it."""
    fingerprint: str
    dimensions: int
    model: str
    """What ``EMBEDDING_MODEL`` was: another worker can open the same encoder by it."""
    retiring: str | None = None
    """The fingerprint of its predecessor, until that is removed."""


class NatsServed:
    """The record; `open_served` makes it."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket

    async def look_up(self) -> tuple[Served | None, int]:
        """What is served, and the revision to advance over; None before the first worker's start.

        Raises:
            UnavailableError: NATS does not answer.
        """
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                entry = await self._bucket.get(KEY)
        except nats.js.errors.KeyNotFoundError as error:
            marker: KeyValue.Entry | None = error.entry
            return None, (marker.revision or 0) if marker else 0
        except FAULTS as error:
            raise UnavailableError("which index is served can't be read", service="nats") from error
        return read_shape(Served, entry.value or b""), entry.revision or 0

    async def advance(self, served: Served, *, over: int) -> bool:
        """Serve this from now on; False where another worker was first.

        Raises:
            UnavailableError: NATS does not answer; it may or may not have advanced.
        """
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await self._bucket.update(KEY, served.to_json(), last=over)
        except nats.js.errors.KeyWrongLastSequenceError:
            return False
        except FAULTS as error:
            raise UnavailableError("which index is served can't be written", service="nats") from error
        return True

    async def until(self, *, other_than: str) -> Served:
        """The first index that is served and does not have this name."""
        while True:
            try:
                served, _ = await self.look_up()
            except UnavailableError:
                served = None
            if served is not None and served.name != other_than:
                return served
            await asyncio.sleep(LOOK_EVERY_S)


async def open_served(client: Client) -> NatsServed:
    """Bind to the bucket that ``ensure_topology`` has made.

    Raises:
        UnavailableError: NATS does not answer.
    """
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            return NatsServed(await client.jetstream().key_value(subjects.INDEX_BUCKET))
    except FAULTS as error:
        raise UnavailableError("which index is served can't be read", service="nats") from error
