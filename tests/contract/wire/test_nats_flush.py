"""A flush says whether what was said before is at the server, and never breaks the connection."""

import asyncio
import time
from pathlib import Path

import nats.errors
import pytest
from nats.aio.client import Client

from tests.e2e.worker_process import running_nats
from tests.slow_door import slow_door
from tests.until import until
from wire.nats_connection import CLOSE_WITHIN_S, MISSED_PINGS, PENDING_BYTES, PING_EVERY_S, connected

GIVEN_UP_WITHIN_S = PING_EVERY_S * (MISSED_PINGS + 2)
LARGE = b"x" * 900_000


async def test_what_was_said_before_is_at_the_server(client: Client, nats_url: str) -> None:
    async with connected(nats_url, name="speaker") as speaker:
        for number in range(50):
            news = await client.subscribe("news")
            await client.flush()
            await speaker.publish("news", str(number).encode())
            assert (await news.next_msg(timeout=2)).data == str(number).encode()
            await news.unsubscribe()


async def test_one_that_was_given_up_leaves_the_connection_reading(client: Client, nats_url: str) -> None:
    async with slow_door(nats_url, delay_s=0.2) as far, connected(far, name="far") as there:
        news = await client.subscribe("news")
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await there.flush()
        await there.flush()
        hears = await there.subscribe("news")
        await there.publish("news", b"still here")
        assert (await news.next_msg(timeout=2)).data == (await hears.next_msg(timeout=2)).data


async def test_a_silent_server_is_given_up_however_much_waits_for_it(tmp_path: Path) -> None:
    with running_nats(tmp_path / "nats") as server:
        async with connected(server.url, name="test") as there:
            server.hang()
            hung_at = time.monotonic()

            async def speak() -> None:
                for _ in range(PENDING_BYTES // len(LARGE)):
                    await there.publish("news", LARGE)

            speaking = [asyncio.create_task(speak()) for _ in range(3)]
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await there.flush()
            assert time.monotonic() - hung_at < 3
            await until(lambda: not there.is_connected, within_s=GIVEN_UP_WITHIN_S)
            with pytest.raises(nats.errors.ConnectionReconnectingError):
                await there.flush()
            for task in speaking:
                task.cancel()
            closing_at = time.monotonic()
        assert time.monotonic() - closing_at < CLOSE_WITHIN_S + 1
        server.go_on()
