"""What people set and admins do, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from nats.aio.client import Client

from bot.home.admins import Admins
from bot.home.channel_setting import ChannelSetting
from bot.home.errands import running_errands
from bot.home.front import Commands, Front
from bot.home.mending import Mending
from bot.home.nats_preferences import NatsPreferences
from bot.home.resyncing import Resyncing
from bot.slack.audience import Audience
from bot.slack.ports import EditBudget
from bot.slack.slack_workspace import SlackWorkspace
from ingest.failures_client import FailuresClient
from ingest.sync_client import SyncClient
from wire.admin_settings import AdminSettings
from wire.audit import Audit


@asynccontextmanager
async def opened_home(
    client: Client,
    *,
    workspace: SlackWorkspace,
    audience: Audience,
    admins: AdminSettings,
    budget: EditBudget,
    preferences: NatsPreferences,
    audit: Audit,
    otherwise: Commands,
) -> AsyncIterator[Front]:
    """Takes commands and presses of ours while the block lasts; other commands go on to ``otherwise``."""
    async with running_errands() as errands:
        syncs = SyncClient(client)
        yield Front(
            otherwise=otherwise,
            admins=Admins(
                admins,
                directory=workspace,
                asker_of=partial(audience.asker, team=workspace.identity.team),
            ),
            resyncing=Resyncing(syncs=syncs, board=workspace, budget=budget, errands=errands, audit=audit),
            mending=Mending(failures=FailuresClient(client), audit=audit),
            channels=ChannelSetting(kept=preferences, syncs=syncs, board=workspace, audit=audit),
            board=workspace,
            errands=errands,
            audit=audit,
        )
