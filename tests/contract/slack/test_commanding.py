"""Slash commands, typed in a workspace, over a real socket; retrieval stood in for on real NATS."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client
from pydantic import SecretStr

from bot.slack.bolt_intake import listening
from bot.slack.commands import ASK_ABOUT, MORE, SHARE
from bot.slack.nats_questions import QuestionQueue
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.slack.conftest import APP_TOKEN, bot_app
from tests.retrieval_stand_in import RetrievalStandIn, passage, retrieval_stand_in
from tests.until import until


@pytest.fixture
async def retrieval(client: Client) -> AsyncIterator[RetrievalStandIn]:
    async with retrieval_stand_in(client) as stand_in:
        rules = (passage(f"Rule {n}: leave is paid.", document=f"d{n}", title=f"Rule {n}") for n in range(7))
        stand_in.put(*rules)
        board = passage("Leave of the board.", document="secret", title="Board leave")
        stand_in.put(board, allow=frozenset({"group:S0PEOPLETEAM"}))
        yield stand_in


@pytest.fixture
async def bot(
    client: Client, slack: Sandbox, workspace: SlackWorkspace, retrieval: RetrievalStandIn
) -> AsyncIterator[None]:
    async with (
        bot_app(client, workspace) as app,
        listening(app, app_token=SecretStr(APP_TOKEN), check_tokens=workspace.check_tokens),
    ):
        await until(lambda: slack.open_sockets, within_s=10)
        yield


def newest(slack: Sandbox, person: str) -> str:
    [*_, last] = slack.whispers(person)
    return f"{last.text} {last.blocks}"


@pytest.mark.usefixtures("bot")
async def test_sources_are_listed_for_the_one_who_looks_and_only_theirs(slack: Sandbox) -> None:
    await slack.command("jonas", "general", "/sources leave")
    assert "Rule" in newest(slack, "jonas")
    assert "Board leave" not in newest(slack, "jonas")
    await slack.command("marta", "general", "/sources board leave")
    assert "Board leave" in newest(slack, "marta")
    assert not slack.messages("general")


@pytest.mark.usefixtures("bot")
async def test_the_next_page_takes_the_place_of_the_first(slack: Sandbox) -> None:
    await slack.command("jonas", "general", "/sources leave")
    [page] = slack.whispers("jonas")
    before = str(page.blocks)
    await slack.press("jonas", page, MORE)
    [page] = slack.whispers("jonas")
    assert str(page.blocks) != before
    assert MORE not in str(page.blocks)


@pytest.mark.usefixtures("bot")
async def test_a_private_question_is_asked_in_the_direct_message_and_linked(
    slack: Sandbox, client: Client, workspace: SlackWorkspace
) -> None:
    await slack.command("jonas", "general", "/ask How much leave do I get?")
    delivery = (await QuestionQueue(client).take(most=1))[0]
    question = delivery.item
    [asked] = slack.messages("dm", person="jonas")
    assert (question.ts, question.channel) == (asked.ts, asked.channel)
    assert (question.text, question.user) == ("How much leave do I get?", slack.workspace.person("jonas"))
    assert question.direct
    assert "our direct message" in newest(slack, "jonas")
    assert not slack.messages("general")
    [turn] = await workspace.thread(channel=asked.channel, thread_ts=asked.ts)
    assert (turn.ours, turn.user, turn.text) == (False, question.user, question.text)


@pytest.mark.usefixtures("bot")
async def test_a_private_question_may_be_asked_openly_instead(slack: Sandbox, client: Client) -> None:
    await slack.command("jonas", "general", "/ask How much leave do I get?")
    queue = QuestionQueue(client)
    await (await queue.take(most=1))[0].done()
    await slack.press("jonas", slack.whispers("jonas")[-1], SHARE)
    question = (await queue.take(most=1))[0].item
    [asked] = slack.messages("general")
    assert (question.channel, question.ts) == (asked.channel, asked.ts)
    assert not question.direct
    assert "asks" in str(asked.blocks)


@pytest.mark.usefixtures("bot")
async def test_two_fast_clicks_ask_openly_once(slack: Sandbox, client: Client) -> None:
    await slack.command("jonas", "general", "/ask How much leave do I get?")
    queue = QuestionQueue(client)
    await (await queue.take(most=1))[0].done()
    offer = slack.whispers("jonas")[-1]
    await asyncio.gather(*(slack.press("jonas", offer, SHARE) for _ in range(3)))
    assert len(slack.messages("general")) == 1
    assert (await client.jetstream().stream_info("QUESTIONS")).state.messages == 1
    assert "Asked below" in newest(slack, "jonas")


@pytest.mark.usefixtures("bot")
async def test_what_is_asked_is_words_whatever_is_typed(slack: Sandbox, client: Client) -> None:
    await slack.command("jonas", "general", "/ask <!channel> R&D leave?")
    queue = QuestionQueue(client)
    await (await queue.take(most=1))[0].done()
    await slack.press("jonas", slack.whispers("jonas")[-1], SHARE)
    question = (await queue.take(most=1))[0].item
    [asked] = slack.messages("general")
    assert question.text == "&lt;!channel&gt; R&amp;D leave?"
    assert "<!channel>" not in f"{asked.text} {asked.blocks}"


@pytest.mark.usefixtures("bot")
async def test_a_question_that_could_not_be_kept_does_not_stand_there_unanswered(
    slack: Sandbox, client: Client
) -> None:
    await client.jetstream().delete_stream("QUESTIONS")
    await slack.command("jonas", "general", "/ask How much leave do I get?")
    assert "can't do that right now" in newest(slack, "jonas")
    assert not slack.messages("dm", person="jonas")


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize("typed", ["/sources leave since:9999y", "/sources " + "leave " * 2_000])
async def test_too_much_is_answered_all_the_same(slack: Sandbox, typed: str) -> None:
    await slack.command("jonas", "general", typed)
    assert newest(slack, "jonas")
    assert "failed with" not in newest(slack, "jonas")


@pytest.mark.usefixtures("bot")
async def test_a_document_that_was_found_may_be_asked_about(slack: Sandbox, client: Client) -> None:
    await slack.command("jonas", "general", "/sources leave in:handbook")
    [page] = slack.whispers("jonas")
    await slack.press("jonas", page, ASK_ABOUT)
    question = (await QuestionQueue(client).take(most=1))[0].item
    assert "say about leave?" in question.text
    assert question.direct


@pytest.mark.usefixtures("bot")
@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("/answerdesk help", "private answer"),
        ("/answerdesk whatever", "private answer"),
        ("/ask", "what you would like to know"),
        ("/sources", "what to look for"),
        ("/sources zebra", "no document"),
        ("/usage", "75%\n150 of 200 tokens today; starts afresh <!date^1795647600^"),
    ],
)
async def test_whatever_is_typed_gets_an_answer(slack: Sandbox, typed: str, says: str) -> None:
    await slack.command("jonas", "general", typed)
    assert says in newest(slack, "jonas")


@pytest.mark.usefixtures("bot")
async def test_what_fails_is_said_and_in_time(slack: Sandbox, retrieval: RetrievalStandIn) -> None:
    retrieval.away = True
    await slack.command("jonas", "general", "/sources leave")
    assert "try again" in newest(slack, "jonas")
    assert "operation_timeout" not in newest(slack, "jonas")
