"""What becomes of a button that is pressed and of a question that reads otherwise: NATS and Slack's API."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from nats.aio.client import Client

from bot.slack.asking import Asking
from bot.slack.buttons import AGAIN, GO_ON, MUTE, Press
from bot.slack.events import Asked, MuteAsked, Reworded
from bot.slack.following import Following
from bot.slack.nats_claims import open_claims
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_stops import hearing_stops
from bot.slack.nats_threads import open_threads
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.contract.slack.asked import asked
from wire.errors import UnavailableError
from wire.questions import QuestionAsked, QuestionName


@pytest.fixture
async def asking(client: Client, workspace: SlackWorkspace) -> AsyncIterator[Asking]:
    async with hearing_stops(client) as stops:
        yield Asking(
            store=QuestionQueue(client),
            participation=await open_threads(client),
            stops=stops,
            records=await open_claims(client),
            messages=workspace,
            following=Following(
                standing=await open_threads(client),
                messages=workspace,
                identity=workspace.identity,
                names=dict,
            ),
            team=workspace.identity.team,
        )


def named(slack: Sandbox, message: Message, attempt: int = 0) -> QuestionName:
    return QuestionName(slack.workspace.company.team.id, message.channel, message.ts, attempt)


async def test_asking_again_asks_in_the_words_as_they_are_now_and_for_whoever_asks(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    root = slack.say("jonas", "general", "@answerdesk hello")
    question = slack.say("jonas", "general", "@answerdesk how many days?", thread_ts=root.ts)
    anew = named(slack, question, attempt=1)
    theo = slack.workspace.person("theo")
    await asking.press(Press(action=AGAIN, question=anew, thread_ts=root.ts, by=theo))
    await asking.press(Press(action=AGAIN, question=anew, thread_ts=root.ts, by=theo))
    delivery = (await QuestionQueue(client).take(most=1))[0]
    assert delivery.item.name == anew
    assert "how many days?" in delivery.item.text
    assert (delivery.item.user, delivery.item.thread_ts) == (theo, root.ts)
    assert (await client.jetstream().stream_info("QUESTIONS")).state.messages == 1


async def test_a_question_that_is_gone_can_not_be_asked_again_and_that_is_said(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    root = slack.say("jonas", "general", "@answerdesk hello")
    gone = QuestionName(slack.workspace.company.team.id, root.channel, "1700000000.000001", 1)
    jonas = slack.workspace.person("jonas")
    await asking.press(Press(action=AGAIN, question=gone, thread_ts=root.ts, by=jonas))
    [whisper] = slack.whispers("jonas")
    assert "can't find that question" in whisper.text
    assert (await client.jetstream().stream_info("QUESTIONS")).state.messages == 0


async def test_what_was_asked_again_already_is_not_asked_once_more_and_that_is_said(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    question = slack.say("jonas", "general", "@answerdesk how many weeks?")
    name = named(slack, question, attempt=1)
    again = asked(team=name.team, channel=name.channel, ts=name.ts, attempt=1)
    await (await open_claims(client)).claim(again)
    await asking.press(Press(action=AGAIN, question=name, thread_ts=question.ts, by=question.user))
    [whisper] = slack.whispers("jonas")
    assert "asked again already" in whisper.text
    assert (await client.jetstream().stream_info("QUESTIONS")).state.messages == 0


async def test_a_question_that_is_asked_again_means_the_same_here_as_before(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    """Whichever attempt it is: after "Ask again", "Go on", and new words for it."""
    question = slack.say("jonas", "dm", "Who decides here?")
    first = asked(channel=question.channel, ts=question.ts, viewing="C0TRAVEL")
    await (await open_claims(client)).claim(first)
    for attempt, action in ((1, AGAIN), (2, GO_ON), (1700000007, AGAIN)):
        again = replace(first.name, attempt=attempt)
        await asking.press(Press(action=action, question=again, thread_ts=question.ts, by=question.user))
    taken = await QuestionQueue(client).take(most=3)
    assert [each.item.viewing for each in taken] == ["C0TRAVEL"] * 3


async def test_new_words_for_a_question_of_ours_are_offered_an_answer_and_other_peoples_talk_is_not(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    question = slack.say("jonas", "general", "@answerdesk how many weeks?")
    name = named(slack, question)
    change = Reworded(
        asked=name, anew=named(slack, question, attempt=7), thread_ts=question.ts, by=question.user
    )
    await asking.reworded(change)
    assert not slack.whispers("jonas")
    claims = await open_claims(client)
    await claims.claim(asked(team=name.team, channel=name.channel, ts=name.ts))
    await asking.reworded(change)
    [whisper] = slack.whispers("jonas")
    assert str(change.anew) in str(whisper.blocks)


async def test_in_a_thread_of_ours_a_follow_up_is_kept_and_peoples_talk_is_not(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    root = slack.say("jonas", "general", "@answerdesk how many days?")
    await asking.hear(Asked(question=of(root), addressed=True))
    for person, text in (("theo", "I think it is 30."), ("jonas", "where did you see that?")):
        said = slack.say(person, "general", text, thread_ts=root.ts)
        await asking.hear(Asked(question=of(said), addressed=False))
    assert await stored(client) == 1
    slack.say("theo", "general", "@answerdesk is it?", thread_ts=root.ts)
    later = slack.say("jonas", "general", "and in Lisbon?", thread_ts=root.ts)
    await asking.hear(Asked(question=of(later), addressed=False))
    assert await stored(client) == 2


async def test_a_thread_that_is_muted_is_left_alone_until_somebody_mentions_us(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    root = slack.say("jonas", "general", "@answerdesk how many days?")
    await asking.hear(Asked(question=of(root), addressed=True))
    theo = slack.workspace.person("theo")
    await asking.press(Press(action=MUTE, question=named(slack, root), thread_ts=root.ts, by=theo))
    [whisper] = slack.whispers("theo")
    assert "until somebody mentions me" in whisper.text
    follow_up = slack.say("jonas", "general", "and in Lisbon?", thread_ts=root.ts)
    await asking.hear(Asked(question=of(follow_up), addressed=False))
    assert await stored(client) == 1
    mention = slack.say("jonas", "general", "@answerdesk and in Lisbon?", thread_ts=root.ts)
    await asking.hear(Asked(question=of(mention), addressed=True))
    next_one = slack.say("jonas", "general", "and in Toronto?", thread_ts=root.ts)
    await asking.hear(Asked(question=of(next_one), addressed=False))
    assert await stored(client) == 3


async def test_the_word_mutes_once_though_slack_sends_it_twice(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    root = slack.say("jonas", "general", "@answerdesk how many days?")
    await asking.hear(Asked(question=of(root), addressed=True))
    wish = MuteAsked(
        team=slack.workspace.company.team.id, channel=root.channel, thread_ts=root.ts, by=root.user
    )
    await asyncio.gather(asking.mute(wish), asking.mute(wish))
    assert len(slack.whispers("jonas")) == 1
    assert not await (await open_threads(client)).takes_part(of(root))


async def test_where_we_take_no_part_there_is_nothing_to_mute(asking: Asking, slack: Sandbox) -> None:
    root = slack.say("jonas", "general", "Could everybody mute, please?")
    team = slack.workspace.company.team.id
    await asking.mute(MuteAsked(team=team, channel=root.channel, thread_ts=root.ts, by=root.user))
    assert not slack.whispers("jonas")


async def test_a_follow_up_in_a_thread_that_slack_does_not_show_right_now_comes_again(
    asking: Asking, slack: Sandbox, client: Client
) -> None:
    root = slack.say("jonas", "general", "@answerdesk how many days?")
    await asking.hear(Asked(question=of(root), addressed=True))
    follow_up = slack.say("jonas", "general", "and in Lisbon?", thread_ts=root.ts)
    slack.faults.lost_answers = {"conversations.replies": 1}
    with pytest.raises(UnavailableError):
        await asking.hear(Asked(question=of(follow_up), addressed=False))
    await asking.hear(Asked(question=of(follow_up), addressed=False))
    assert await stored(client) == 2


def of(message: Message) -> QuestionAsked:
    return asked(
        channel=message.channel,
        ts=message.ts,
        thread_ts=message.thread_ts,
        user=message.user,
        text=message.text,
    )


async def stored(client: Client) -> int:
    return int((await client.jetstream().stream_info("QUESTIONS")).state.messages)
