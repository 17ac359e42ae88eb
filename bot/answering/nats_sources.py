"""How the sources' resyncs went, asked of the worker."""

from collections.abc import Collection

from nats.aio.client import Client

from wire import subjects
from wire.nats_service import request_reply
from wire.sync import SourcesReply, SourcesRequest

WITHIN_S = 2.0


class NatsSources:
    """``sources.list``."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def failing(self) -> Collection[str]:
        """Sources whose last resync that came to an end did not go well.

        Raises:
            UnavailableError: no worker answers in time.
        """
        reply = await request_reply(
            self._client,
            subject=subjects.SOURCES_LIST,
            message=SourcesRequest(),
            reply=SourcesReply,
            within_s=WITHIN_S,
            service="worker",
        )
        last = {
            source.name: next((run for run in source.runs if run.ended and not run.dry_run), None)
            for source in reply.sources
        }
        return {name for name, run in last.items() if run is not None and run.state == "failed"}
