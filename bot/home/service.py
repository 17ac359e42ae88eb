"""What people set and admins do, put together."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from nats.aio.client import Client

from bot.answering.nats_gaps import NatsGaps
from bot.home.admins import Admins
from bot.home.channel_setting import ChannelSetting
from bot.home.errands import Errands, running_errands
from bot.home.following_runs import following_runs
from bot.home.front import Commands, Front
from bot.home.looking_over import LookingOver, Usage
from bot.home.mending import Mending
from bot.home.nats_followed import NatsFollowed
from bot.home.nats_preferences import NatsPreferences
from bot.home.nats_quota_low import hearing_low_quotas
from bot.home.nats_recent import NatsRecent
from bot.home.pressing import Forget, Pressing
from bot.home.resyncing import Resyncing
from bot.home.showing_home import ShowingHome
from bot.home.warning_of_quotas import WarningOfQuotas
from bot.slack.audience import Audience
from bot.slack.nats_feedback import NatsFeedback
from bot.slack.ports import EditBudget
from bot.slack.slack_workspace import SlackWorkspace
from ingest.failures_client import FailuresClient
from ingest.sync_client import SyncClient
from retrieval.client import RetrievalClient
from wire.admin_settings import AdminSettings
from wire.audit import Audit
from wire.quotas import QuotaLow

GAPS_READ = 2_000
FEEDBACK_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Given:
    """What the bot has opened already.

    Attributes:
        admins: who they are.
        quota_groups: the user groups that have a quota.
        usage: how far somebody's quotas have been drawn.
        forget: erases what is kept about a person.
    """

    client: Client
    workspace: SlackWorkspace
    audience: Audience
    admins: AdminSettings
    budget: EditBudget
    preferences: NatsPreferences
    recent: NatsRecent
    audit: Audit
    usage: Usage
    quota_groups: Sequence[str]
    forget: Forget


@asynccontextmanager
async def opened_home(given: Given, *, otherwise: Commands) -> AsyncIterator[Front]:
    """Takes commands and presses of ours while the block lasts; other commands go on to ``otherwise``."""
    async with AsyncExitStack() as stack:
        errands = await stack.enter_async_context(running_errands())
        admins = Admins(
            given.admins,
            directory=given.workspace,
            asker_of=partial(given.audience.asker, team=given.workspace.identity.team),
            audit=given.audit,
        )
        warning = WarningOfQuotas(admins=admins, board=given.workspace)

        def tell(low: QuotaLow) -> None:
            errands.start(warning.tell(low))

        await stack.enter_async_context(hearing_low_quotas(given.client, tell))
        syncs = SyncClient(given.client)
        following = await stack.enter_async_context(
            following_runs(
                syncs=syncs, board=given.workspace, budget=given.budget, followed=NatsFollowed(given.client)
            )
        )
        resyncing = Resyncing(
            syncs=syncs, board=given.workspace, following=following, errands=errands, audit=given.audit
        )
        yield _front(given, admins=admins, resyncing=resyncing, errands=errands, otherwise=otherwise)


def _front(
    given: Given, *, admins: Admins, resyncing: Resyncing, errands: Errands, otherwise: Commands
) -> Front:
    board, audit = given.workspace, given.audit
    syncs = SyncClient(given.client)
    mending = Mending(failures=FailuresClient(given.client), audit=audit)
    looking_over = LookingOver(
        syncs=syncs,
        failures=mending.count,
        channels=partial(given.preferences.channels, team=given.workspace.identity.team),
        usage=given.usage,
        groups=given.quota_groups,
        gaps=partial(NatsGaps(given.client).newest, most=GAPS_READ),
        feedback=partial(NatsFeedback(given.client).summary, days=FEEDBACK_DAYS),
        retrieval=RetrievalClient(given.client),
        readers=given.audience,
    )
    homes = ShowingHome(
        team=given.workspace.identity.team,
        board=board,
        admins=admins,
        asker_of=partial(given.audience.asker, team=given.workspace.identity.team),
        usage=given.usage,
        recents=given.recent,
        kept=given.preferences,
        looking_over=looking_over,
        errands=errands,
    )
    return Front(
        otherwise=otherwise,
        admins=admins,
        resyncing=resyncing,
        mending=mending,
        channels=ChannelSetting(kept=given.preferences, syncs=syncs, board=board, audit=audit),
        looking_over=looking_over,
        homes=homes,
        pressing=Pressing(
            admins=admins,
            resyncing=resyncing,
            mending=mending,
            homes=homes,
            board=board,
            forget=given.forget,
        ),
        errands=errands,
    )
