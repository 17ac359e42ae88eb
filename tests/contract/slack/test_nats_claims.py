"""Who may touch a question's message."""

import asyncio

import pytest
from nats.aio.client import Client

from bot.slack.claim_ports import Claim
from bot.slack.nats_claims import open_claims
from bot.slack.ports import SupersededError
from bot.slack.view import Payload
from tests.contract.slack.asked import asked


async def claim(client: Client, question: object) -> Claim:
    claims = await open_claims(client)
    taken = await claims.claim(question)  # type: ignore[arg-type]
    assert taken is not None
    return taken


async def test_the_newest_owner_is_the_only_one(client: Client) -> None:
    question = asked()
    first = await claim(client, question)
    await first.note_messages(("1.1", "1.2"))
    second = await claim(client, question)
    assert not await first.holds()
    assert await second.holds()
    assert second.messages == ("1.1", "1.2")
    with pytest.raises(SupersededError):
        await first.note_written((Payload(text="late"),), readers=("public",))


async def test_of_many_who_reach_for_a_question_at_once_one_holds_it(client: Client) -> None:
    question = asked()
    claims = await open_claims(client)
    taken = await asyncio.gather(*(claims.claim(question) for _ in range(10)), return_exceptions=True)
    held = [one for one in taken if not isinstance(one, BaseException) and one and await one.holds()]
    assert len(held) == 1
    assert all(isinstance(one, SupersededError) for one in taken if isinstance(one, BaseException))


async def test_an_answered_question_is_nobodys_any_more(client: Client) -> None:
    """Slack's later redeliveries, up to 24 hours on, meet this record."""
    question = asked()
    first = await claim(client, question)
    await first.note_answered()
    assert await (await open_claims(client)).claim(question) is None


async def test_a_finished_message_outlives_its_writer(client: Client) -> None:
    question = asked()
    blocks = [{"type": "context", "elements": []}]
    shown = (Payload(text="24 weeks", blocks=blocks), Payload(text="more", repeatable=False))
    await (await claim(client, question)).note_written(shown, readers=("public", "channel:C1"))
    successor = await claim(client, question)
    assert successor.written == shown
    assert successor.readers == ("public", "channel:C1")


async def test_only_a_later_owner_wonders_whether_something_was_posted(client: Client) -> None:
    question = asked()
    assert not (await claim(client, question)).messages_unknown
    assert (await claim(client, question)).messages_unknown


async def test_a_whole_answer_is_kept_no_longer_than_until_it_stands(client: Client) -> None:
    question = asked()
    first = await claim(client, question)
    await first.note_written((Payload(text="24 weeks"),), readers=("public",))
    await first.note_answered()
    bucket = await client.jetstream().key_value("questions")
    entry = await bucket.get(f"answer.{question.id.replace(':', '.')}")
    assert b"24 weeks" not in (entry.value or b"")
