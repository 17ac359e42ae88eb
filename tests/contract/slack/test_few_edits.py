"""A workspace's edits are few: a status says what is being done, and a message comes when it has words."""

import asyncio

import pytest

from bot.slack.live_message import LiveMessage
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.view import View, payloads
from sandbox.conversations import Message
from sandbox.faults import RateLimited, Refused
from sandbox.service import Sandbox
from tests.contract.slack.held import Held, agent_thread, live_message
from tests.until import until

SEARCHING = View(doing="Searching the documents")
FINAL = payloads(View(text="The whole answer."))


@pytest.fixture
async def question(slack: Sandbox) -> Message:
    return slack.say("jonas", "general", "@answerdesk how many days?")


@pytest.fixture
async def answer(workspace: SlackWorkspace, question: Message) -> LiveMessage:
    return live_message(workspace, question, hold=Held(), agent=agent_thread(workspace, question))


def texts(slack: Sandbox, question: Message) -> list[str]:
    return [reply.text for reply in slack.thread("general", question.ts)]


async def test_an_answer_that_is_whole_at_once_is_one_post_and_no_edit(
    slack: Sandbox, answer: LiveMessage, question: Message
) -> None:
    await answer.begin(SEARCHING)
    assert slack.calls("assistant.threads.setStatus")
    assert texts(slack, question) == [], "the status says it"
    async with asyncio.TaskGroup() as group:
        group.create_task(answer.write())
        answer.show(View(text="The whole", doing="Writing"))
        await asyncio.sleep(0.05)
        answer.stop()
    await answer.close(FINAL)
    assert texts(slack, question) == ["The whole answer."]
    assert not slack.calls("chat.update")


async def test_the_first_post_has_the_first_words(
    slack: Sandbox, answer: LiveMessage, question: Message
) -> None:
    await answer.begin(SEARCHING)
    async with asyncio.TaskGroup() as group:
        group.create_task(answer.write())
        answer.show(View(text="The first words", doing="Writing"))
        await until(lambda: texts(slack, question) == ["The first words"], within_s=30)
        assert not slack.calls("chat.update")
        answer.stop()
    await answer.close(FINAL)
    assert texts(slack, question) == ["The whole answer."]


async def test_without_words_for_long_a_message_says_what_is_being_done(
    slack: Sandbox, answer: LiveMessage, question: Message
) -> None:
    """With its button to stop it."""
    await answer.begin(SEARCHING)
    async with asyncio.TaskGroup() as group:
        group.create_task(answer.write())
        await until(lambda: texts(slack, question) == ["Searching the documents"], within_s=30)
        answer.stop()


async def test_where_slack_shows_no_status_a_message_stands_at_once(
    slack: Sandbox, answer: LiveMessage, question: Message
) -> None:
    slack.faults.refused = {"assistant.threads.setStatus": Refused(calls=1, error="unknown_method")}
    await answer.begin(SEARCHING)
    assert texts(slack, question) == ["Searching the documents"]


async def test_what_was_posted_anew_leaves_nothing_beside_it_though_slack_deletes_late(
    slack: Sandbox, answer: LiveMessage, question: Message
) -> None:
    """Promise 4: one visible reply, also where its edits and deletions are held up."""
    await answer.open(SEARCHING)
    slack.faults.rate_limited = {
        "chat.update": RateLimited(calls=9, retry_after_s=3600),
        "chat.delete": RateLimited(calls=1, retry_after_s=1),
    }
    await answer.close(FINAL)
    assert texts(slack, question) == ["The whole answer."]
    assert len(slack.calls("chat.delete")) == 2


async def test_a_status_that_comes_too_soon_leaves_the_one_before_and_no_message(
    slack: Sandbox, answer: LiveMessage, question: Message
) -> None:
    await answer.begin(SEARCHING)
    slack.faults.rate_limited = {"assistant.threads.setStatus": RateLimited(calls=9, retry_after_s=1)}
    async with asyncio.TaskGroup() as group:
        group.create_task(answer.write())
        answer.show(View(doing="Reading Leave policy"))
        await until(lambda: len(slack.calls("assistant.threads.setStatus")) == 2, within_s=30)
        answer.show(View(text="The first words", doing="Writing"))
        await until(lambda: texts(slack, question) == ["The first words"], within_s=30)
        answer.stop()
    await answer.close(FINAL)
    assert len(slack.calls("chat.postMessage")) == 1
    assert len(slack.calls("chat.update")) == 1
