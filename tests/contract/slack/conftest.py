"""A Slack look-alike of each test's own, and the bot's view of it."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.slack.slack_workspace import SlackWorkspace, open_workspace
from sandbox.service import Sandbox, serving
from sandbox.socket_mode import Redelivery

BOT_TOKEN = "xoxb-test"
APP_TOKEN = "xapp-test"


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    """A workspace that brings an unacknowledged event again after a second, not after a minute."""
    redelivery = Redelivery(ack_within_s=3.0, delays_s=(0.2, 1.0, 2.0))
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, redelivery=redelivery) as sandbox:
        yield sandbox


@pytest.fixture
async def workspace(slack: Sandbox) -> AsyncIterator[SlackWorkspace]:
    async with open_workspace(token=SecretStr(BOT_TOKEN), api_url=slack.api_url) as opened:
        yield opened
