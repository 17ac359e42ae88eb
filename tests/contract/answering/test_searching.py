"""Searches run side by side, and no more of them than help."""

import asyncio
from dataclasses import dataclass

from nats.aio.client import Client

from bot.answering.searching import AT_ONCE, Searching
from retrieval.client import RetrievalClient
from tests.retrieval_stand_in import TIMINGS
from wire import subjects
from wire.nats_service import serving
from wire.search import IndexFreshness, SearchReply, SearchRequest

ASKED = SearchRequest(query="how many days", principals=("public",))
NOTHING = SearchReply(
    passages=(), relevance=0.0, index=IndexFreshness(pending=0, lag_seconds=0.0), timings_ms=TIMINGS
)


@dataclass
class Slow:
    """A worker whose searches take 200 ms."""

    under_way: int = 0
    most: int = 0
    served: int = 0

    async def search(self, _: bytes) -> SearchReply:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.2)
        self.under_way -= 1
        self.served += 1
        return NOTHING


async def test_fifty_searches_run_side_by_side(client: Client) -> None:
    """Promise 18: 50 of 200 ms each take four rounds of 16, 0.8 s, and not 10 s one after another."""
    slow = Slow()
    async with serving(
        client,
        name="retrieval",
        endpoints={subjects.RETRIEVAL_SEARCH: slow.search},
        at_once=AT_ONCE,
        within_s=30,
    ):
        searching = Searching(RetrievalClient(client))
        await asyncio.gather(*(searching.search(ASKED) for _ in range(50)))
    assert (slow.served, slow.most) == (50, AT_ONCE)


async def test_one_that_is_given_up_makes_room(client: Client) -> None:
    slow = Slow()
    async with serving(
        client, name="retrieval", endpoints={subjects.RETRIEVAL_SEARCH: slow.search}, at_once=50, within_s=30
    ):
        searching = Searching(RetrievalClient(client))
        begun = [asyncio.create_task(searching.search(ASKED)) for _ in range(2 * AT_ONCE)]
        await asyncio.sleep(0)
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)
        assert await searching.search(ASKED) == NOTHING
