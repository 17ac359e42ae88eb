"""Hears that a quota runs low; of all bots one is told."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg

from wire import subjects
from wire.errors import AnswerdeskError, MalformedError
from wire.nats_hearing import hearing
from wire.quotas import QuotaLow
from wire.shapes import read_shape

QUEUE = "quota-news"

_log = structlog.get_logger("home")


@asynccontextmanager
async def hearing_low_quotas(client: Client, tell: Callable[[QuotaLow], None]) -> AsyncIterator[None]:
    """Pass the news on while the block lasts; ``tell`` must not wait."""

    async def heard(message: Msg) -> None:
        try:
            tell(read_shape(QuotaLow, message.data))
        except MalformedError:
            _log.warning("news of a quota can't be read")
        except AnswerdeskError as error:
            _log.warning("nobody was told that a quota runs low", reason=str(error))

    async with hearing(client, subjects.QUOTAS_LOW, heard, queue=QUEUE):
        yield
