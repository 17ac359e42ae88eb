"""How the bot is watched, put together: its metrics, its audit log, and the pipeline as each face sees it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web
from nats.aio.client import Client

from bot.answering.observing import Face, Observed, Pipeline
from bot.answering.quota import Asker
from bot.answering.valkey_quota import ValkeyQuota
from bot.prometheus_metrics import BotMetrics
from wire.aiohttp_metrics import metrics_route
from wire.nats_audit import NatsAudit
from wire.prometheus_process import ProcessMetrics, QueueMetrics
from wire.settings import Settings

NOBODY = "nobody"
"""Whose groups are all groups: so that the groups' pots are read and no person's."""


@dataclass(frozen=True, kw_only=True)
class Watch:
    """What watches the bot.

    Attributes:
        metrics: takes every count.
        audit: takes note of what was asked and done.
        routes: where the metrics are read.
    """

    metrics: BotMetrics
    audit: NatsAudit
    routes: tuple[web.RouteDef, ...]

    def over(self, answers: Pipeline, *, face: Face) -> Observed:
        """The pipeline, watched for one face."""
        return Observed(answers, face=face, meter=self.metrics, audit=self.audit)


@asynccontextmanager
async def watching(settings: Settings, client: Client, quota: ValkeyQuota) -> AsyncIterator[Watch]:
    """Watch while the block lasts.

    Raises:
        UnavailableError: NATS does not answer.
    """
    audit = NatsAudit(client, with_questions=settings.audit_questions)
    await audit.keep_for(settings.audit_days)
    process = ProcessMetrics(service="bot")
    models = filter(None, (settings.answer_model, settings.fallback_model, settings.rewrite_model))
    metrics = BotMetrics(process.registry, models=models)
    everybody = Asker(person=NOBODY, groups=tuple(settings.quota_groups))

    async def read_quotas() -> None:
        metrics.drawn(await quota.usage(everybody))

    process.refreshers += [
        QueueMetrics(client, process.registry, queues=("QUESTIONS",)).refresh,
        read_quotas,
    ]
    route = metrics_route(process.exposition, token=settings.metrics_token, host=settings.http_host)
    async with process.watching():
        yield Watch(metrics=metrics, audit=audit, routes=(route,))
