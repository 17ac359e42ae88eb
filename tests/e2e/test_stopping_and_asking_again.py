"""The buttons under an answer, and the words that do the same: read like the chats they are."""

import asyncio

import pytest

from bot.slack.buttons import GO_ON
from sandbox.conversations import Message
from sandbox.faults import RateLimited, Refused
from sandbox.service import Sandbox
from tests.claude_stand_in import ClaudeStandIn, Script
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION
from tests.until import until
from wire import subjects
from wire.nats_connection import connected

STOP, AGAIN = "answerdesk_stop", "answerdesk_again"


def replies(slack: Sandbox, question: Message, channel: str = "general") -> list[Message]:
    thread = slack.thread(channel, question.thread_ts or question.ts, person=question.user)
    return [reply for reply in thread if reply.by_app]


def finished(message: Message) -> bool:
    return AGAIN in str(message.blocks)


async def being_written(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, channel: str = "general"
) -> Message:
    """A question whose answer has some words, and will not end by itself."""
    claude.scripts.append(Script(sentences=3, ending="stall", after_words=12, pings=True))
    if not fleet.running:
        fleet.start()
    question = slack.say("jonas", channel, QUESTION)
    await until(lambda: claude.streams_open, within_s=60)
    await until(
        lambda: any("every parent" in reply.text for reply in replies(slack, question, channel)), within_s=60
    )
    return question


