"""Questions wait in JetStream until they are answered."""

import asyncio

import pytest
from nats.aio.client import Client

from bot.slack.nats_questions import STORE_WITHIN_S, QuestionQueue
from tests.contract.slack.asked import asked
from wire import subjects
from wire.errors import UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.nats_work import Delivery, hand_out
from wire.questions import QuestionAsked
from wire.stopping import stopped

SLACK_WITHIN_S = 3.0
"""Slack waits so long for an acknowledgement."""


async def test_twins_and_redeliveries_count_once(client: Client) -> None:
    """Promise 4 (its queue)."""
    queue = QuestionQueue(client)
    question = asked()
    for _ in range(5):
        await queue.store(question)
    delivery = (await queue.take(most=1))[0]
    assert delivery.item == question
    await delivery.done()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await queue.take(most=1)


async def test_those_that_wait_are_taken_at_once_as_far_as_there_is_room(client: Client) -> None:
    queue = QuestionQueue(client)
    questions = [asked() for _ in range(5)]
    for question in questions:
        await queue.store(question)
    taken = [*await queue.take(most=3), *await queue.take(most=3)]
    assert [delivery.item for delivery in taken] == questions
    for delivery in taken:
        await delivery.done()


@pytest.mark.parametrize("later", range(0, 12, 2))
async def test_of_those_that_come_while_a_bot_stops_none_is_left_lying(client: Client, later: int) -> None:
    """They are taken up, or given back: nobody waits for the consumer's ack_wait, here of ten minutes.

    However many turns of the loop after the first of them has come it is told to stop.
    """
    jetstream = client.jetstream()
    config = (await jetstream.consumer_info(subjects.QUESTIONS_STREAM, subjects.ANSWERING_CONSUMER)).config
    await jetstream.add_consumer(subjects.QUESTIONS_STREAM, config.evolve(ack_wait=600))
    queue, questions = QuestionQueue(client), [asked(text="How long? " * 4_000) for _ in range(20)]
    for question in questions:
        await queue.store(question)
    left, before = {question.id for question in questions}, client.stats["in_msgs"]

    async def see_to(delivery: Delivery[QuestionAsked]) -> None:
        left.discard(delivery.item.id)
        await delivery.done()

    under_way: set[asyncio.Task[None]] = set()
    taking = asyncio.create_task(hand_out(queue.take, see_to, at_once=20, under_way=under_way))
    while client.stats["in_msgs"] == before:  # noqa: ASYNC110 — looked at in each turn of the loop
        await asyncio.sleep(0)
    for _ in range(later):
        await asyncio.sleep(0)
    await stopped(taking)
    await asyncio.gather(*under_way)
    async with asyncio.timeout(30):
        while left:
            for delivery in await QuestionQueue(client).take(most=len(left)):
                await see_to(delivery)


async def test_what_is_no_question_keeps_none_from_being_taken(client: Client) -> None:
    queue, question = QuestionQueue(client), asked()
    await client.jetstream().publish(subjects.QUESTIONS_ASKED, b"nonsense")
    await queue.store(question)
    async with asyncio.timeout(30):
        [delivery] = await queue.take(most=5)
    assert delivery.item == question
    await delivery.done()


async def test_a_question_that_was_put_back_comes_again(client: Client) -> None:
    queue = QuestionQueue(client)
    await queue.store(asked())
    first = (await queue.take(most=1))[0]
    await first.put_back(delay_s=0.05)
    second = (await queue.take(most=1))[0]
    assert (first.number, second.number) == (1, 2)
    assert first.item == second.item
    await second.done()


async def test_a_question_that_is_kept_is_nobody_elses(client: Client) -> None:
    """Promise 14 (for questions): heartbeats hold it past the consumer's ack_wait of 10 s."""
    queue = QuestionQueue(client)
    await queue.store(asked())
    delivery = (await queue.take(most=1))[0]
    async with delivery.kept():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(12):
                await QuestionQueue(client).take(most=1)
    await delivery.done()


async def test_a_question_that_cannot_be_stored_is_refused_within_slacks_patience(own_nats: str) -> None:
    """Promise 2: not durable, so not acknowledged."""
    async with connected(own_nats, name="test") as client:
        await ensure_topology(client)
        queue = QuestionQueue(client)
        jetstream = client.jetstream()
        await jetstream.delete_stream("QUESTIONS")
        async with asyncio.timeout(30):
            with pytest.raises(UnavailableError):
                await queue.store(asked())
        assert STORE_WITHIN_S < SLACK_WITHIN_S
