"""The bot, put together: the one place that builds its adapters. Down is the start, up the stop."""

import asyncio
from contextlib import AsyncExitStack

import stamina
import structlog
from nats.aio.client import Client
from pydantic import SecretStr

from bot.answering.answering import Answering
from bot.answering.nats_gaps import NatsGaps
from bot.answering.nats_quota_news import QuotaNews
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey, valkey
from bot.answering.valkey_quota import ValkeyQuota
from bot.forgetting import Forgetting
from bot.home.service import Given, opened_home
from bot.nats_deletions import hearing_deletions
from bot.nats_people import serving_people
from bot.pipeline import opened_pipeline, quota_limits
from bot.showing import shown_in_slack
from bot.slack.bolt_hearing import Ears
from bot.slack.nats_erasing import NatsErasing
from bot.slack.question_context import QuestionContext
from bot.slack.replying import Replying
from bot.slack.slack_workspace import SlackWorkspace
from bot.slack.taking import Afterwards, take_questions
from bot.slack_side import SlackSide, opened_slack_side
from bot.talk import listening, talk
from bot.watching import Watch, watching
from bot.web.aiohttp_health import Check, health_routes
from bot.web.service import serving_web
from bot.web.valkey_records import ValkeyRecords
from retrieval.client import RetrievalClient
from wire.admin_settings import AdminSettings
from wire.collecting import keep_for_good
from wire.errors import SettingsError
from wire.nats_audit import NatsAudit
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.settings import Settings

IN_HAND_PER_ANSWER = 10
"""Questions that wait for their turn, in a thread or for the model, for each that is being answered."""

_log = structlog.get_logger("bot")


async def run_bot(settings: Settings, stop: asyncio.Event) -> None:
    """Answer questions until told to stop; then drain.

    Raises:
        SettingsError: a setting is missing or wrong.
        UnavailableError: NATS or Slack does not answer at the start.
    """
    nats_url, redis_url, bot_token = _needed(settings)
    # We say ourselves what is tried again, in words that an operator can use.
    stamina.instrumentation.set_on_retry_hooks(())
    async with AsyncExitStack() as stack:
        opened = stack.enter_async_context
        client = await opened(connected(nats_url, name="bot"))
        await ensure_topology(client)
        redis = await opened(valkey(redis_url))
        quota = ValkeyQuota(redis, limits=quota_limits(settings), told_low=QuotaNews(client).low)
        watch = await opened(watching(settings, client, quota))
        slack = await opened(
            opened_slack_side(settings, client, redis, token=bot_token, stop=stop, meter=watch.metrics)
        )
        answering = await opened(
            opened_pipeline(
                settings, client, redis, quota=quota, workspace=slack.workspace, meter=watch.metrics
            )
        )
        await opened(hearing_deletions(client, answers=(slack.kept.broken_off, ValkeyCache(redis))))
        spoken = talk(settings, client, slack=slack, usage=quota.usage)
        forgetting = _forgetting(client, redis, slack=slack, quota=quota, audit=watch.audit)
        await opened(serving_people(client, forgetting=forgetting))
        given = _given(settings, client, slack=slack, quota=quota, audit=watch.audit, forgetting=forgetting)
        front = await opened(opened_home(given, otherwise=spoken.commanding))
        ears = await opened(listening(settings, client, redis, slack=slack, spoken=spoken, front=front))
        await opened(
            serving_web(
                settings,
                client,
                answers=watch.over(answering, face="api"),
                retrieval=RetrievalClient(client),
                quota=quota if quota_limits(settings).any else None,
                records=ValkeyRecords(redis),
                audit=watch.audit,
                routes=[*health_routes(_checks(client, slack.workspace, ears)), *ears.routes, *watch.routes],
            )
        )
        in_hand = settings.answers_at_once * IN_HAND_PER_ANSWER
        replying = _replying(settings, slack=slack, watch=watch, answering=answering, at_once=in_hand)
        await _take_until(stop, slack, replying=replying, afterwards=spoken.offering, in_hand=in_hand)


