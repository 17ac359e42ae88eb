"""The one pipeline, put together, and how much of it each may use."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from bot.answering.allowance import Allowance
from bot.answering.answering import Answering, Limits
from bot.answering.attachments import Attachments
from bot.answering.freshness import Freshness
from bot.answering.nats_files import NatsFiles
from bot.answering.nats_gaps import NatsGaps
from bot.answering.nats_sources import NatsSources
from bot.answering.observed_model import ModelMeter
from bot.answering.quota import OwnLimits, QuotaLimits
from bot.answering.rewriting import Rewriting
from bot.answering.tiktoken_tokens import TiktokenTokens
from bot.answering.valkey_cache import ValkeyCache
from bot.answering.valkey_connection import Valkey
from bot.answering.valkey_flights import ValkeyFlights
from bot.answering.valkey_quota import ValkeyQuota
from bot.models import opened_model, opened_rewriter, relevance_floor
from bot.slack.aiohttp_files import open_slack_files
from bot.slack.slack_workspace import SlackWorkspace
from bot.web.keys import quota_name
from retrieval.client import RetrievalClient
from wire import subjects
from wire.nats_objects import open_objects
from wire.settings import Settings


@asynccontextmanager
async def opened_pipeline(
    settings: Settings,
    client: Client,
    redis: Valkey,
    *,
    quota: ValkeyQuota,
    workspace: SlackWorkspace,
    meter: ModelMeter,
) -> AsyncIterator[Answering]:
    """It answers while the block lasts, and what it still has to settle is settled at the end.

    Raises:
        UnavailableError: NATS does not answer.
    """
    async with (
        open_slack_files(workspace) as fetch,
        opened_model(settings, meter) as model,
        opened_rewriter(settings, meter) as rewriter,
    ):
        count = (await asyncio.to_thread(TiktokenTokens.open)).count
        files = await open_objects(client, subjects.FILES_BUCKET)
        answering = Answering(
            retrieval=RetrievalClient(client),
            model=model,
            count=count,
            limits=_limits(settings),
            cache=ValkeyCache(redis),
            flights=ValkeyFlights(redis),
            quota=Allowance(quota) if quota_limits(settings).any else None,
            rewriting=Rewriting(rewriter, count=count),
            freshness=Freshness(NatsSources(client)),
            gaps=NatsGaps(client),
            attachments=Attachments(fetch=fetch, read_text=NatsFiles(client, files)),
        )
        try:
            yield answering
        finally:
            await answering.settled()


def _limits(settings: Settings) -> Limits:
    return Limits(
        question_chars=settings.question_chars,
        prompt_tokens=settings.prompt_tokens,
        answer_tokens=settings.answer_tokens,
        answer_within_s=settings.answer_within_s,
        relevance_floor=relevance_floor(settings),
        answers_at_once=settings.answers_at_once,
    )


def quota_limits(settings: Settings) -> QuotaLimits:
    """How much each may ask; an API's key has limits of its own where the settings give it some."""
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
