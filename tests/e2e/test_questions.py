"""A question's way, on real parts: Slack event, queue, pipeline, retrieval, model, one growing message.

Slack and the Messages API are stood in for over HTTP; NATS, Valkey, the worker and the bots are real
processes, and are killed as such.
"""

import asyncio
import random
import signal
import socket
from functools import partial

import aiohttp
import pytest

from bot.home.nats_recent import open_recent
from desk.invoking import BAD_USAGE
from desk.probes import page_answers
from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.claude_stand_in import ClaudeStandIn, Script
from tests.conftest import free_port
from tests.contract.ingest.formats.documents import pdf
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION, Process
from tests.slack_over_http import SECRET
from tests.until import until
from wire.nats_connection import connected

WAITING = ("Searching", "Reading", "Waiting", "Writing", "…")


def answer(slack: Sandbox, question: Message, *, person: str = "jonas", channel: str = "general") -> str:
    """The text of the one message under a question; empty while it is unfinished."""
    replies = [reply for reply in slack.thread(channel, question.ts, person=person) if reply.by_app]
    assert len(replies) <= 1, [reply.text for reply in replies]
    text = replies[0].text if replies else ""
    finished = text and not any(
        "hourglass" in str(block) for block in replies[0].blocks if block["type"] == "context"
    )
    return text if finished else ""


async def test_a_mention_is_answered_in_its_thread_with_citations(fleet: Fleet, slack: Sandbox) -> None:
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    text = await until(lambda: answer(slack, question), within_s=60)
    assert "90 working days" in text
    [reply] = slack.thread("general", question.ts)
    assert "https://docs.example.com/leave" in str(reply.blocks)
    assert "[1]" in str(reply.blocks)


async def test_a_direct_message_and_a_follow_up_need_no_mention(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    fleet.start()
    direct = slack.say("jonas", "dm", "How long is parental leave in Germany?")
    await until(lambda: answer(slack, direct, channel="dm"), within_s=60)
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: answer(slack, question), within_s=60)
    slack.say("jonas", "general", "And in how many parts?", thread_ts=question.ts)

    def both() -> bool:
        replies = [reply for reply in slack.thread("general", question.ts) if reply.by_app]
        return len(replies) == 2 and "hourglass" not in str(replies[1].blocks)

    await until(both, within_s=60)
    told = str(claude.requests[-1]["messages"])
    assert "How many days of parental leave" in told
    assert "in how many parts" in told


