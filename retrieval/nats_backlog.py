"""How far the index is behind, so that a reply can say so.

The documents' stream is a work queue: a message is there until its document is indexed or given up.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from nats.aio.client import Client

from wire import subjects
from wire.errors import UnavailableError
from wire.nats_depth import LOOK_WITHIN_S, depth
from wire.search import IndexFreshness
from wire.stopping import stopped

LOOK_EVERY_S = 0.5
KNOWN_FOR_S = 2 * (LOOK_EVERY_S + LOOK_WITHIN_S)
"""One look may be late on a busy machine; after two, nothing is known of what came since."""

_log = structlog.get_logger("backlog")


class NatsBacklog:
    """The newest look at the documents' stream; `open_backlog` keeps it fresh."""

    def __init__(self, *, known_for_s: float = KNOWN_FOR_S) -> None:
        self._known_for_s = known_for_s
        self._pending = 0
        self._oldest: datetime | None = None
        self._looked_at = time.monotonic()
        self._unknown = False

    def freshness(self) -> IndexFreshness:
        """Announcements not yet indexed, and the age of the oldest in seconds (as of half a second ago).

        Where the stream has not answered for 5 s, the number is the last that is known, and the index may be
        behind by as long as that: the second says so.
        """
        unknown_s = time.monotonic() - self._looked_at
        lag_s = 0.0 if unknown_s < self._known_for_s else unknown_s
        if self._oldest is not None:
            lag_s = max(lag_s, (datetime.now(UTC) - self._oldest).total_seconds())
        return IndexFreshness(pending=self._pending, lag_seconds=round(lag_s, 3))

    async def look(self, client: Client) -> None:
        """Ask the stream; where it does not answer properly, the last answer stands."""
        try:
            found = await depth(client, subjects.DOCUMENTS_STREAM)
        except UnavailableError:
            if not self._unknown:
                self._unknown = True
                _log.warning(
                    "how far the index is behind is not known: the documents' stream does not answer"
                )
            return
        self._pending, self._oldest = found.messages, found.oldest
        self._looked_at = time.monotonic()
        self._unknown = False


@asynccontextmanager
async def open_backlog(client: Client) -> AsyncIterator[NatsBacklog]:
    """Look twice a second for as long as the block lasts."""
    backlog = NatsBacklog()

    async def keep_looking() -> None:
        while True:
            try:
                await backlog.look(client)
            except Exception:  # noqa: BLE001 — a bug that ended this would leave an old figure standing
                _log.exception("the backlog cannot be read")
            await asyncio.sleep(LOOK_EVERY_S)

    await backlog.look(client)
    looking = asyncio.create_task(keep_looking(), name="look at the backlog")
    try:
        yield backlog
    finally:
        await stopped(looking)
