"""Questions that found no answer, in a JetStream stream of bounded size and age."""

import asyncio

import nats.js.errors
import structlog
from nats.aio.client import Client

from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.gaps import KnowledgeGap
from wire.nats_connection import FAULTS
from wire.shapes import read_shape

WITHIN_S = 1.0
"""What an answer may wait for its gap to be kept."""
READ_WITHIN_S = 10.0

_log = structlog.get_logger("gaps")


class NatsGaps:
    """The stream ``GAPS``."""

    def __init__(self, client: Client, *, within_s: float = WITHIN_S) -> None:
        self._within_s = within_s
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

    async def newest(self, *, most: int = 50) -> list[KnowledgeGap]:
        """The last ones, newest first.

        Raises:
            UnavailableError: NATS does not answer in time.
        """
        gaps: list[KnowledgeGap] = []
        try:
            async with asyncio.timeout(READ_WITHIN_S):
                state = (await self._jetstream.stream_info(subjects.GAPS_STREAM)).state
                for sequence in range(state.last_seq, state.first_seq - 1, -1):
                    if len(gaps) == most or not state.messages:
                        break
                    if gap := await self._at(sequence):
                        gaps.append(gap)
        except FAULTS as error:
            raise UnavailableError("the questions without an answer can't be read", service="nats") from error
        return gaps

    async def _at(self, sequence: int) -> KnowledgeGap | None:
        try:
            message = await self._jetstream.get_msg(subjects.GAPS_STREAM, sequence)
            return read_shape(KnowledgeGap, message.data or b"")
        except (nats.js.errors.NotFoundError, MalformedError):
            return None
