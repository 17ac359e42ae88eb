"""Searching for a question's readers, not too much at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.answering.known_sources import KnownSources
from retrieval.client import RetrievalClient
from wire.errors import UnavailableError
from wire.search import SearchReply, SearchRequest

AT_ONCE = 16
"""More would only wait in the worker, and count there against its patience."""
TURN_WITHIN_S = 30.0


@asynccontextmanager
async def in_turn(turns: asyncio.Semaphore, *, within_s: float) -> AsyncIterator[None]:
    """Search while the block lasts, once it is one's turn.

    Raises:
        UnavailableError: too many wait.
    """
    try:
        async with asyncio.timeout(within_s):
            await turns.acquire()
    except TimeoutError:
        raise UnavailableError("Too many searches are waiting.", service="retrieval") from None
    try:
        yield
    finally:
        turns.release()


class Searching:
    """Searches, and lets others wait for their turn.

    Attributes:
        known: which sources the readers of earlier questions were found documents of.
    """

    def __init__(self, retrieval: RetrievalClient) -> None:
        self._retrieval = retrieval
        self.known = KnownSources()
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def search(self, request: SearchRequest) -> SearchReply:
        """What these readers may read of it.

        Raises:
            UnavailableError: too many wait, or the worker does not answer.
        """
        async with in_turn(self._turns, within_s=TURN_WITHIN_S):
            found = await self._retrieval.search(request)
        self.known.found(request.principals, (passage.source for passage in found.passages))
        return found
