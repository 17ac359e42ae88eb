"""Of a long thread the newest messages are read, however Slack pages it."""

import pytest

from bot.slack.slack_workspace import SlackWorkspace
from sandbox.conversations import Message
from sandbox.service import Sandbox

LONG = 1_100


def long_thread(slack: Sandbox, replies: int) -> Message:
    root = slack.say("jonas", "general", "A long story.")
    for number in range(replies):
        slack.say("theo", "general", f"Line {number}.", thread_ts=root.ts)
    return root


@pytest.mark.parametrize("replies", [3, 450, LONG])
async def test_the_last_messages_of_a_thread_are_read_in_order(
    slack: Sandbox, workspace: SlackWorkspace, replies: int
) -> None:
    root = long_thread(slack, replies)
    read = await workspace.thread(channel=root.channel, thread_ts=root.ts)
    said = ["A long story.", *(f"Line {number}." for number in range(replies))]
    assert [message.text for message in read][-20:] == said[-20:]
