"""A stream is read in large steps, and nothing is taken from it."""

import asyncio
import time
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from wire import subjects
from wire.errors import UnavailableError
from wire.nats_reading import read_stream
from wire.nats_stream import BATCH, stored


async def kept(client: Client, number: int, *, subject: str = "gaps.found.one", start: int = 0) -> None:
    jetstream = client.jetstream()
    for n in range(start, start + number):
        await jetstream.publish(subject, str(n).encode())


async def test_all_that_is_there_comes_in_its_order_and_stays(client: Client) -> None:
    await kept(client, 2 * BATCH + 3)
    for _ in range(2):
        read = await read_stream(client, subjects.GAPS_STREAM)
        # The stream keeps 200 of each subject.
        assert [int(each) for each in read] == list(range(2 * BATCH + 3 - 200, 2 * BATCH + 3))


async def test_an_empty_stream_is_read_at_once(client: Client) -> None:
    assert await read_stream(client, subjects.GAPS_STREAM, within_s=5) == []


async def test_only_the_newest_of_one_subject_or_since_a_time(client: Client) -> None:
    await kept(client, 5)
    await kept(client, 5, subject="gaps.found.two", start=5)
    await asyncio.sleep(0.1)
    since = datetime.now(UTC)
    await kept(client, 2, start=10)
    one = await read_stream(client, subjects.GAPS_STREAM, subject="gaps.found.one", newest=3)
    assert one == [b"4", b"10", b"11"]
    assert await read_stream(client, subjects.GAPS_STREAM, since=since) == [b"10", b"11"]


async def test_a_stream_that_is_not_there_is_said(client: Client) -> None:
    with pytest.raises(UnavailableError, match="NOWHERE"):
        await read_stream(client, "NOWHERE", within_s=5)


@pytest.mark.parametrize(("batch", "busy"), [(BATCH, False), (BATCH, True), (1, False)])
async def test_what_is_erased_while_it_is_read_ends_the_reading_and_is_no_error(
    client: Client, *, batch: int, busy: bool
) -> None:
    """Somebody is forgotten while an admin looks.

    Where the loop is busy as it asks for more, the server is the first to say that the time is up.
    """
    for start in range(0, BATCH + 10, 100):
        await kept(client, min(100, BATCH + 10 - start), subject=f"gaps.found.p{start}", start=start)
    read = 0
    async with aclosing(
        stored(client, stream=subjects.GAPS_STREAM, subject=subjects.GAPS_FOUND_ALL, batch=batch)
    ) as kept_now:
        async for _ in kept_now:
            read += 1
            if read == BATCH:
                await client.jetstream().purge_stream(subjects.GAPS_STREAM)
                if busy:
                    asyncio.get_running_loop().call_soon(time.sleep, 0.05)
    assert read == BATCH
