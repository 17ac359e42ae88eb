"""Failed documents as others see them: three requests over NATS."""

from collections.abc import AsyncIterator, Sequence

from nats.aio.client import Client

from wire import subjects
from wire.failures import (
    PAGE,
    ListFailuresReply,
    ListFailuresRequest,
    SettleFailuresReply,
    SettleFailuresRequest,
)
from wire.nats_service import request_reply

ANSWER_WITHIN_S = 60.0


class FailuresClient:
    """Asks the worker; every method raises UnavailableError where none answers in time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def page(self, request: ListFailuresRequest) -> ListFailuresReply:
        """Some failures, oldest first."""
        return await request_reply(
            self._client,
            subject=subjects.FAILURES_LIST,
            message=request,
            reply=ListFailuresReply,
            within_s=ANSWER_WITHIN_S,
            service="worker",
        )

    async def pages(self, *, source: str | None = None) -> AsyncIterator[ListFailuresReply]:
        """All failures that there were at the first page; at least one page.

        Those that are reported meanwhile are left out, so that replaying them all comes to an end.
        """
        after = 0
        left: int | None = None
        while left is None or left > 0:
            page = await self.page(
                ListFailuresRequest(
                    source=source, after=after, limit=PAGE if left is None else min(PAGE, left)
                )
            )
            yield page
            if not page.failures:
                return
            left = (page.total if left is None else left) - len(page.failures)
            after = int(page.failures[-1].id)

    async def replay(self, failures: Sequence[str]) -> SettleFailuresReply:
        """Announce up to 100 of these documents again, as they were announced, and take the failures off.

        Raises:
            OverloadedError: the queue of documents is full; those before it are announced.
        """
        return await self._settle(subjects.FAILURES_REPLAY, failures)

    async def discard(self, failures: Sequence[str]) -> SettleFailuresReply:
        """Take up to 100 of these failures off, with their announcements."""
        return await self._settle(subjects.FAILURES_DISCARD, failures)

    async def _settle(self, subject: str, failures: Sequence[str]) -> SettleFailuresReply:
        return await request_reply(
            self._client,
            subject=subject,
            message=SettleFailuresRequest(ids=tuple(failures)),
            reply=SettleFailuresReply,
            within_s=ANSWER_WITHIN_S,
            service="worker",
        )
