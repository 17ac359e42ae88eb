"""Slack's side of the bot, opened: the workspace, who reads there, and what is kept of what people say."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import stamina
import structlog
from nats.aio.client import Client
from pydantic import SecretStr

from bot.answering.valkey_connection import Valkey
from bot.home.nats_preferences import NatsPreferences, open_preferences
from bot.home.nats_recent import NatsRecent, open_recent
from bot.slack.audience import Audience, watching_people
from bot.slack.metering import CallMeter
from bot.slack.nats_broken_off import NatsBrokenOff, open_broken_off
from bot.slack.nats_claims import NatsClaims, open_claims
from bot.slack.nats_feedback import NatsFeedback
from bot.slack.nats_people import hearing_of_people
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_stops import NatsStops, hearing_stops
from bot.slack.nats_threads import Threads, open_threads
from bot.slack.ports import EditBudget
from bot.slack.slack_workspace import SlackWorkspace, open_workspace
from bot.slack.valkey_edit_budget import ValkeyEditBudget
from wire.errors import UnavailableError
from wire.settings import Settings

SLACK_WITHIN_S = 60.0
"""How long Slack may be away at the start before the process gives up."""

_log = structlog.get_logger("bot")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Where what people say is kept."""

    queue: QuestionQueue
    threads: Threads
    claims: NatsClaims
    broken_off: NatsBrokenOff
    stops: NatsStops
    feedback: NatsFeedback
    preferences: NatsPreferences
    recent: NatsRecent


@dataclass(frozen=True, kw_only=True)
class SlackSide:
    """What everything that people see of us in Slack stands on.

    Attributes:
        workspace: calls Slack.
        audience: knows who reads where.
        budget: the edits that the workspace allows all of us together.
        kept: what people have said and set.
    """

    workspace: SlackWorkspace
    audience: Audience
    budget: EditBudget
    kept: Kept


@asynccontextmanager
async def opened_slack_side(
    settings: Settings,
    client: Client,
    redis: Valkey,
    *,
    token: SecretStr,
    stop: asyncio.Event,
    meter: CallMeter,
) -> AsyncIterator[SlackSide]:
    """Open it for as long as the block lasts; until told to stop Slack is given a minute to answer.

    Raises:
        SettingsError: Slack refuses the token.
        UnavailableError: Slack or NATS does not answer.
    """
    async with (
        _workspace(token, settings.slack_api_url, stop=stop, meter=meter) as workspace,
        opened_kept(settings, client) as kept,
        watching_people(workspace, mapped=kept.preferences.mapped) as audience,
        hearing_of_people(client, audience.changed),
    ):
        budget = ValkeyEditBudget(redis, team=workspace.identity.team)
        yield SlackSide(workspace=workspace, audience=audience, budget=budget, kept=kept)


@asynccontextmanager
async def opened_kept(settings: Settings, client: Client) -> AsyncIterator[Kept]:
    """Where it is kept, for as long as the block lasts.

    Raises:
        UnavailableError: NATS does not answer.
    """
    feedback = NatsFeedback(client)
    await feedback.keep_for(settings.feedback_days)
    async with hearing_stops(client) as stops:
        yield Kept(
            queue=QuestionQueue(client),
            threads=await open_threads(client),
            claims=await open_claims(client),
            broken_off=await open_broken_off(client),
            stops=stops,
            feedback=feedback,
            preferences=await open_preferences(client),
            recent=await open_recent(client),
        )


@asynccontextmanager
async def _workspace(
    token: SecretStr, api_url: str, *, stop: asyncio.Event, meter: CallMeter
) -> AsyncIterator[SlackWorkspace]:
    def worth_another_try(error: Exception) -> bool:
        if not isinstance(error, UnavailableError) or stop.is_set():
            return False
        _log.warning("Slack does not answer yet; trying again")
        return True

    async with AsyncExitStack() as stack:
        async for attempt in stamina.retry_context(
            on=worth_another_try, attempts=None, timeout=SLACK_WITHIN_S, wait_initial=0.2, wait_max=5
        ):
            with attempt:
                workspace = await stack.enter_async_context(
                    open_workspace(token=token, api_url=api_url, meter=meter)
                )
        yield workspace