async def test_the_asker_stops_an_answer_and_what_was_written_stands(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    question = await being_written(fleet, slack, claude)
    [reply] = replies(slack, question)
    slack.click("jonas", reply, STOP)
    await until(lambda: finished(replies(slack, question)[0]), within_s=30)
    await until(lambda: not claude.streams_open, within_s=30)
    [reply] = replies(slack, question)
    assert "every parent" in reply.text
    assert "Stopped." in str(reply.blocks)
    assert "hourglass" not in str(reply.blocks)


async def test_nobody_else_stops_it_and_they_are_told_why(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    question = await being_written(fleet, slack, claude)
    [reply] = replies(slack, question)
    slack.click("theo", reply, STOP)
    [whisper] = await until(lambda: slack.whispers("theo"), within_s=30)
    assert "Only the person who asked" in whisper.text
    assert claude.streams_open
    assert not finished(replies(slack, question)[0])


async def test_the_word_does_the_same_if_the_asker_says_it(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    question = await being_written(fleet, slack, claude)
    slack.say("theo", "general", "stop", thread_ts=question.ts)
    await asyncio.sleep(1)
    assert not finished(replies(slack, question)[0])
    slack.say("jonas", "general", "@answerdesk Stop!", thread_ts=question.ts)
    await until(lambda: finished(replies(slack, question)[0]), within_s=30)
    [reply] = replies(slack, question)
    assert "Stopped." in str(reply.blocks)


async def test_in_a_direct_message_the_word_needs_no_thread(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    question = await being_written(fleet, slack, claude, channel="dm")
    slack.say("jonas", "dm", "stop")
    await until(lambda: finished(replies(slack, question, "dm")[0]), within_s=30)


async def test_an_answer_can_be_stopped_before_anything_of_it_is_shown(
    fleet: Fleet, slack: Sandbox, engines: dict[str, str]
) -> None:
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=60)
    slack.faults.slow_api_s = 1.2
    question = slack.say("jonas", "dm", QUESTION)
    async with connected(engines["NATS_URL"], name="test") as client:

        async def taken() -> bool:
            stream = await client.jetstream().stream_info(subjects.QUESTIONS_STREAM)
            answering = await client.jetstream().consumer_info(
                subjects.QUESTIONS_STREAM, subjects.ANSWERING_CONSUMER
            )
            return stream.state.messages == 1 and answering.num_pending == 0

        await until(taken, within_s=30)
    slack.say("jonas", "dm", "stop")
    await until(lambda: any(map(finished, replies(slack, question, "dm"))), within_s=60)
    [reply] = replies(slack, question, "dm")
    assert reply.text == "Stopped."


async def test_the_next_question_of_the_thread_comes_as_soon_as_one_is_stopped(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    question = await being_written(fleet, slack, claude)
    slack.say("jonas", "general", "And in how many parts?", thread_ts=question.ts)
    await until(lambda: len(replies(slack, question)) == 2, within_s=30)
    slack.click("jonas", replies(slack, question)[0], STOP)
    await until(lambda: finished(replies(slack, question)[1]), within_s=60)


async def test_asking_again_answers_anew_below_and_a_double_click_counts_once(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: replies(slack, question) and finished(replies(slack, question)[0]), within_s=60)
    slack.click("theo", replies(slack, question)[0], AGAIN)
    slack.click("theo", replies(slack, question)[0], AGAIN)
    await until(
        lambda: len(replies(slack, question)) == 2 and finished(replies(slack, question)[1]), within_s=60
    )
    await asyncio.sleep(1)
    first, second = replies(slack, question)
    assert first.text == second.text
    slack.click("jonas", second, AGAIN)
    await until(lambda: len(replies(slack, question)) == 3, within_s=60)


async def queue_empty(engines: dict[str, str]) -> None:
    async with connected(engines["NATS_URL"], name="test") as client:

        async def empty() -> bool:
            return (await client.jetstream().stream_info(subjects.QUESTIONS_STREAM)).state.messages == 0

        await until(empty, within_s=30)


@pytest.mark.parametrize("channel", ["general", "dm"])
async def test_of_a_question_that_is_deleted_meanwhile_no_half_answer_stays(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, engines: dict[str, str], channel: str
) -> None:
    """By edits or streamed: there is nothing to go on with, and its asker wanted it gone."""
    question = await being_written(fleet, slack, claude, channel)
    slack.erase(question)
    await until(lambda: not replies(slack, question, channel), within_s=30)
    await until(lambda: not claude.streams_open, within_s=30)
    await queue_empty(engines)
    assert not replies(slack, question, channel)
    assert not slack.whispers("jonas")


async def test_nor_where_the_bot_dies_before_slack_lets_it_take_that_back(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, engines: dict[str, str]
) -> None:
    """Another does, and does not answer what is gone."""
    slack.faults.rate_limited["chat.delete"] = RateLimited(calls=1_000, retry_after_s=1)
    question = await being_written(fleet, slack, claude)
    slack.erase(question)
    await until(lambda: slack.calls("chat.delete"), within_s=30)
    asked = len(claude.requests)
    fleet.kill()
    slack.faults.rate_limited.clear()
    fleet.start()
    await until(lambda: not replies(slack, question), within_s=60)
    await queue_empty(engines)
    assert not replies(slack, question)
    assert len(claude.requests) == asked


async def test_while_slack_does_not_let_it_be_taken_back_nobody_is_told_that_we_go_on(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """With an answer to a question that is gone."""
    slack.faults.rate_limited["chat.delete"] = RateLimited(calls=1_000, retry_after_s=600)
    question = await being_written(fleet, slack, claude)
    slack.erase(question)
    await until(lambda: "put back" in fleet.log(), within_s=60)
    assert not slack.whispers("jonas")


async def test_where_slack_keeps_our_messages_the_words_of_such_an_answer_go(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, engines: dict[str, str]
) -> None:
    """As it does where a company has to keep all of them: ``compliance_exports_prevent_deletion``."""
    slack.faults.refused["chat.delete"] = Refused(calls=9, error="compliance_exports_prevent_deletion")
    question = await being_written(fleet, slack, claude)
    slack.erase(question)
    await queue_empty(engines)
    [reply] = replies(slack, question)
    assert reply.text == "The question was deleted, so I stopped."
    assert "every parent" not in str(reply.blocks)
    assert GO_ON not in str(reply.blocks)


async def test_a_question_that_is_deleted_before_anything_is_shown_is_not_answered(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, engines: dict[str, str]
) -> None:
    """And nobody is told that we could not write there."""
    claude.scripts.append(Script(sentences=3, ending="stall", after_words=0, pings=True))
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=60)
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: claude.streams_open, within_s=60)
    slack.erase(question)
    await queue_empty(engines)
    assert not claude.streams_open
    assert not replies(slack, question)
    assert not slack.messages("dm", person="jonas")