async def test_a_file_that_comes_with_a_question_is_read(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """From Slack to the bot, to the worker's process apart, and with the question to the model."""
    fleet.start()
    files = [("move.pdf", pdf(["The office moves to Lisbon on the ninth of March."])), ("chart.exe", b"x")]
    asked = slack.say("jonas", "dm", "When does the office move to Lisbon?", files=files)
    text = await until(lambda: answer(slack, asked, channel="dm"), within_s=60)
    assert "move.pdf says: The office moves to Lisbon on the ninth of March." in text
    assert "couldn't read this attached file: chart.exe (files of this kind are not read)" in text


async def test_files_without_a_word_stand_on_their_senders_list_by_name(
    fleet: Fleet, slack: Sandbox, engines: dict[str, str]
) -> None:
    fleet.start()
    sent = slack.say("jonas", "dm", "", files=[("lease.pdf", b"%PDF-1.4")])
    text = await until(lambda: answer(slack, sent, channel="dm"), within_s=60)
    assert "with a question beside it" in text
    async with connected(engines["NATS_URL"], name="test") as client:
        recent = await open_recent(client)

        async def listed() -> bool:
            return "lease.pdf" in {each.question for each in await recent.of(sent.user, team="T0LARKSPUR")}

        await until(listed, within_s=30)


async def test_the_message_grows_as_the_model_writes(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    claude.default = Script(sentences=4, pace_s=0.05)
    fleet.start()
    slack.say("jonas", "general", QUESTION)
    question = slack.messages("general")[-1]
    await until(lambda: answer(slack, question), within_s=30)
    lengths = [len(str(call.arguments["blocks"])) for call in slack.calls("chat.update")]
    assert len(lengths) >= 3
    assert lengths == sorted(lengths)


CHANNELS = ("general", "ask-hr", "engineering", "travel")
"""Slack takes one message a second in each."""


@pytest.mark.parametrize("asked", [12, pytest.param(1_000, marks=pytest.mark.soak)])
async def test_every_event_is_answered_once_whatever_slack_repeats(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, asked: int
) -> None:
    """Promise 4: each event 1 to 4 times, to three replicas, with twins; 5,000 of them by ``make soak``."""
    claude.default = Script(pace_s=0.01)
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    fleet.own_settings["QUOTA_REQUESTS_PER_MINUTE"] = "0"
    fleet.start(3)
    await until(lambda: slack.open_sockets >= 3, within_s=60)
    answers = []
    for n in range(asked):
        slack.faults.repeat_events = chance.randrange(4)
        channel = CHANNELS[n % len(CHANNELS)]
        question = slack.say("jonas", channel, f"{QUESTION} ({n})")
        answers.append(partial(answer, slack, question, channel=channel))
        await asyncio.sleep(chance.random() * 0.05)
    for answered in answers:
        await until(answered, within_s=60 + asked)
    await asyncio.sleep(3)
    assert all("90 working days" in answered() for answered in answers)
    print(len(slack.deliveries()), "events")


async def test_what_was_acknowledged_is_answered_whatever_dies(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 1: bots are killed at random while questions come and answers are written."""
    claude.default = Script(sentences=3, pace_s=0.02)
    seed = random.randrange(10**6)
    print("seed", seed)
    chance = random.Random(seed)
    fleet.start(2)
    await until(lambda: slack.open_sockets >= 2, within_s=60)
    questions = []
    for n in range(4):
        questions += [slack.say("jonas", "general", f"{QUESTION} ({n}.{m})") for m in range(3)]
        await asyncio.sleep(chance.random() * 1.5)
        fleet.kill(chance.randrange(len(fleet.running)))
        fleet.start()
    for question in questions:
        await until(partial(answer, slack, question), within_s=90)
    assert "Traceback" not in fleet.log()


POSITIONS = [1, 3, 10, 25, *(pytest.param(words, marks=pytest.mark.soak) for words in range(2, 48, 3))]


@pytest.mark.parametrize("after_words", POSITIONS)
async def test_a_crash_in_mid_stream_heals_in_the_same_message(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, after_words: int
) -> None:
    """Promise 6: kill -9 at several places of the stream; the same message is completed within 45 s."""
    claude.scripts.append(Script(sentences=3, ending="stall", after_words=after_words, pings=True))
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: claude.streams_open, within_s=60)
    [before] = await until(lambda: slack.thread("general", question.ts), within_s=30)
    await asyncio.sleep(1.0)
    fleet.kill()
    fleet.start()
    text = await until(lambda: answer(slack, question), within_s=45)
    assert "90 working days" in text
    [after] = slack.thread("general", question.ts)
    assert after.ts == before.ts


async def test_a_finished_answer_is_shown_without_asking_the_model_again(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """Promise 6 (its last step): killed between the model's end and the last edit."""
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=60)
    slack.faults.slow_api_s = 2.0
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: claude.requests and not claude.streams_open, within_s=60)
    await asyncio.sleep(0.5)
    fleet.kill()
    slack.faults.slow_api_s = 0.0
    fleet.start()
    assert "90 working days" in await until(lambda: answer(slack, question), within_s=45)
    assert len(claude.requests) == 1


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (Script(ending="overloaded"), "busy"),
        (Script(ending="server_error"), "model"),
        (Script(ending="refusal", after_words=10), "declined"),
        (Script(ending="cut", after_words=10), "incomplete"),
    ],
)
async def test_every_failure_of_the_model_is_a_sentence_in_the_thread(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn, script: Script, says: str
) -> None:
    """Promise 19 (as its reader sees it)."""
    claude.default = script
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    assert says in (await until(lambda: answer(slack, question), within_s=30)).lower()


async def test_a_bot_that_is_told_to_stop_finishes_what_it_writes(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    claude.default = Script(sentences=3, pace_s=0.05)
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: claude.streams_open, within_s=60)
    codes = await asyncio.to_thread(fleet.stop)
    assert codes == [0]
    assert "90 working days" in answer(slack, question)


