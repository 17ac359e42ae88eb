"""Requests over a real NATS server."""

import asyncio

import pytest
from nats.aio.client import Client

from wire.errors import MalformedError, OverloadedError, RefusedError, UnavailableError
from wire.nats_service import request_reply, serving
from wire.shapes import Shape, read_shape


class Ping(Shape):
    n: int


async def ask(client: Client, n: int, within_s: float = 5.0) -> Ping:
    return await request_reply(
        client, subject="ping.it", message=Ping(n=n), reply=Ping, within_s=within_s, service="ping"
    )


async def test_requests_are_served_side_by_side(client: Client) -> None:
    """Promise 18: fifty requests are under way at a time, so that 200 ms each are not ten seconds."""
    all_here = asyncio.Barrier(50)

    async def slow(data: bytes) -> Ping:
        # One after another, the first would wait for the second for ever.
        async with all_here:
            return read_shape(Ping, data)

    async with serving(client, name="ping", endpoints={"ping.it": slow}, at_once=50, within_s=30):
        replies = await asyncio.gather(*(ask(client, n, within_s=30) for n in range(50)))
    assert [reply.n for reply in replies] == list(range(50))


@pytest.mark.parametrize("kind", [MalformedError, RefusedError])
async def test_an_error_reaches_the_requester_as_its_own_kind(
    client: Client, kind: type[MalformedError] | type[RefusedError]
) -> None:
    async def fail(_: bytes) -> Ping:
        raise kind("field 'n': is wrong")

    async with serving(client, name="ping", endpoints={"ping.it": fail}, at_once=1, within_s=5):
        with pytest.raises(kind, match="field 'n': is wrong"):
            await ask(client, 1)


async def test_a_bug_tells_the_requester_nothing_of_its_insides(client: Client) -> None:
    async def fail(_: bytes) -> Ping:
        raise ValueError("the password is hunter2")

    async with serving(client, name="ping", endpoints={"ping.it": fail}, at_once=1, within_s=5):
        with pytest.raises(UnavailableError) as caught:
            await ask(client, 1)
    assert "hunter2" not in str(caught.value)


async def test_too_many_waiting_requests_are_turned_away_at_once(client: Client) -> None:
    gate = asyncio.Event()

    async def wait(data: bytes) -> Ping:
        await gate.wait()
        return read_shape(Ping, data)

    async with serving(client, name="ping", endpoints={"ping.it": wait}, at_once=1, within_s=5):
        asked = [asyncio.create_task(ask(client, n)) for n in range(17)]
        await asyncio.sleep(0.1)
        with pytest.raises(OverloadedError):
            await ask(client, 99)
        gate.set()
        assert len(await asyncio.gather(*asked)) == 17


async def test_a_service_that_nobody_serves_is_unavailable_at_once(client: Client) -> None:
    """Not only once its patience is over."""
    async with asyncio.timeout(30):
        with pytest.raises(UnavailableError):
            await ask(client, 1, within_s=3600)


async def test_a_reply_that_is_too_long_is_an_error_and_not_silence(client: Client) -> None:
    class Long(Shape):
        text: str

    async def answer(_: bytes) -> Long:
        return Long(text="x" * 2 * 1024 * 1024)

    async with serving(client, name="ping", endpoints={"ping.it": answer}, at_once=1, within_s=5):
        with pytest.raises(MalformedError, match="too long"):
            await ask(client, 1)
