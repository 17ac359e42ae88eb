"""Answers over NATS: what ``answerdesk ask`` and ``answerdesk mcp`` speak."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from nats.aio.client import Client

from bot.client import AnswersClient
from bot.web.nats_answers import answering_over_nats
from tests.claude_stand_in import Script
from tests.contract.web.conftest import QUESTION, Face
from tests.retrieval_stand_in import passage
from tests.until import until
from wire import subjects
from wire.answers import AnswerEvent, Delta, Done
from wire.asking import AnswerAccepted, AnswerAsked, Said
from wire.errors import MalformedError, RefusedError, UnavailableError
from wire.nats_service import request_reply

SLOWLY = Script(sentences=30, pace_s=0.05)
PUBLIC = ("public",)


@pytest.fixture
async def answers(face: Face, client: Client) -> AsyncIterator[AnswersClient]:
    async with answering_over_nats(client, face.streams):
        yield AnswersClient(client, asker="test")


async def told(answers: AnswersClient, question: str = QUESTION, **more: object) -> list[AnswerEvent]:
    return [event async for event in answers.answer(question, **{"principals": PUBLIC, **more})]  # type: ignore[arg-type]


async def test_the_events_of_an_answer_come_in_order_to_the_last(answers: AnswersClient) -> None:
    events = await told(answers)
    done = events[-1]
    assert isinstance(done, Done)
    assert "14 months" in done.text
    assert "".join(event.text for event in events if isinstance(event, Delta)) == done.text


async def test_it_is_read_as_whom_the_asker_names(face: Face, answers: AnswersClient) -> None:
    """Promise 28."""
    face.retrieval.put(
        passage("Salary band three is 80,000.", document="bands"), allow=frozenset({"group:S1"})
    )
    for principals, knows in ((PUBLIC, False), (("group:S1",), True)):
        done = (await told(answers, "What is salary band three?", principals=principals))[-1]
        assert isinstance(done, Done)
        assert ("80,000" in done.text) is knows


async def test_closing_it_ends_the_models_call(face: Face, answers: AnswersClient) -> None:
    face.claude.default = SLOWLY
    async with aclosing(answers.answer(QUESTION, principals=PUBLIC)) as events:
        async for event in events:
            if isinstance(event, Delta):
                break
    await until(lambda: face.claude.streams_open == 0, within_s=30)
    await until(lambda: face.streams.open == 0, within_s=30)


async def test_cancelling_it_ends_the_models_call(face: Face, answers: AnswersClient) -> None:
    face.claude.default = SLOWLY
    asking = asyncio.create_task(told(answers))
    await until(lambda: face.claude.streams_open == 1, within_s=30)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    await until(lambda: face.claude.streams_open == 0, within_s=30)


async def test_what_was_said_before_comes_along(face: Face, answers: AnswersClient) -> None:
    await told(answers, conversation=(Said(role="user", text="I live in Munich."),))
    assert "I live in Munich." in str(face.claude.requests[-1]["messages"])


async def test_without_a_bot_it_is_said_that_nobody_answers(client: Client) -> None:
    with pytest.raises(UnavailableError, match="bot"):
        await told(AnswersClient(client, asker="test"))


async def test_a_request_that_is_none_is_refused_by_its_field(client: Client, answers: AnswersClient) -> None:
    with pytest.raises(MalformedError, match="field"):
        await request_reply(
            client,
            subject=subjects.ANSWERS_ASKED,
            message=Said(role="user", text='no question, and the "id" is missing'),
            reply=AnswerAccepted,
            within_s=5,
            service="bot",
        )


async def test_an_id_is_one_answers_alone(face: Face, client: Client, answers: AnswersClient) -> None:
    face.claude.default = SLOWLY
    asked = AnswerAsked(id="a-chosen-id-of-16", question=QUESTION, principals=PUBLIC)

    async def ask() -> None:
        await request_reply(
            client,
            subject=subjects.ANSWERS_ASKED,
            message=asked,
            reply=AnswerAccepted,
            within_s=5,
            service="bot",
        )

    await ask()
    with pytest.raises(RefusedError):
        await ask()
