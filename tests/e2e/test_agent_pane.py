"""The app as an agent: its pane, statuses and sessions, answers that stream. Read like the chats they are."""

import asyncio
import json
import time
from datetime import UTC, datetime
from functools import partial

from bot.home.greeting import HELLO, TITLE
from bot.slack.buttons import GO_ON, STOP
from sandbox.conversations import Message
from sandbox.faults import RateLimited, Refused
from sandbox.service import Sandbox
from tests.claude_stand_in import ClaudeStandIn, Script
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION, WORDS
from tests.until import until
from wire import subjects
from wire.nats_connection import connected
from wire.questions import QuestionAsked

ASKED = "How many days of parental leave do I get in Germany?"
AGAIN = "answerdesk_again"
LONG = "\n\n".join(
    f"Paragraph {n} says this. " + "Leave is leave, and there is much of it. " * 12 for n in range(20)
)


async def started(fleet: Fleet, slack: Sandbox, bots: int = 1) -> None:
    fleet.start(bots)
    await until(lambda: slack.open_sockets >= bots, within_s=60)


def replies(slack: Sandbox, question: Message, channel: str = "dm") -> list[Message]:
    thread = slack.thread(channel, question.thread_ts or question.ts, person=question.user)
    return [reply for reply in thread if reply.by_app]


def finished(slack: Sandbox, question: Message, channel: str = "dm") -> bool:
    found = replies(slack, question, channel)
    return bool(found) and AGAIN in str(found[-1].blocks)


async def test_whoever_opens_it_is_greeted_once_and_sees_questions_to_pick_from(
    fleet: Fleet, slack: Sandbox
) -> None:
    await started(fleet, slack)
    slack.faults.repeat_events = 2
    slack.open_app("jonas", context="general")
    prompts = await until(lambda: slack.prompts("jonas"), within_s=30)
    assert prompts is not None
    assert prompts.title == TITLE
    assert len(prompts.prompts) == 4
    await until(lambda: [each.text for each in slack.messages("dm", person="jonas")] == [HELLO], within_s=30)
    await until(lambda: len(slack.calls("conversations.history")) >= 3, within_s=30)
    slack.open_app("jonas")
    await until(lambda: len(slack.calls("conversations.history")) >= 6, within_s=30)
    assert len(slack.messages("dm", person="jonas")) == 1


