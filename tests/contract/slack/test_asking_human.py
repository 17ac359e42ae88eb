"""Asking a person: pressed in a workspace, over a real socket; a worker's side stood in for on real NATS."""

from collections.abc import AsyncIterator

import pytest
from nats.aio.client import Client

from bot.slack.buttons import with_button
from bot.slack.human import ASK_A_HUMAN
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.view import View, after, payload
from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.retrieval_stand_in import RetrievalStandIn, passage, retrieval_stand_in
from wire.answers import Done, Usage
from wire.questions import QuestionName

DONE = Done(
    text="I couldn't find this.", sources=(), usage=Usage(), cached=False, model="none", timings_ms={}
)


@pytest.fixture
async def retrieval(client: Client) -> AsyncIterator[RetrievalStandIn]:
    async with retrieval_stand_in(client) as stand_in:
        yield stand_in


@pytest.fixture
async def reply(slack: Sandbox, workspace: SlackWorkspace, retrieval: RetrievalStandIn, bot: None) -> Message:
    """An answer that did not help, under a question of Jonas' (what they need is up before)."""
    return await answered(slack, workspace)


async def answered(slack: Sandbox, workspace: SlackWorkspace, *, channel: str = "general") -> Message:
    question = slack.say("jonas", channel, "@answerdesk May I bring my dog & cat?")
    name = QuestionName(workspace.identity.team, question.channel, question.ts)
    shown = with_button(payload(after(View(), DONE)), question=name, thread_ts=question.ts, asks_humans=True)
    await workspace.post(channel=question.channel, thread_ts=question.ts, shown=shown, question=str(name))
    return [each for each in slack.thread(channel, question.ts, person="jonas") if each.by_app][-1]


def fields(whom: str, text: str) -> dict[str, dict[str, str]]:
    return {"whom": {"whom": whom}, "text": {"text": text}}


async def test_exactly_what_was_shown_is_posted_once_and_only_with_consent(
    slack: Sandbox, reply: Message
) -> None:
    await slack.press("jonas", reply, ASK_A_HUMAN)
    modal = slack.modal("jonas")
    assert modal is not None
    assert "#ask-hr" in str(modal["blocks"])
    assert "May I bring my dog & cat?" in str(modal["blocks"])
    assert not slack.messages("ask-hr")
    await slack.close("jonas")
    assert not slack.messages("ask-hr")
    await slack.press("jonas", reply, ASK_A_HUMAN)
    assert await slack.submit("jonas", fields("C0ASKHR", "May I bring <!channel> my dog?")) == {}
    [posted] = slack.messages("ask-hr")
    assert "&lt;!channel&gt; my dog?" in str(posted.blocks)
    assert "<!channel>" not in f"{posted.text} {posted.blocks}"
    assert "<@U0JONAS> asks" in str(posted.blocks)
    [told] = slack.whispers("jonas")
    assert "I have asked" in told.text


async def test_a_question_of_mere_spaces_is_not_posted(slack: Sandbox, reply: Message) -> None:
    await slack.press("jonas", reply, ASK_A_HUMAN)
    problems = await slack.submit("jonas", fields("C0ASKHR", " \n "))
    assert "no words" in problems["text"]
    assert not slack.messages("ask-hr")


async def test_the_owner_whom_a_document_names_can_be_asked(
    slack: Sandbox, reply: Message, retrieval: RetrievalStandIn
) -> None:
    about = "- Owner: Marta Keller\n\nMay I bring my dog? Ask."
    retrieval.put(passage(about, document="dogs"))
    hidden = "- Owner: ines.carvalho@larkspur.example\n\nMay I bring my dog and cat?"
    retrieval.put(passage(hidden, document="cats"), allow=frozenset({"group:S0FINANCE"}))
    await slack.press("jonas", reply, ASK_A_HUMAN)
    modal = slack.modal("jonas")
    assert modal is not None
    assert "Marta Keller (an owner)" in str(modal["blocks"])
    assert "Carvalho" not in str(modal["blocks"])
    await slack.submit("jonas", fields("U0MARTA", "May I bring my dog?"))
    [posted] = slack.messages("dm", person="marta")
    assert "May I bring my dog?" in str(posted.blocks)
    assert not slack.messages("ask-hr")


@pytest.mark.parametrize(
    "owner",
    [
        "People team",
        "@people-team",
        "people-team@larkspur.example",
        "Nobody Known, people",
        "People & Finance",
    ],
)
async def test_the_group_that_a_document_names_as_its_owner_can_be_asked(
    slack: Sandbox, reply: Message, retrieval: RetrievalStandIn, owner: str
) -> None:
    retrieval.put(passage(f"- Owner: {owner}\n\nMay I bring my dog? Ask.", document="dogs"))
    await slack.press("jonas", reply, ASK_A_HUMAN)
    modal = slack.modal("jonas")
    assert modal is not None
    assert "#ask-hr, mentioning @people-team (owners)" in str(modal["blocks"])
    await slack.submit("jonas", fields("S0PEOPLETEAM", "May I bring <!here> my dog?"))
    [posted] = slack.messages("ask-hr")
    assert posted.text == "<!subteam^S0PEOPLETEAM> May I bring &lt;!here&gt; my dog?"
    assert "<!subteam^S0PEOPLETEAM>" in str(posted.blocks)
    assert "<@U0JONAS> asks" in str(posted.blocks)


@pytest.mark.parametrize("owner", ["people-team@elsewhere.example", "Legal", "the people who know", "team"])
async def test_where_no_group_is_certain_there_is_the_channel(
    slack: Sandbox, reply: Message, retrieval: RetrievalStandIn, owner: str
) -> None:
    retrieval.put(passage(f"- Owner: {owner}\n\nMay I bring my dog? Ask.", document="dogs"))
    await slack.press("jonas", reply, ASK_A_HUMAN)
    modal = slack.modal("jonas")
    assert modal is not None
    assert "#ask-hr" in str(modal["blocks"])
    assert "owner" not in str(modal["blocks"])


async def test_where_the_channel_can_not_be_written_in_that_is_said(slack: Sandbox, reply: Message) -> None:
    await slack.press("jonas", reply, ASK_A_HUMAN)
    slack.remove_app("ask-hr")
    problems = await slack.submit("jonas", fields("C0ASKHR", "May I bring my dog?"))
    assert "does not let me write there" in problems["text"]
    await slack.close("jonas")
    await slack.press("jonas", reply, ASK_A_HUMAN)
    assert slack.modal("jonas") is None
    [told] = slack.whispers("jonas")
    assert "I know nobody to ask" in told.text


@pytest.mark.usefixtures("bot", "retrieval")
@pytest.mark.parametrize(("person", "channel"), [("sam", "field-trials"), ("rosa", "partner-fernhill")])
async def test_outsiders_are_shown_neither_channels_nor_owners(
    slack: Sandbox, workspace: SlackWorkspace, person: str, channel: str
) -> None:
    """Promise 30: guests, and people of another company."""
    reply = await answered(slack, workspace, channel=channel)
    await slack.press(person, reply, ASK_A_HUMAN)
    assert slack.modal(person) is None
    [told] = slack.whispers(person)
    assert "Only people of the company" in told.text
