"""What the bot hears of Slack's threads, handed to the sources that have them.

Plain messages, each to one worker: one that gets lost is mended by the next resync.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from nats.aio.client import Client
from nats.aio.msg import Msg

from ingest.nats_indexed import one_indexed
from ingest.resync import Announce
from ingest.sources.opening import open_slack
from ingest.touching import Touching
from wire import subjects
from wire.errors import MalformedError
from wire.nats_hearing import hearing
from wire.shapes import read_shape
from wire.source_settings import SourceSettings
from wire.stopping import stopped
from wire.sync import SlackThreadTouched

WAITING_AT_MOST = 1_000
QUEUE = "ingest"


@asynccontextmanager
async def following_touches(
    client: Client, *, sources: Mapping[str, SourceSettings], announce: Announce
) -> AsyncIterator[None]:
    """While the block lasts, a thread that somebody touches is read anew; nothing without a Slack source."""
    slack = {name: settings for name, settings in sources.items() if settings.kind == "slack"}
    if not slack:
        yield
        return
    async with AsyncExitStack() as stack:
        touching = {
            name: Touching(
                name,
                settings=settings,
                source=await stack.enter_async_context(open_slack(settings)),
                indexed=partial(one_indexed, client, name),
                announce=announce,
            )
            for name, settings in slack.items()
        }

        async def heard(message: Msg) -> None:
            with suppress(MalformedError):
                touched = read_shape(SlackThreadTouched, message.data)
                for name, settings in slack.items():
                    if touched.channel in settings.channels:
                        document = f"{touched.channel}/{touched.thread}"
                        touching[name].touch(document, at=touched.touched_at)

        tasks = [asyncio.create_task(each.run(), name="touched documents") for each in touching.values()]
        try:
            async with hearing(
                client, subjects.SLACK_TOUCHED, heard, queue=QUEUE, most_waiting=WAITING_AT_MOST
            ):
                yield
        finally:
            await stopped(*tasks)
