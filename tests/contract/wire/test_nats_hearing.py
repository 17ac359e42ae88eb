"""Plain messages are heard from the first line of a block to its last."""

import asyncio
import time

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from tests.slow_door import slow_door
from tests.until import until
from wire import nats_hearing
from wire.nats_connection import connected
from wire.nats_hearing import hearing


async def test_what_another_says_is_heard_at_once_and_not_after(client: Client, nats_url: str) -> None:
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    said = [str(number).encode() for number in range(50)]
    async with connected(nats_url, name="another") as other:
        for word in said:
            async with hearing(client, "news", hear):
                await other.publish("news", word)
                await until(lambda: heard[-1:] == [word], within_s=2)  # noqa: B023 — called here and now
            await other.publish("news", b"too late")
            await other.flush()
    assert heard == said


async def test_of_one_queue_one_is_told(client: Client) -> None:
    heard: list[bytes] = []

    async def hear(message: Msg) -> None:
        heard.append(message.data)

    async with hearing(client, "news", hear, queue="bots"), hearing(client, "news", hear, queue="bots"):
        await client.publish("news", b"once")
        await client.publish("news", b"and again")

        await until(lambda: len(heard) > 1, within_s=5)
        await client.flush()
    assert heard == [b"once", b"and again"]


async def test_a_server_that_is_late_holds_nothing_up_and_is_heard(
    client: Client, nats_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = asyncio.Event()

    async def hear(_: Msg) -> None:
        heard.set()

    monkeypatch.setattr(nats_hearing, "SAID_WITHIN_S", 0.1)
    async with slow_door(nats_url, delay_s=0.5) as far, connected(far, name="far") as there:
        began = time.monotonic()
        async with asyncio.timeout(5), nats_hearing.hearing(there, "news", hear):
            assert time.monotonic() - began < 0.5
            await asyncio.sleep(0.6)
            await client.publish("news", b"")
            await heard.wait()
