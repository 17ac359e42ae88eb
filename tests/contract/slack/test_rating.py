"""Thumbs under an answer: pressed in a workspace, over a real socket, into a real stream."""

import pytest
from nats.aio.client import Client

from bot.slack.buttons import with_button
from bot.slack.feedback import RATE
from bot.slack.nats_feedback import NatsFeedback
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.view import View, after, payload
from sandbox.conversations import Message
from sandbox.faults import RateLimited
from sandbox.service import Sandbox
from wire.answers import Done, Source, Usage
from wire.feedback import RatedDocument, SourceFeedback
from wire.questions import QuestionName

LEAVE = Source(index=1, source="handbook", document="leave", version=1, title="Leave")
DONE = Done(text="30 days [1].", sources=(LEAVE,), usage=Usage(), cached=False, model="m", timings_ms={})


async def answered(slack: Sandbox, workspace: SlackWorkspace, *, channel: str = "general") -> Message:
    """An answer that stands under a question of Jonas'."""
    question = slack.say("jonas", channel, "@answerdesk How much leave do I get?")
    name = QuestionName(workspace.identity.team, question.channel, question.ts)
    shown = with_button(payload(after(View(), DONE)), question=name, thread_ts=question.ts)
    await workspace.post(channel=question.channel, thread_ts=question.ts, shown=shown, question=str(name))
    [reply] = slack.thread(channel, question.ts, person="jonas")
    return reply


def value(message: Message, side: str) -> str:
    [element] = [block["elements"][0] for block in message.blocks if block["type"] == "context_actions"]
    return str(element[f"{side}_button"]["value"])


@pytest.mark.usefixtures("bot")
async def test_a_thumb_up_is_kept_with_what_it_is_about_and_confirmed(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    reply = await answered(slack, workspace)
    assert await slack.press("theo", reply, RATE, value=value(reply, "positive")) is None
    [said] = await NatsFeedback(client).given(days=1)
    assert (said.helpful, said.outcome, said.person) == (True, "answered", "T0LARKSPUR:U0THEO")
    assert said.documents == (RatedDocument(source="handbook", document="leave"),)
    assert (said.text, said.asker) == ("How much leave do I get?", "T0LARKSPUR:U0JONAS")
    [whisper] = slack.whispers("theo")
    assert "Thank you" in whisper.text
    assert whisper.thread_ts == reply.thread_ts
    assert slack.modal("theo") is None


@pytest.mark.usefixtures("bot")
async def test_a_thumb_down_asks_why_and_counts_whatever_becomes_of_that(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    reply = await answered(slack, workspace)
    await slack.press("jonas", reply, RATE, value=value(reply, "negative"))
    assert slack.modal("jonas") is not None
    [said] = await NatsFeedback(client).given(days=1)
    assert (said.helpful, said.reason) == (False, None)
    assert await slack.submit("jonas", {"wrong": {"wrong": "outdated"}, "reason": {"reason": "31 now"}}) == {}
    [said] = await NatsFeedback(client).given(days=1)
    assert (said.helpful, said.wrong, said.reason) == (False, "outdated", "31 now")
    assert "will read it" in slack.whispers("jonas")[-1].text
    assert await NatsFeedback(client).summary() == [SourceFeedback(source="handbook", helpful=0, unhelpful=1)]


@pytest.mark.usefixtures("bot")
async def test_of_each_persons_words_on_an_answer_the_last_count(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    reply = await answered(slack, workspace)
    await slack.press("jonas", reply, RATE, value=value(reply, "negative"))
    await slack.press("jonas", reply, RATE, value=value(reply, "positive"))
    await slack.press("theo", reply, RATE, value=value(reply, "negative"))
    said = await NatsFeedback(client).given(days=1)
    assert [(each.person, each.helpful) for each in said] == [
        ("T0LARKSPUR:U0THEO", False),
        ("T0LARKSPUR:U0JONAS", True),
    ]


@pytest.mark.usefixtures("bot")
async def test_a_private_questions_words_are_not_kept_and_the_thumb_is(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    reply = await answered(slack, workspace, channel="dm")
    await slack.press("jonas", reply, RATE, value=value(reply, "positive"))
    [said] = await NatsFeedback(client).given(days=1)
    assert (said.helpful, said.text, said.asker) == (True, None, None)


@pytest.mark.usefixtures("bot")
async def test_people_of_another_company_rate_nothing_and_are_told_so(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    question = slack.say("jonas", "partner-fernhill", "@answerdesk How long is support?")
    name = QuestionName(workspace.identity.team, question.channel, question.ts)
    shown = with_button(payload(after(View(), DONE)), question=name, thread_ts=question.ts)
    await workspace.post(channel=question.channel, thread_ts=question.ts, shown=shown, question=str(name))
    [reply] = slack.thread("partner-fernhill", question.ts)
    await slack.press("rosa", reply, RATE, value=value(reply, "negative"))
    assert await NatsFeedback(client).given(days=1) == []
    [whisper] = slack.whispers("rosa")
    assert "Only people of the company" in whisper.text


@pytest.mark.usefixtures("bot")
async def test_where_the_modal_can_not_be_opened_the_thumb_counts_and_is_confirmed(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    reply = await answered(slack, workspace)
    slack.faults.rate_limited = {"views.open": RateLimited(calls=1, retry_after_s=30)}
    await slack.press("jonas", reply, RATE, value=value(reply, "negative"))
    assert len(await NatsFeedback(client).given(days=1)) == 1
    [whisper] = slack.whispers("jonas")
    assert "noted" in whisper.text


@pytest.mark.usefixtures("bot")
async def test_what_could_not_be_kept_is_not_confirmed(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    reply = await answered(slack, workspace)
    await client.jetstream().delete_stream("FEEDBACK")
    assert await slack.press("jonas", reply, RATE, value=value(reply, "positive")) is not None
    assert not slack.whispers("jonas")


@pytest.mark.usefixtures("bot")
async def test_a_persons_feedback_and_the_words_of_their_questions_can_be_erased(
    slack: Sandbox, workspace: SlackWorkspace, client: Client
) -> None:
    """Promise 38: what they said, and what others said of answers to them."""
    feedback = NatsFeedback(client)
    reply = await answered(slack, workspace)
    for person in ("jonas", "theo"):
        await slack.press(person, reply, RATE, value=value(reply, "positive"))
    assert await feedback.forget("T0LARKSPUR:U0PRIYA") == 0
    assert await feedback.forget("T0LARKSPUR:U0JONAS") == 2
    assert await feedback.given(days=1) == []


async def test_feedback_is_kept_for_as_long_as_is_set(client: Client) -> None:
    await NatsFeedback(client).keep_for(30)
    config = (await client.jetstream().stream_info("FEEDBACK")).config
    assert config.max_age == 30 * 86_400