async def test_a_direct_message_shows_a_status_then_streams_and_ends_like_every_answer(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Issue 6: something to be seen within half a second, the words as they come, and a session around it."""
    claude.default = Script(sentences=6, pace_s=0.03)
    await started(fleet, slack)
    question = slack.say("jonas", "dm", ASKED)
    await until(lambda: slack.calls("assistant.threads.setStatus"), within_s=30)
    shown = slack.calls("assistant.threads.setStatus")[0]
    assert shown.arguments["status"] == "is searching the documents"
    assert "Searching the documents" in str(shown.arguments["loading_messages"])
    await until(lambda: finished(slack, question), within_s=60)
    [reply] = replies(slack, question)
    assert reply.text.count(WORDS[:40]) >= 1
    assert slack.calls("chat.startStream")
    assert not slack.calls("chat.postMessage")
    await until(
        lambda: slack.agent_thread("dm", question.ts, person="jonas").session == "active", within_s=30
    )
    thread = slack.agent_thread("dm", question.ts, person="jonas")
    assert thread.title == ASKED
    assert thread.status == ""
    streamed = [call for call in slack.calls() if call.method in ("chat.startStream", "chat.appendStream")]
    sent = "".join(chunk["text"] for call in streamed for chunk in call.arguments["chunks"])
    assert "[1](https://docs.example.com/leave)" in sent, "to be followed while the answer grows"
    assert "](http" not in reply.text


async def test_a_question_that_comes_again_after_its_answer_leaves_no_status_behind(
    fleet: Fleet, slack: Sandbox, engines: dict[str, str]
) -> None:
    """Promise 4: Slack redelivers for longer than the queue knows twins, and a sign is the first thing."""
    await started(fleet, slack)
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: finished(slack, question, "general"), within_s=60)
    told = len(slack.calls("assistant.threads.setStatus"))
    again = QuestionAsked(
        team=slack.workspace.company.team.id,
        channel=question.channel,
        ts=question.ts,
        user=question.user,
        text=question.text,
        asked_at=datetime.now(UTC),
    )
    async with connected(engines["NATS_URL"], name="test") as client:
        await client.jetstream().publish(subjects.QUESTIONS_ASKED, again.to_json())
    await until(lambda: len(slack.calls("assistant.threads.setStatus")) == told + 2, within_s=30)
    assert slack.agent_thread("general", question.ts).status == ""
    assert len(replies(slack, question, "general")) == 1


async def test_slacks_own_stop_stops_an_answer_that_streams(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    claude.scripts.append(Script(sentences=3, ending="stall", after_words=12, pings=True))
    await started(fleet, slack)
    question = slack.say("jonas", "dm", ASKED)
    await until(lambda: any("every parent" in reply.text for reply in replies(slack, question)), within_s=60)
    await until(
        lambda: slack.agent_thread("dm", question.ts, person="jonas").session == "processing", within_s=30
    )
    slack.press_stop("jonas", "dm", question.ts)
    await until(lambda: finished(slack, question), within_s=30)
    await until(lambda: not claude.streams_open, within_s=30)
    [reply] = replies(slack, question)
    assert "Stopped." in str(reply.blocks)
    assert "every parent" in reply.text
    await until(
        lambda: slack.agent_thread("dm", question.ts, person="jonas").session == "active", within_s=30
    )


async def test_a_workspace_without_any_of_it_is_answered_by_edits(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """What Slack does not have is asked for once."""
    claude.default = Script(sentences=4, pace_s=0.02)
    for method in ("chat.startStream", "assistant.threads.setStatus", "agents.sessions.setStatus"):
        slack.faults.refused[method] = Refused(calls=100, error="unknown_method")
    await started(fleet, slack)
    for _ in range(2):
        question = slack.say("jonas", "dm", ASKED)
        await until(partial(finished, slack, question), within_s=60)
        assert len(replies(slack, question)) == 1
    assert len(slack.calls("assistant.threads.setStatus")) == 1
    assert len(slack.calls("agents.sessions.setStatus")) == 1
    assert not slack.calls("chat.startStream")


async def test_an_answer_that_broke_off_is_gone_on_with_at_a_press_and_again_where_that_was_stopped(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    claude.scripts.append(Script(sentences=3, ending="cut", after_words=12))
    claude.scripts.append(Script(text=LONG, ending="stall", after_words=12, pings=True))
    await started(fleet, slack)
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: finished(slack, question, "general"), within_s=60)
    slack.click("theo", replies(slack, question, "general")[-1], GO_ON)
    await until(lambda: "Paragraph 0" in replies(slack, question, "general")[-1].text, within_s=60)
    assert "every parent" in written_before(claude)
    slack.click("theo", replies(slack, question, "general")[-1], STOP)
    await until(lambda: GO_ON in str(replies(slack, question, "general")[-1].blocks), within_s=30)
    before = len(claude.requests)
    slack.click("theo", replies(slack, question, "general")[-1], GO_ON)
    await until(lambda: len(claude.requests) > before, within_s=60)
    assert "every parent" in written_before(claude)
    assert "Paragraph 0" in written_before(claude)


def written_before(claude: ClaudeStandIn) -> str:
    """What the model is shown of the answer that it is to go on with."""
    *_, written, order = claude.requests[-1]["messages"]
    assert written["role"] == "assistant"
    assert "Go on exactly where it ended" in json.dumps(order)
    return json.dumps(written)


async def test_a_long_answer_is_several_messages_whatever_dies_meanwhile(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 6: a successor goes on in the same messages, and none stands twice."""
    claude.default = Script(text=LONG, pace_s=0.005)
    await started(fleet, slack)
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: len(replies(slack, question, "general")) >= 2, within_s=60)
    fleet.kill()
    fleet.start()
    await until(lambda: finished(slack, question, "general"), within_s=90)
    parts = replies(slack, question, "general")
    told = " ".join(part.text for part in parts)
    assert [told.count(f"Paragraph {n} says") for n in range(20)] == [1] * 20
    assert len(parts) == 3
    assert [AGAIN in str(part.blocks) for part in parts] == [False, False, True]


