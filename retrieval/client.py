"""Retrieval as others see it: two requests over NATS."""

from nats.aio.client import Client

from wire import subjects
from wire.nats_service import is_served, request_reply
from wire.search import PassagesReply, PassagesRequest, SearchReply, SearchRequest

ANSWER_WITHIN_S = 5.0


class RetrievalClient:
    """Asks the worker for passages."""

    def __init__(self, client: Client, *, within_s: float = ANSWER_WITHIN_S) -> None:
        self._client = client
        self._within_s = within_s

    async def search(self, request: SearchRequest) -> SearchReply:
        """The best passages for this reader.

        Raises:
            UnavailableError: no worker answers in time.
            MalformedError: the request is not one.
        """
        return await request_reply(
            self._client,
            subject=subjects.RETRIEVAL_SEARCH,
            message=request,
            reply=SearchReply,
            within_s=self._within_s,
            service="retrieval",
        )

    async def is_served(self) -> bool:
        """Whether any worker answers searches right now."""
        return await is_served(self._client, name="retrieval")

    async def passages(self, request: PassagesRequest) -> PassagesReply:
        """Those of these passages that still stand and that this reader may read.

        Raises:
            UnavailableError: no worker answers in time.
            MalformedError: the request is not one.
        """
        return await request_reply(
            self._client,
            subject=subjects.RETRIEVAL_PASSAGES,
            message=request,
            reply=PassagesReply,
            within_s=self._within_s,
            service="retrieval",
        )
