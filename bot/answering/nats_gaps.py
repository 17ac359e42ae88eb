"""Questions that found no answer, in a JetStream stream of bounded size and age."""

import asyncio

import structlog
from nats.aio.client import Client

from wire import subjects
from wire.errors import MalformedError
from wire.gaps import KnowledgeGap
from wire.nats_connection import FAULTS
from wire.nats_reading import read_stream
from wire.nats_stream import purged
from wire.shapes import read_shape

WITHIN_S = 1.0
"""What an answer may wait for its gap to be kept."""

_log = structlog.get_logger("gaps")


class NatsGaps:
    """The stream ``GAPS``."""

    def __init__(self, client: Client, *, within_s: float = WITHIN_S) -> None:
        self._within_s = within_s
        self._client = client
        self._jetstream = client.jetstream(timeout=within_s)

    async def record(self, gap: KnowledgeGap) -> None:
        """Keep one."""
        try:
            async with asyncio.timeout(self._within_s):
                await self._jetstream.publish(
                    subjects.gaps_found(gap.person),
                    gap.to_json(),
                    headers={subjects.MESSAGE_ID_HEADER: gap.id},
                )
        except FAULTS:
            _log.warning("a question that found no answer could not be kept")

    async def forget(self, person: str) -> int:
        """Erase this person's questions; gives how many there were.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        return await purged(self._client, stream=subjects.GAPS_STREAM, subject=subjects.gaps_found(person))

    async def newest(self, *, most: int = 50) -> list[KnowledgeGap]:
        """The last ones, newest first.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        kept = await read_stream(self._client, subjects.GAPS_STREAM, newest=most)
        return [gap for gap in map(_gap, reversed(kept)) if gap is not None]


def _gap(data: bytes) -> KnowledgeGap | None:
    try:
        return read_shape(KnowledgeGap, data)
    except MalformedError:
        return None
