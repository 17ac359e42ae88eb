"""Asks a worker for the index's passages as they are, and gives them back to one."""

from collections.abc import Sequence

from nats.aio.client import Client

from wire import subjects
from wire.copies import CopiesReply, CopiesRequest, IndexIdentity, PassageCopy, RestoreReply, RestoreRequest
from wire.nats_service import request_reply

ANSWER_WITHIN_S = 30.0


class CopiesClient:
    """Of whichever index is served."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def page(self, *, after: str | None) -> CopiesReply:
        """The next page of all passages.

        Raises:
            UnavailableError: no worker answers in time.
        """
        return await request_reply(
            self._client,
            subject=subjects.INDEX_COPIES,
            message=CopiesRequest(after=after),
            reply=CopiesReply,
            within_s=ANSWER_WITHIN_S,
            service="the worker",
        )

    async def restore(self, copies: Sequence[PassageCopy], *, fingerprint: str) -> IndexIdentity:
        """Have these written; without any, only learn which index it is.

        Raises:
            UnavailableError: no worker answers in time.
            RefusedError: that index's vectors are another model's.
        """
        reply = await request_reply(
            self._client,
            subject=subjects.INDEX_RESTORE,
            message=RestoreRequest(fingerprint=fingerprint, copies=tuple(copies)),
            reply=RestoreReply,
            within_s=ANSWER_WITHIN_S,
            service="the worker",
        )
        return reply.index