async def test_where_an_edit_may_come_only_after_an_hour_the_answer_is_posted_anew(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 8: Retry-After of 3,600 s on the edits; the final text is complete within a minute."""
    claude.default = Script(sentences=3, pace_s=0.1)
    slack.faults.rate_limited = {"chat.update": RateLimited(calls=1000, retry_after_s=3600)}
    await started(fleet, slack)
    asked_at = time.monotonic()
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: finished(slack, question, "general"), within_s=60)
    assert time.monotonic() - asked_at < 60
    await until(lambda: len(replies(slack, question, "general")) == 1, within_s=30)
    await asyncio.sleep(1)
    assert len(slack.calls("chat.update")) == 1


async def test_where_no_message_may_be_posted_for_an_hour_the_asker_is_told(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 8: Retry-After of 3,600 s on the first post; said within a minute, and called no more.

    The answer is on record by then, and comes when Slack takes it.
    """
    slack.faults.rate_limited = {"chat.postMessage": RateLimited(calls=1000, retry_after_s=3600)}
    await started(fleet, slack)
    slack.say("jonas", "general", QUESTION)
    [whisper] = await until(lambda: slack.whispers("jonas"), within_s=60)
    assert "go on in 1 hour" in whisper.text
    assert whisper.thread_ts is None, "in a thread without a message Slack shows none"
    await asyncio.sleep(1)
    assert len(slack.calls("chat.postMessage")) == 1


async def test_where_slack_does_not_say_who_reads_it_for_an_hour_the_message_says_so(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 8: Retry-After of 3,600 s on what the audience is told from; marked, and called no more."""
    slack.faults.rate_limited = {"users.info": RateLimited(calls=1000, retry_after_s=3600)}
    await started(fleet, slack)
    question = slack.say("jonas", "dm", ASKED)
    await until(lambda: finished(slack, question), within_s=60)
    [reply] = replies(slack, question)
    assert "ask again in 1 hour" in reply.text
    assert len(slack.calls("users.info")) == 1


async def test_where_slack_makes_us_wait_for_half_a_minute_the_message_says_so_and_the_answer_comes(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 8: Retry-After of 30 s."""
    slack.faults.rate_limited = {"conversations.info": RateLimited(calls=1, retry_after_s=30)}
    await started(fleet, slack)
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: "go on in 30 seconds" in str(replies(slack, question, "general")[:1]), within_s=30)
    await until(lambda: finished(slack, question, "general"), within_s=90)
    refused, *later = slack.calls("conversations.info")
    assert all(call.at - refused.at >= 29.9 for call in later)
    assert len(replies(slack, question, "general")) == 1


async def test_here_means_the_channel_beside_the_pane(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    await started(fleet, slack)
    slack.look_at("jonas", "travel")
    here = slack.say("jonas", "dm", f"{ASKED} And here?", beside="travel")
    await until(lambda: finished(slack, here), within_s=60)
    assert "#travel, which" in str(claude.requests[-1]["messages"])
    before = len(claude.requests)
    slack.click("jonas", replies(slack, here)[-1], AGAIN)
    await until(lambda: len(claude.requests) > before, within_s=60)
    assert "#travel, which" in str(claude.requests[-1]["messages"])
    elsewhere = slack.say("jonas", "dm", ASKED, beside="travel")
    await until(lambda: finished(slack, elsewhere), within_s=60)
    assert "travel" not in str(claude.requests[-1]["messages"])
