"""Shortcuts, picked in a workspace, over a real socket, into a real stream."""

import asyncio

import pytest
from nats.aio.client import Client

from bot.slack.nats_claims import open_claims
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_threads import open_threads
from bot.slack.shortcuts import ANSWER_THIS, ASK_A_QUESTION
from sandbox.service import Sandbox
from tests.contract.slack.asked import asked

TYPED = {"question": {"question": "How much leave do I get?"}}


async def stored(client: Client) -> int:
    return int((await client.jetstream().stream_info("QUESTIONS")).state.messages)


def told(slack: Sandbox, person: str) -> str:
    return slack.whispers(person)[-1].text


@pytest.mark.usefixtures("bot")
async def test_a_message_is_answered_in_its_thread_for_whoever_picks_it(
    slack: Sandbox, client: Client
) -> None:
    """Nobody mentioned us; the audience is the channel's, as for any message there."""
    message = slack.say("theo", "general", "Does anybody know how much leave I get?")
    assert await slack.pick("jonas", ANSWER_THIS, message) is None
    question = (await QuestionQueue(client).take(most=1))[0].item
    assert (question.channel, question.ts, question.thread_ts) == (message.channel, message.ts, None)
    assert (question.user, question.text) == ("U0JONAS", message.text)
    assert not question.direct
    assert "that message's thread" in told(slack, "jonas")
    assert await (await open_threads(client)).takes_part(question)


@pytest.mark.usefixtures("bot")
async def test_a_message_that_many_pick_is_answered_once(slack: Sandbox, client: Client) -> None:
    """Promise 4."""
    first = slack.say("theo", "general", "Lunch?")
    message = slack.say("theo", "general", "How much leave do I get?", thread_ts=first.ts)
    await asyncio.gather(*(slack.pick(person, ANSWER_THIS, message) for person in ("jonas", "marta", "theo")))
    assert await stored(client) == 1
    question = (await QuestionQueue(client).take(most=1))[0].item
    assert question.thread == first.ts
    await (await open_claims(client)).claim(question)
    await slack.pick("priya", ANSWER_THIS, message)
    assert "taken that question up already" in told(slack, "priya")
    assert await stored(client) == 1


@pytest.mark.usefixtures("bot")
async def test_where_we_are_not_the_answer_comes_in_private(slack: Sandbox, client: Client) -> None:
    message = slack.say("theo", "garden-club", "Is @marta right about R&D leave?")
    await asyncio.gather(*(slack.pick("jonas", ANSWER_THIS, message) for _ in range(2)))
    assert "not in this conversation" in told(slack, "jonas")
    assert "our direct message" in told(slack, "jonas")
    question = (await QuestionQueue(client).take(most=1))[0].item
    assert question.direct
    assert question.text == "Is @marta right about R&amp;D leave?"
    assert await stored(client) == 1
    assert not [each for each in slack.messages("garden-club") if each.by_app]


@pytest.mark.usefixtures("bot")
async def test_our_own_messages_and_those_without_words_are_not_answered(
    slack: Sandbox, client: Client
) -> None:
    await slack.command("jonas", "general", "/ask How much leave do I get?")
    await (await QuestionQueue(client).take(most=1))[0].done()
    [ours] = slack.messages("dm", person="jonas")
    await slack.pick("jonas", ANSWER_THIS, ours)
    assert "a message of mine" in told(slack, "jonas")
    assert await stored(client) == 0


@pytest.mark.usefixtures("bot")
async def test_a_question_is_asked_from_anywhere_and_answered_in_private(
    slack: Sandbox, client: Client
) -> None:
    assert await slack.pick("jonas", ASK_A_QUESTION) is None
    modal = slack.modal("jonas")
    assert modal is not None
    assert await slack.submit("jonas", TYPED) == {}
    question = (await QuestionQueue(client).take(most=1))[0].item
    assert (question.user, question.text) == ("U0JONAS", "How much leave do I get?")
    assert question.direct
    shown = slack.modal("jonas")
    assert shown is not None
    assert "our direct message" in str(shown["blocks"])
    assert shown.get("submit") is None


@pytest.mark.usefixtures("bot")
async def test_mere_spaces_are_no_question(slack: Sandbox) -> None:
    await slack.pick("jonas", ASK_A_QUESTION)
    await slack.submit("jonas", {"question": {"question": " \n "}})
    assert "no words" in str(slack.modal("jonas"))


@pytest.mark.usefixtures("bot")
async def test_a_question_that_could_not_be_kept_is_said_to_be_so(slack: Sandbox, client: Client) -> None:
    await slack.pick("jonas", ASK_A_QUESTION)
    await client.jetstream().delete_stream("QUESTIONS")
    await slack.submit("jonas", TYPED)
    shown = slack.modal("jonas")
    assert shown is not None
    assert "can't do that right now" in str(shown["blocks"])
    assert not slack.messages("dm", person="jonas")


async def test_what_was_done_once_is_known_to_everybody_until_it_is_undone(client: Client) -> None:
    ours, theirs = await open_claims(client), await open_claims(client)
    firsts = await asyncio.gather(*(each.first("a deed") for each in (ours, theirs, ours, theirs)))
    assert sorted(firsts) == [False, False, False, True]
    assert await ours.first("another")
    await theirs.undone("a deed")
    assert await ours.first("a deed")
    assert not await theirs.knows(asked().name)
