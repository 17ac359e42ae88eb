"""What admins may ask of ingest, as the NATS service `admin`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from nats.aio.client import Client

from ingest.nats_failures import NatsFailures
from wire import subjects
from wire.errors import MalformedError
from wire.failures import (
    ListFailuresReply,
    ListFailuresRequest,
    Refused,
    SettleFailuresReply,
    SettleFailuresRequest,
)
from wire.nats_service import Endpoint, serving
from wire.shapes import read_shape

AT_ONCE = 4
ANSWER_WITHIN_S = 60.0
"""A page of failures may be announced anew in one request, long bodies included."""


@asynccontextmanager
async def serving_admin(client: Client, *, also: Mapping[str, Endpoint] | None = None) -> AsyncIterator[None]:
    """Serve the admins' requests about failures, and these also, for as long as the block lasts."""
    async with serving(
        client,
        name="admin",
        endpoints={**_failures_endpoints(NatsFailures(client)), **(also or {})},
        at_once=AT_ONCE,
        within_s=ANSWER_WITHIN_S,
    ):
        yield


def _failures_endpoints(failures: NatsFailures) -> dict[str, Endpoint]:
    async def page(data: bytes) -> ListFailuresReply:
        return await failures.page(read_shape(ListFailuresRequest, data))

    def settling(one: Callable[[str], Awaitable[bool]]) -> Endpoint:
        async def settle(data: bytes) -> SettleFailuresReply:
            done: list[str] = []
            missing: list[str] = []
            refused: list[Refused] = []
            for failure in read_shape(SettleFailuresRequest, data).ids:
                try:
                    (done if await one(failure) else missing).append(failure)
                except MalformedError as error:
                    refused.append(Refused(id=failure, reason=str(error)))
            return SettleFailuresReply(done=tuple(done), missing=tuple(missing), refused=tuple(refused))

        return settle

    return {
        subjects.FAILURES_LIST: page,
        subjects.FAILURES_REPLAY: settling(failures.replay),
        subjects.FAILURES_DISCARD: settling(failures.discard),
    }
