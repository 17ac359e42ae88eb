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
from bot.home.keeping_fresh import KeepingFresh, keeping_fresh
from bot.home.looking_over import LookingOver, Usage
from bot.home.mending import Mending
from bot.home.nats_followed import NatsFollowed
from bot.home.nats_preferences import NatsPreferences
from bot.home.nats_quota_low import hearing_low_quotas
from bot.home.nats_recent import NatsRecent, hearing_of_answers
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
    board, audit = given.workspace, given.audit
    async with AsyncExitStack() as stack:
        errands = await stack.enter_async_context(running_errands())
        admins = Admins(
            given.admins,
            directory=board,
            asker_of=partial(given.audience.asker, team=board.identity.team),
            audit=audit,
        )
        await stack.enter_async_context(_warning_of_quotas(given, admins=admins, errands=errands))
        syncs = SyncClient(given.client)
        following = await stack.enter_async_context(
            following_runs(syncs=syncs, board=board, budget=given.budget, followed=NatsFollowed(given.client))
        )
        resyncing = Resyncing(syncs=syncs, board=board, following=following, errands=errands, audit=audit)
        mending = Mending(failures=FailuresClient(given.client), audit=audit)
        looking_over = _looking_over(given, syncs=syncs, mending=mending)
        homes = _homes(given, admins=admins, looking_over=looking_over, errands=errands)
        yield Front(
            otherwise=otherwise,
            admins=admins,
            resyncing=resyncing,
            mending=mending,
            channels=ChannelSetting(kept=given.preferences, syncs=syncs, board=board, audit=audit),
            looking_over=looking_over,
            homes=await stack.enter_async_context(_kept_fresh(given, homes=homes)),
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


@asynccontextmanager
async def _warning_of_quotas(given: Given, *, admins: Admins, errands: Errands) -> AsyncIterator[None]:
    warning = WarningOfQuotas(admins=admins, board=given.workspace)

    def tell(low: QuotaLow) -> None:
        errands.start(warning.tell(low))

    async with hearing_low_quotas(given.client, tell):
        yield


@asynccontextmanager
async def _kept_fresh(given: Given, *, homes: ShowingHome) -> AsyncIterator[KeepingFresh]:
    async with (
        keeping_fresh(homes=homes, budget=given.budget) as fresh,
        hearing_of_answers(given.client, fresh.answered, team=given.workspace.identity.team),
    ):
        yield fresh


def _looking_over(given: Given, *, syncs: SyncClient, mending: Mending) -> LookingOver:
    return LookingOver(
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


def _homes(given: Given, *, admins: Admins, looking_over: LookingOver, errands: Errands) -> ShowingHome:
    team = given.workspace.identity.team
    return ShowingHome(
        team=team,
        board=given.workspace,
        admins=admins,
        asker_of=partial(given.audience.asker, team=team),
        usage=given.usage,
        recents=given.recent,
        kept=given.preferences,
        looking_over=looking_over,
        errands=errands,
    )
