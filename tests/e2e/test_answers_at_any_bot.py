"""Two bots before one address: who was cut off from one goes on at the other, as behind a balancer."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from bot.web.elsewhere import LEFT
from tests.claude_stand_in import ClaudeStandIn, Script
from tests.conftest import free_port
from tests.contract.web.sse import Event, events_of
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION
from tests.until import until

KEY = "adk_the-intranet-s-own-key-0001"
TOLD_WITHIN_S = 30.0
SLOWLY = Script(sentences=8, pace_s=0.05)
FOR_LONG = Script(sentences=2_000, pace_s=0.05)


@dataclass(frozen=True)
class Pair:
    """The addresses of two bots."""

    session: aiohttp.ClientSession
    urls: tuple[str, str]

    def ask(self, at: int, *, last: str | None = None) -> "aiohttp.client._RequestContextManager":
        headers = {"Authorization": f"Bearer {KEY}"} | ({"Last-Event-ID": last} if last else {})
        body = {"question": QUESTION.removeprefix("@answerdesk ")}
        return self.session.post(f"{self.urls[at]}/v1/answers", json=body, headers=headers)


@pytest.fixture
async def pair(fleet: Fleet) -> AsyncIterator[Pair]:
    ports = free_port(), free_port()
    for port in ports:
        fleet.own_settings |= {"HTTP_PORT": str(port), "API_KEYS": KEY}
        fleet.start()
    urls = f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
    async with aiohttp.ClientSession() as session:

        async def ready() -> bool:
            try:
                for url in urls:
                    async with session.get(f"{url}/readyz") as reply:
                        if reply.status != 200:
                            return False
            except aiohttp.ClientError:
                return False
            return True

        await until(ready, within_s=60)
        yield Pair(session, urls)


async def until_it_writes(reply: aiohttp.ClientResponse) -> list[Event]:
    seen: list[Event] = []
    async for event in events_of(reply):
        seen.append(event)
        if sum(each.name == "delta" for each in seen) == 5:
            break
    return seen


async def test_a_program_goes_on_at_the_other_bot(pair: Pair, claude: ClaudeStandIn) -> None:
    claude.default = SLOWLY
    async with pair.ask(0) as reply:
        seen = await until_it_writes(reply)
        reply.close()
    async with pair.ask(1, last=seen[-1].id) as reply:
        rest = [event async for event in events_of(reply)]
    text = "".join(event.data["text"] for event in [*seen, *rest] if event.name == "delta")
    assert (rest[-1].name, rest[-1].data["text"]) == ("done", text)
    assert len(claude.requests) == 1


async def test_a_bot_that_dies_in_the_middle_is_told_of_by_the_other(
    pair: Pair, fleet: Fleet, claude: ClaudeStandIn
) -> None:
    claude.default = FOR_LONG
    async with pair.ask(0) as reply:
        seen = await until_it_writes(reply)
        reply.close()
    async with pair.ask(1, last=seen[-1].id) as reply:
        rest = await until_it_writes(reply)
        fleet.kill()
        killed_at = time.monotonic()
        rest += [event async for event in events_of(reply)]
    assert time.monotonic() - killed_at < TOLD_WITHIN_S
    assert (rest[-1].name, rest[-1].data["message"]) == ("error", LEFT.message)
    assert [event.id for event in rest] == [
        f"{seen[-1].id.partition('.')[0]}.{len(seen) + nth}" for nth in range(1, len(rest) + 1)
    ]
    async with pair.ask(1, last=seen[-1].id) as reply:
        assert (await until_it_writes(reply))[:3] == rest[:3], "what there is of it can still be read"


async def test_a_bot_that_is_stopped_leaves_its_answers_to_the_other(
    pair: Pair, fleet: Fleet, claude: ClaudeStandIn
) -> None:
    """A rolling restart: what it has begun it writes to the end, or says why not."""
    claude.default = SLOWLY
    async with pair.ask(0) as reply:
        seen = await until_it_writes(reply)
        reply.close()
    first = fleet.running.pop(0)
    async with pair.ask(1, last=seen[-1].id) as reply:
        first.terminate()
        rest = [event async for event in events_of(reply)]
    assert rest[-1].name == "done"
    assert first.wait(60) == 0
