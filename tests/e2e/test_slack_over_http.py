"""A chat with a bot that Slack reaches over HTTP: no socket at all, and every request signed."""

import json
from functools import partial

from bot.slack.buttons import AGAIN
from desk.probes import page_answers
from sandbox.service import Sandbox
from tests.conftest import free_port
from tests.e2e.bot_fleet import Fleet
from tests.e2e.conftest import QUESTION
from tests.e2e.test_questions import answer
from tests.slack_over_http import SECRET
from tests.until import until


async def test_a_mention_a_button_and_a_command_over_http(fleet: Fleet, slack: Sandbox) -> None:
    """Issue 6: a question is answered, asked again by its button, and a command tells what that took."""
    port = free_port()
    fleet.own_settings = {
        "SLACK_APP_TOKEN": "",
        "SLACK_SIGNING_SECRET": SECRET,
        "HTTP_PORT": str(port),
        "QUOTA_TOKENS_PER_DAY": "100000",
    }
    fleet.start()
    url = f"http://127.0.0.1:{port}"
    await until(partial(page_answers, f"{url}/readyz"), within_s=60)
    await slack.send_to(f"{url}/slack/events", signing_secret=SECRET)

    question = slack.say("jonas", "general", QUESTION)
    text = await until(lambda: answer(slack, question), within_s=60)
    assert "90 working days" in text

    [reply] = [each for each in slack.thread("general", question.ts) if each.by_app]
    assert await slack.press("jonas", reply, AGAIN) is None
    await until(lambda: len(list(filter(_by_app, slack.thread("general", question.ts)))) == 2, within_s=60)

    assert await slack.command("jonas", "general", "/usage") is None
    told = slack.whispers("jonas")[-1]
    assert "100,000" in f"{told.text} {json.dumps(told.blocks)}"

    assert slack.open_sockets == 0
    assert all(sent.socket == 0 and sent.acknowledged for sent in slack.deliveries())


def _by_app(message: object) -> bool:
    return bool(getattr(message, "by_app", False))