async def test_a_revoked_token_parks_the_bot_and_keeps_the_question(fleet: Fleet, slack: Sandbox) -> None:
    """Promise 10: at most three calls after it; a bot with a good token answers what was asked meanwhile."""
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=60)
    slack.faults.auth_error = "token_revoked"
    before = len(slack.calls())
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: len(slack.calls()) > before, within_s=60)
    await asyncio.sleep(5)
    assert len(slack.calls()) - before <= 3
    assert fleet.log().count("SLACK_BOT_TOKEN") <= 2
    slack.faults.auth_error = None
    fleet.kill()
    fleet.start()
    assert "90 working days" in await until(lambda: answer(slack, question), within_s=45)


async def test_a_follow_up_asked_meanwhile_waits_and_is_told_the_answer_before_it(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    claude.scripts.append(Script(sentences=2, pace_s=0.05))
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    await until(lambda: claude.streams_open, within_s=60)
    slack.say("jonas", "general", "And in how many parts?", thread_ts=question.ts)
    # Between the two answers, the follow-up is made to stand alone.
    await until(lambda: len(claude.requests) >= 3, within_s=60)
    told = str(claude.requests[2]["messages"])
    assert told.index("How many days") < told.index("90 working days") < told.index("how many parts")
    assert "Searching" not in told


async def test_what_slack_refuses_is_shown_as_words_alone(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """An answer that was paid for is never lost to a block that Slack does not take."""
    claude.default = Script(text="| a | b |\n| - | - |\n" + "| " + "long " * 2500 + " | x |\n")
    fleet.start()
    question = slack.say("jonas", "general", QUESTION)
    told = partial(slack.thread, "general", question.ts, person="jonas")
    await until(lambda: "Ask again" in str([reply.blocks for reply in told()]), within_s=30)
    assert sum(reply.text.count("long ") for reply in told()) >= 2400


async def test_with_the_worker_away_the_asker_is_told_so(
    fleet: Fleet, slack: Sandbox, worker: Process
) -> None:
    """Hung, not dead: the connection stands, and nobody answers."""
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=60)
    worker.send_signal(signal.SIGSTOP)
    try:
        question = slack.say("jonas", "general", QUESTION)
        text = await until(lambda: answer(slack, question), within_s=30)
    finally:
        worker.send_signal(signal.SIGCONT)
    assert "search" in text.lower()
    assert "again" in text


async def test_slack_over_http_is_answered_and_a_stop_lets_other_programs_answers_end(
    fleet: Fleet, slack: Sandbox, claude: ClaudeStandIn
) -> None:
    """One bot without a socket: Slack's signed requests, and an answer over HTTP that outlives SIGTERM."""
    key, port = "adk_a-key-of-this-test", free_port()
    fleet.own_settings = {
        "SLACK_APP_TOKEN": "",
        "SLACK_SIGNING_SECRET": SECRET,
        "HTTP_PORT": str(port),
        "API_KEYS": key,
    }
    fleet.start()
    url = f"http://127.0.0.1:{port}"
    await until(partial(page_answers, f"{url}/readyz"), within_s=60)
    await slack.send_to(f"{url}/slack/events", signing_secret=SECRET)
    question = slack.say("jonas", "general", QUESTION)
    text = await until(lambda: answer(slack, question), within_s=60)
    assert "90 working days" in text
    claude.default = Script(sentences=2, pace_s=0.1)
    asked = {"question": QUESTION + " And since when?"}
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
        session.post(f"{url}/v1/answers", json=asked) as reply,
    ):
        await until(lambda: claude.streams_open, within_s=60)
        codes = asyncio.create_task(asyncio.to_thread(fleet.stop))
        told = await reply.text()
    assert "event: done" in told
    assert await codes == [0]


async def test_a_bot_whose_port_is_taken_says_so_in_a_sentence_and_ends(fleet: Fleet) -> None:
    """However much of it has started by then."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        fleet.own_settings |= {"HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(port)}
        fleet.start()
        assert await asyncio.to_thread(fleet.running[0].wait, 60) == BAD_USAGE
    assert f"HTTP_PORT: port {port} is taken; choose another" in fleet.log()
    assert "Traceback" not in fleet.log()