def _forgetting(
    client: Client, redis: Valkey, *, slack: SlackSide, quota: ValkeyQuota, audit: NatsAudit
) -> Forgetting:
    """Whatever keeps something of a person stands here."""
    return Forgetting(
        {
            "questions and threads": NatsErasing(client, stops=slack.kept.stops),
            "answers kept for others": ValkeyCache(redis),
            "quotas": quota,
            "questions without an answer": NatsGaps(client),
            "feedback": slack.kept.feedback,
            "settings": slack.kept.preferences,
            "last questions": slack.kept.recent,
            "words in the audit log": audit,
        },
        team=slack.workspace.identity.team,
        audit=audit,
    )


def _given(
    settings: Settings,
    client: Client,
    *,
    slack: SlackSide,
    quota: ValkeyQuota,
    audit: NatsAudit,
    forgetting: Forgetting,
) -> Given:
    return Given(
        client=client,
        workspace=slack.workspace,
        audience=slack.audience,
        admins=settings.admins or AdminSettings(),
        budget=slack.budget,
        preferences=slack.kept.preferences,
        recent=slack.kept.recent,
        audit=audit,
        usage=quota.usage,
        quota_groups=tuple(settings.quota_groups),
        forget=forgetting.forget,
    )


def _replying(
    settings: Settings, *, slack: SlackSide, watch: Watch, answering: Answering, at_once: int
) -> Replying:
    """As many at once as are in hand: they stand in line for the model, which is fair and told."""
    context = QuestionContext(
        messages=slack.workspace,
        audience=slack.audience,
        broken_off=slack.kept.broken_off,
        preferences=slack.kept.preferences,
        identity=slack.workspace.identity,
    )
    return Replying(
        answers=watch.over(answering, face="slack"),
        surface=shown_in_slack(settings, slack.workspace, slack.budget, meter=watch.metrics),
        context=context,
        audience=slack.audience,
        claims=slack.kept.claims,
        broken_off=slack.kept.broken_off,
        turns=slack.kept.threads,
        stops=slack.kept.stops,
        recent=slack.kept.recent,
        at_once=at_once,
    )


def _checks(client: Client, workspace: SlackWorkspace, ears: Ears) -> dict[str, Check]:
    """What the bot can't answer without."""

    async def nats_is_there() -> bool:
        return client.is_connected

    async def slack_is_there() -> bool:
        return await ears.connected() and not workspace.token_died.is_set()

    return {
        "nats": nats_is_there,
        "slack": slack_is_there,
        "retrieval": RetrievalClient(client).is_served,
    }


async def _take_until(
    stop: asyncio.Event,
    slack: SlackSide,
    *,
    replying: Replying,
    afterwards: Afterwards,
    in_hand: int,
) -> None:
    """Take questions until told to stop. Once Slack shuts us out they stay in the queue, and we wait."""
    keep_for_good()
    halt = asyncio.Event()
    watching = [asyncio.create_task(event.wait()) for event in (stop, slack.workspace.token_died)]
    for task in watching:
        task.add_done_callback(lambda _: halt.set())
    try:
        await take_questions(
            queue=slack.kept.queue, replying=replying, afterwards=afterwards, in_hand=in_hand, stop=halt
        )
        if not stop.is_set():
            _log.error(
                "Slack refuses SLACK_BOT_TOKEN: questions are kept until the bot is started with a new one"
            )
            await stop.wait()
    finally:
        for task in watching:
            task.cancel()
        await asyncio.wait(watching)


def _needed(settings: Settings) -> tuple[str, str, SecretStr]:
    match settings:
        case Settings(
            nats_url=str(nats_url), redis_url=str(redis_url), slack_bot_token=SecretStr() as bot_token
        ) if settings.slack_app_token or settings.slack_signing_secret:
            return nats_url, redis_url, bot_token
    names = ["nats_url", "redis_url", "slack_bot_token"]
    missing = [name.upper() for name in names if getattr(settings, name) is None]
    if not (settings.slack_app_token or settings.slack_signing_secret):
        missing.append("SLACK_APP_TOKEN (or, for Slack over HTTP, SLACK_SIGNING_SECRET)")
    raise SettingsError("\n".join(f"{name}: must be set to run the bot" for name in missing))
