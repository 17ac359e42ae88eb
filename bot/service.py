"""The bot, put together: the one place that builds its adapters. Down is the start, up the stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import stamina
import structlog
from nats.aio.client import Client
from pydantic import SecretStr

from bot.answering.allowance import Allowance
from bot.answering.answering import Answering, Limits
from bot.answering.attachments import Attachments
from bot.answering.freshness import Freshness
from bot.answering.nats_files import NatsFiles
from bot.answering.nats_gaps import NatsGaps
from bot.answering.nats_quota_news import QuotaNews
from bot.answering.nats_sources import NatsSources
from bot.answering.observed_model import ModelMeter
from bot.answering.quota import OwnLimits, QuotaLimits
from bot.answering.rewriting import Rewriting
from bot.answering.tiktoken_tokens import TiktokenTokens
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey, valkey
from bot.answering.valkey_flights import ValkeyFlights
from bot.answering.valkey_quota import ValkeyQuota
from bot.forgetting import Forgetting
from bot.home.nats_preferences import NatsPreferences, open_preferences
from bot.home.nats_recent import NatsRecent, open_recent
from bot.home.service import Given, opened_home
from bot.models import opened_model, opened_rewriter, relevance_floor
from bot.nats_deletions import hearing_deletions
from bot.nats_people import serving_people
from bot.showing import shown_in_slack
from bot.slack.aiohttp_files import open_slack_files
from bot.slack.audience import watching_people
from bot.slack.bolt_hearing import Ears
from bot.slack.metering import CallMeter
from bot.slack.nats_claims import open_claims
from bot.slack.nats_erasing import NatsErasing
from bot.slack.nats_feedback import NatsFeedback
from bot.slack.nats_people import hearing_of_people
from bot.slack.nats_questions import QuestionQueue
from bot.slack.nats_stops import NatsStops, hearing_stops
from bot.slack.nats_threads import open_threads
from bot.slack.replying import Replying
from bot.slack.slack_workspace import SlackWorkspace, open_workspace
from bot.slack.taking import Afterwards, take_questions
from bot.slack.valkey_edit_budget import ValkeyEditBudget
from bot.talk import Kept, listening, talk
from bot.watching import watching
from bot.web.aiohttp_health import Check, health_routes
from bot.web.keys import quota_name
from bot.web.service import serving_web
from bot.web.valkey_records import ValkeyRecords
from retrieval.client import RetrievalClient
from wire import subjects
from wire.admin_settings import AdminSettings
from wire.collecting import keep_for_good
from wire.errors import SettingsError, UnavailableError
from wire.nats_audit import NatsAudit
from wire.nats_connection import connected
from wire.nats_objects import open_objects
from wire.nats_topology import ensure_topology
from wire.settings import Settings

SLACK_WITHIN_S = 60.0
"""How long Slack may be away at the start before the process gives up."""

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
        client = await stack.enter_async_context(connected(nats_url, name="bot"))
        await ensure_topology(client)
        redis = await stack.enter_async_context(valkey(redis_url))
        quota = ValkeyQuota(redis, limits=_quota_limits(settings), told_low=QuotaNews(client).low)
        watch = await stack.enter_async_context(watching(settings, client, quota))
        workspace = await stack.enter_async_context(
            _workspace(bot_token, settings.slack_api_url, stop=stop, meter=watch.metrics)
        )
        attachments = Attachments(
            fetch=await stack.enter_async_context(open_slack_files(workspace)),
            read_text=NatsFiles(client, await open_objects(client, subjects.FILES_BUCKET)),
        )
        answering = await stack.enter_async_context(
            _answering(settings, client, redis, quota, attachments=attachments, meter=watch.metrics)
        )
        preferences, recent = await open_preferences(client), await open_recent(client)
        audience = await stack.enter_async_context(watching_people(workspace, mapped=preferences.mapped))
        await stack.enter_async_context(hearing_of_people(client, audience.changed))
        stops = await stack.enter_async_context(hearing_stops(client))
        kept = await _kept(settings, client, stops=stops, preferences=preferences)
        spoken = talk(
            settings,
            client,
            workspace=workspace,
            audience=audience,
            kept=kept,
            usage=quota.usage,
            relevance_floor=relevance_floor(settings),
        )
        budget = ValkeyEditBudget(redis, team=workspace.identity.team)
        team = workspace.identity.team
        forgetting = _forgetting(
            client, redis, kept, quota=quota, recent=recent, audit=watch.audit, team=team
        )
        await stack.enter_async_context(serving_people(client, forgetting=forgetting))
        await stack.enter_async_context(hearing_deletions(client, answers=ValkeyCache(redis)))
        front = await stack.enter_async_context(
            opened_home(
                Given(
                    client=client,
                    workspace=workspace,
                    audience=audience,
                    admins=settings.admins or AdminSettings(),
                    budget=budget,
                    preferences=preferences,
                    recent=recent,
                    audit=watch.audit,
                    usage=quota.usage,
                    quota_groups=tuple(settings.quota_groups),
                    forget=forgetting.forget,
                ),
                otherwise=spoken.commanding,
            )
        )
        ears = await stack.enter_async_context(
            listening(
                settings, client, redis, workspace=workspace, spoken=spoken, front=front, once=kept.claims
            )
        )
        routes = [*health_routes(_checks(client, workspace, ears)), *ears.routes, *watch.routes]
        await stack.enter_async_context(
            serving_web(
                settings,
                client,
                answers=watch.over(answering, face="api"),
                retrieval=RetrievalClient(client),
                quota=quota if _quota_limits(settings).any else None,
                records=ValkeyRecords(redis),
                audit=watch.audit,
                routes=routes,
            )
        )
        in_hand = settings.answers_at_once * IN_HAND_PER_ANSWER
        replying = Replying(
            answers=watch.over(answering, face="slack"),
            surface=shown_in_slack(settings, workspace, budget, meter=watch.metrics),
            audience=audience,
            claims=kept.claims,
            turns=kept.threads,
            stops=stops,
            preferences=preferences,
            recent=recent,
            identity=workspace.identity,
            # They stand in line for the model, which is fair and told, rather than for this.
            at_once=in_hand,
        )
        await _take_until(
            stop, workspace, queue=kept.queue, replying=replying, afterwards=spoken.offering, in_hand=in_hand
        )


async def _kept(
    settings: Settings, client: Client, *, stops: NatsStops, preferences: NatsPreferences
) -> Kept:
    feedback = NatsFeedback(client)
    await feedback.keep_for(settings.feedback_days)
    return Kept(
        queue=QuestionQueue(client),
        threads=await open_threads(client),
        claims=await open_claims(client),
        stops=stops,
        feedback=feedback,
        preferences=preferences,
    )


def _forgetting(
    client: Client,
    redis: Valkey,
    kept: Kept,
    *,
    quota: ValkeyQuota,
    recent: NatsRecent,
    audit: NatsAudit,
    team: str,
) -> Forgetting:
    """Whatever keeps something of a person stands here."""
    return Forgetting(
        {
            "questions and threads": NatsErasing(client, stops=kept.stops),
            "answers kept for others": ValkeyCache(redis),
            "quotas": quota,
            "questions without an answer": NatsGaps(client),
            "feedback": kept.feedback,
            "settings": kept.preferences,
            "last questions": recent,
            "words in the audit log": audit,
        },
        team=team,
        audit=audit,
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
    workspace: SlackWorkspace,
    *,
    queue: QuestionQueue,
    replying: Replying,
    afterwards: Afterwards,
    in_hand: int,
) -> None:
    """Take questions until told to stop. Once Slack shuts us out they stay in the queue, and we wait."""
    keep_for_good()
    halt = asyncio.Event()
    watching = [asyncio.create_task(event.wait()) for event in (stop, workspace.token_died)]
    for task in watching:
        task.add_done_callback(lambda _: halt.set())
    try:
        await take_questions(
            queue=queue, replying=replying, afterwards=afterwards, in_hand=in_hand, stop=halt
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


@asynccontextmanager
async def _answering(
    settings: Settings,
    client: Client,
    redis: Valkey,
    quota: ValkeyQuota,
    *,
    attachments: Attachments,
    meter: ModelMeter,
) -> AsyncIterator[Answering]:
    async with opened_model(settings, meter) as model, opened_rewriter(settings, meter) as rewriter:
        count = (await asyncio.to_thread(TiktokenTokens.open)).count
        answering = Answering(
            retrieval=RetrievalClient(client),
            model=model,
            count=count,
            limits=Limits(
                question_chars=settings.question_chars,
                prompt_tokens=settings.prompt_tokens,
                answer_tokens=settings.answer_tokens,
                answer_within_s=settings.answer_within_s,
                relevance_floor=relevance_floor(settings),
                answers_at_once=settings.answers_at_once,
            ),
            cache=ValkeyCache(redis),
            flights=ValkeyFlights(redis),
            quota=Allowance(quota) if _quota_limits(settings).any else None,
            rewriting=Rewriting(rewriter, count=count),
            freshness=Freshness(NatsSources(client)),
            gaps=NatsGaps(client),
            attachments=attachments,
        )
        try:
            yield answering
        finally:
            await answering.settled()


def _quota_limits(settings: Settings) -> QuotaLimits:
    return QuotaLimits(
        person_per_day=settings.quota_tokens_per_day,
        person_per_month=settings.quota_tokens_per_month,
        workspace_per_day=settings.quota_workspace_tokens_per_day,
        workspace_per_month=settings.quota_workspace_tokens_per_month,
        groups=settings.quota_groups,
        own=_limits_of_keys(settings),
        requests_per_minute=settings.quota_requests_per_minute,
        zone=settings.quota_time_zone,
    )


def _limits_of_keys(settings: Settings) -> dict[str, OwnLimits]:
    def own(given: int | None, everybodys: int) -> int:
        return everybodys if given is None else given

    return {
        quota_name(name): OwnLimits(
            per_day=own(key.tokens_per_day, settings.quota_tokens_per_day),
            per_month=own(key.tokens_per_month, settings.quota_tokens_per_month),
            requests_per_minute=own(key.requests_per_minute, settings.quota_requests_per_minute),
        )
        for name, key in settings.api_keys.items()
    }


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
