"""Tells over NATS that a quota runs low, for whoever shows it to administrators."""

import asyncio

import structlog
from nats.aio.client import Client

from wire import subjects
from wire.nats_connection import FAULTS
from wire.quotas import QuotaLow

WITHIN_S = 0.5

_log = structlog.get_logger("quota")


class QuotaNews:
    """Publishes ``quotas.low``, and logs it for those who listen nowhere else."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def low(self, quota: QuotaLow) -> None:
        """Tell it once; news that nobody hears is not told again."""
        _log.warning("a quota runs low", scope=quota.scope, period=quota.period, limit=quota.limit)
        try:
            async with asyncio.timeout(WITHIN_S):
                await self._client.publish(subjects.QUOTAS_LOW, quota.to_json())
        except FAULTS:
            _log.warning("nobody was told that a quota runs low")
