"""A Slack look-alike of each test's own, and the bot's view of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

import pytest
from nats.aio.client import Client
from pydantic import SecretStr
from slack_bolt.async_app import AsyncApp

from bot.answering.quota import Asker, Level, QuotaLimits
from bot.slack.audience import watching_people
from bot.slack.bolt_intake import bolt_app, listening
from bot.slack.edit_budget import OwnEditBudget
from bot.slack.nats_people import tell_of_people
from bot.slack.slack_workspace import SlackWorkspace, open_workspace
from bot.slack_side import SlackSide, opened_kept
from bot.talk import talk
from sandbox.service import Sandbox, serving
from sandbox.socket_mode import Redelivery
from tests.until import until
from wire.settings import Settings

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


async def used_up(asker: Asker) -> list[Level]:
    """A person's day, of which 150 of 200 tokens are gone."""
    limits = QuotaLimits(person_per_day=200)
    [pot] = limits.pots(asker, now=datetime(2026, 11, 25, 12, tzinfo=UTC))
    return [Level(pot=pot, used=100, reserved=50)]


@asynccontextmanager
async def bot_app(
    client: Client, workspace: SlackWorkspace, *, signing_secret: SecretStr | None = None
) -> AsyncIterator[AsyncApp]:
    """The bot's ears, wired as it wires them itself."""
    settings = Settings(
        _env_file=None,
        ask_human_channel="C0ASKHR",
        feedback_questions="channels",
        relevance_floor=0.15,
        anthropic_base_url="http://127.0.0.1:1",
    )
    async with opened_kept(settings, client) as kept, watching_people(workspace) as audience:
        side = SlackSide(workspace=workspace, audience=audience, budget=OwnEditBudget(), kept=kept)
        spoken = talk(settings, client, slack=side, usage=used_up)
        yield bolt_app(
            client=workspace.client,
            identity=workspace.identity,
            listener=spoken.asking,
            commands=spoken.commanding,
            interactions=spoken.interactions,
            overhear=[partial(tell_of_people, client=client, team=workspace.identity.team)],
            signing_secret=signing_secret,
        )


@pytest.fixture
async def bot(client: Client, workspace: SlackWorkspace, slack: Sandbox) -> AsyncIterator[None]:
    """The bot hears the workspace over a real socket; nobody answers what it keeps."""
    async with (
        bot_app(client, workspace) as app,
        listening(app, app_token=SecretStr(APP_TOKEN), check_tokens=workspace.check_tokens),
    ):
        await until(lambda: slack.open_sockets, within_s=10)
        yield
