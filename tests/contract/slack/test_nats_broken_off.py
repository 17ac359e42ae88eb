"""Answers that broke off are there to be gone on with, and go with what they were written from."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest
from nats.aio.client import Client

from bot.nats_deletions import hearing_deletions
from bot.slack.nats_broken_off import NatsBrokenOff, open_broken_off
from bot.slack.nats_erasing import NatsErasing
from bot.slack.nats_stops import hearing_stops
from tests.contract.slack.asked import asked
from tests.until import until
from wire import subjects
from wire.documents import document_key
from wire.heads import Head
from wire.nats_stream import stored
from wire.questions import QuestionAsked

EVERYBODY = ("public",)
LEAVE, TRAVEL = document_key("handbook", "leave"), document_key("handbook", "travel")


@pytest.fixture
async def broken_off(client: Client) -> AsyncIterator[NatsBrokenOff]:
    keeper = await open_broken_off(client)
    async with hearing_deletions(client, answers=[keeper]):
        yield keeper


def gone_on(question: QuestionAsked) -> QuestionAsked:
    """The press of "Go on" under its answer."""
    return question.model_copy(update={"attempt": question.attempt + 1, "goes_on": True})


async def delete(client: Client, document: str) -> None:
    head = Head(
        source="handbook", document=document, version=2, state="deleted", changed_at=datetime.now(UTC)
    )
    heads = await client.jetstream().key_value(subjects.HEADS_BUCKET)
    await heads.put(document_key("handbook", document), head.to_json())


async def left(client: Client) -> str:
    """All that is kept beside the claims."""
    found = ""
    subject = f"$KV.{subjects.QUESTIONS_BUCKET}.broken.>"
    async with aclosing(
        stored(client, stream=f"KV_{subjects.QUESTIONS_BUCKET}", subject=subject)
    ) as messages:
        async for message in messages:
            found += f"{message.subject} {message.data.decode()} "
    return found


async def test_those_whom_it_was_for_go_on_with_it(broken_off: NatsBrokenOff) -> None:
    question = asked()
    await broken_off.keep(question, text="24", readers=EVERYBODY, documents=[LEAVE])
    assert await broken_off.before(gone_on(question), readers=EVERYBODY) == "24"
    assert await broken_off.before(gone_on(question), readers=("external",)) == ""
    assert await broken_off.before(question, readers=EVERYBODY) == ""


async def test_what_breaks_off_again_is_gone_on_with_from_its_beginning(broken_off: NatsBrokenOff) -> None:
    question = asked()
    await broken_off.keep(question, text="24 weeks, ", readers=EVERYBODY, documents=[LEAVE])
    await broken_off.keep(gone_on(question), text="and", readers=EVERYBODY, documents=[TRAVEL])
    again = gone_on(gone_on(question))
    assert await broken_off.before(again, readers=EVERYBODY) == "24 weeks, and"


@pytest.mark.parametrize("gone", ["leave", "travel"])
async def test_it_goes_with_any_document_that_it_was_written_from_and_others_stay(
    broken_off: NatsBrokenOff, client: Client, gone: str
) -> None:
    """What went on with it, too."""
    question, other = asked(), asked()
    await broken_off.keep(question, text="24 weeks, ", readers=EVERYBODY, documents=[LEAVE, TRAVEL])
    await broken_off.keep(gone_on(question), text="and", readers=EVERYBODY, documents=[])
    await broken_off.keep(other, text="Trains", readers=EVERYBODY, documents=[document_key("wiki", "x")])
    await delete(client, gone)

    async def nothing_is_left() -> bool:
        return "24 weeks" not in await left(client)

    await until(nothing_is_left, within_s=30)
    assert await broken_off.before(gone_on(question), readers=EVERYBODY) == ""
    assert await broken_off.before(gone_on(other), readers=EVERYBODY) == "Trains"


async def test_of_a_document_that_was_deleted_while_it_was_written_nothing_is_kept(client: Client) -> None:
    """Nor of what goes on with an answer that is gone by then."""
    keeper, question = await open_broken_off(client), asked()
    await delete(client, "leave")
    await keeper.keep(question, text="24 weeks, ", readers=EVERYBODY, documents=[LEAVE])
    await keeper.keep(gone_on(question), text="and more", readers=EVERYBODY, documents=[TRAVEL])
    assert await left(client) == ""


async def test_it_is_erased_with_its_asker(broken_off: NatsBrokenOff, client: Client) -> None:
    """Promise 38."""
    question, other = asked(user="U0GONE"), asked()
    await broken_off.keep(question, text="24 weeks", readers=EVERYBODY, documents=[LEAVE])
    await broken_off.keep(other, text="Trains", readers=EVERYBODY, documents=[LEAVE])
    async with hearing_stops(client) as stops:
        await NatsErasing(client, stops=stops).forget(question.asker)
    assert "24 weeks" not in await left(client)
    assert await broken_off.before(gone_on(other), readers=EVERYBODY) == "Trains"
