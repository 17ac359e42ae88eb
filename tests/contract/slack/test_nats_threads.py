"""One question at a time in each thread."""

import asyncio

import pytest
from nats.aio.client import Client

from bot.slack.nats_threads import Threads, open_threads
from tests.contract.slack.asked import asked
from tests.until import until
from wire import subjects
from wire.errors import UnavailableError


async def test_questions_of_one_thread_take_turns_oldest_first(client: Client) -> None:
    threads = await open_threads(client)
    questions = [asked(ts=f"1700000001.{n:06}", thread_ts="1700000000.000001") for n in range(4)]
    began: list[str] = []
    waited: list[str] = []
    gate = asyncio.Event()

    async def go(n: int) -> None:
        async def on_wait() -> None:
            waited.append(questions[n].ts)

        async with threads.turn(questions[n], on_wait=on_wait, within_s=30):
            began.append(questions[n].ts)
            await gate.wait()

    tasks = [asyncio.create_task(go(0))]
    await until(lambda: began, within_s=2)
    tasks += [asyncio.create_task(go(n)) for n in (3, 1, 2)]
    await until(lambda: len(waited) == 3, within_s=2)
    assert began == [questions[0].ts]
    gate.set()
    await asyncio.gather(*tasks)
    assert began == [question.ts for question in questions]


async def test_threads_do_not_wait_for_each_other(client: Client) -> None:
    threads = await open_threads(client)

    async def never() -> None:
        raise AssertionError("nobody is before us")

    async with (
        threads.turn(asked(), on_wait=never, within_s=5),
        threads.turn(asked(), on_wait=never, within_s=5),
    ):
        pass


async def test_whoever_fell_silent_is_taken_out_of_the_line(client: Client) -> None:
    """Promise 6 (its lock): a dead replica's turn passes on without anybody's clock."""
    bucket = await client.jetstream().key_value(subjects.THREADS_BUCKET)
    threads = Threads(bucket, still_for_s=0.5)
    dead = asked(ts="1700000001.000001", thread_ts="1700000000.000001")
    next_one = asked(ts="1700000001.000002", thread_ts="1700000000.000001")
    await threads._join(f"line.{dead.team}.{dead.channel}.{dead.thread}", f"{dead.ts}:dead")

    async def on_wait() -> None:
        pass

    async with threads.turn(next_one, on_wait=on_wait, within_s=5):
        pass


async def test_a_former_owner_cannot_take_its_successor_out_of_the_line(client: Client) -> None:
    threads = await open_threads(client)
    question = asked(ts="1700000001.000001", thread_ts="1700000000.000001")
    following = asked(ts="1700000001.000002", thread_ts="1700000000.000001")
    waited = asyncio.Event()

    async def on_wait() -> None:
        waited.set()

    async with asyncio.TaskGroup() as group:
        async with threads.turn(question, on_wait=on_wait, within_s=5):
            successor = threads.turn(question, on_wait=on_wait, within_s=5)
            await successor.__aenter__()
        next_turn = threads.turn(following, on_wait=on_wait, within_s=5)
        entering = group.create_task(next_turn.__aenter__())
        await asyncio.wait_for(waited.wait(), 2)
        await asyncio.sleep(1)
        assert not entering.done()
        await successor.__aexit__(None, None, None)
        await entering
        await next_turn.__aexit__(None, None, None)


async def test_a_turn_that_does_not_come_in_time_leaves_no_gap_in_the_line(client: Client) -> None:
    threads = await open_threads(client)
    first, second, third = (asked(ts=f"1700000001.{n:06}", thread_ts="1700000000.000001") for n in range(3))

    async def on_wait() -> None:
        pass

    async def impatient() -> None:
        async with threads.turn(second, on_wait=on_wait, within_s=0.2):
            pass

    async with threads.turn(first, on_wait=on_wait, within_s=5):
        with pytest.raises(UnavailableError):
            await impatient()
    async with threads.turn(third, on_wait=on_wait, within_s=1):
        pass


async def test_a_thread_is_ours_once_we_took_part(client: Client) -> None:
    threads = await open_threads(client)
    question = asked(thread_ts="1700000000.000001")
    assert not await threads.takes_part(question)
    await threads.take_part(question)
    assert await threads.takes_part(asked(thread_ts="1700000000.000001"))
