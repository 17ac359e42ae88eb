"""What people and admins set in Slack holds for the next answer: read like the chat it is."""

import json

import pytest

from sandbox.conversations import Message
from sandbox.service import Sandbox
from tests.claude_stand_in import ClaudeStandIn
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION, WORDS
from tests.until import until


def answered(slack: Sandbox, question: Message, *, channel: str) -> bool:
    thread = slack.thread(channel, question.ts, person=question.user)
    return any(WORDS[:40] in reply.text for reply in thread if reply.by_app)


async def ask(slack: Sandbox, channel: str, text: str = QUESTION) -> Message:
    """Jonas asks, and is answered."""
    question = slack.say("jonas", channel, text)
    await until(lambda: answered(slack, question, channel=channel), within_s=60)
    return question


def told_to_the_model(claude: ClaudeStandIn) -> str:
    """The instructions of the newest request."""
    return json.dumps(claude.requests[-1]["system"])


@pytest.fixture
async def bot(fleet: Fleet, slack: Sandbox) -> Fleet:
    fleet.start()
    await until(lambda: slack.open_sockets, within_s=60)
    return fleet


@pytest.mark.usefixtures("bot")
async def test_what_is_set_on_the_home_tab_and_for_a_channel_holds_for_the_next_answer(
    slack: Sandbox, claude: ClaudeStandIn
) -> None:
    await ask(slack, "general")
    assert "pirate" not in told_to_the_model(claude)

    def listed() -> bool:
        """It is listed a moment after its last words are there; the Home tab is as of when it is opened."""
        slack.open_app("jonas", tab="home")
        return "How many days of parental leave" in str(slack.home("jonas"))

    await until(listed, within_s=30, every_s=0.5)
    home = slack.home("jonas")
    assert home is not None
    assert "/archives/C0GENERAL/" in str(home), "his question leads to its answer"
    assert "Questions without an answer" not in str(home), "he is no admin"
    await slack.use("jonas", home, "home_language", value="German")
    german = "'initial_option': {'text': {'type': 'plain_text', 'text': 'Deutsch'"
    await until(lambda: german in str(slack.home("jonas")), within_s=30)
    await ask(slack, "dm", "How many days of parental leave do I get in Germany?")
    assert "answers in German" in told_to_the_model(claude)

    await slack.command("marta", "general", "/answerdesk channel")
    await until(lambda: slack.modal("marta"), within_s=30)
    assert not await slack.submit("marta", {"instruction": {"home_instruction": "Answer like a pirate."}})
    await ask(slack, "general")
    assert "Answer like a pirate." in told_to_the_model(claude), "no answer of before, either"
    asked = len(claude.requests)
    await ask(slack, "ask-hr")
    assert len(claude.requests) == asked, "elsewhere the answer of before, in the usual manner, still serves"

    slack.open_app("marta", tab="home")
    await until(lambda: "Questions without an answer" in str(slack.home("marta")), within_s=30)
    assert "*handbook*" in str(slack.home("marta"))
    assert "parental leave" not in str(slack.home("marta")), "what Jonas asks is his"
    await slack.command("jonas", "general", "/resync handbook")
    assert "Only Answerdesk" in slack.whispers("jonas")[-1].text
    await slack.command("marta", "general", "/resync handbook")
    assert "Nobody lists the documents" in slack.whispers("marta")[-1].text
