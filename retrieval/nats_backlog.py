"""How far the index is behind, so that a reply can say so.

The documents' stream is a work queue: a message is there until its document is indexed or given up.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import nats.errors
import structlog
from nats.aio.client import Client

from wire import subjects
from wire.search import IndexFreshness
from wire.stopping import stopped

LOOK_EVERY_S = 0.5
LOOK_WITHIN_S = 2.0

_log = structlog.get_logger("backlog")


class NatsBacklog:
    """The newest look at the documents' stream; `open_backlog` keeps it fresh."""

    def __init__(self) -> None:
        self._pending = 0
        self._oldest: datetime | None = None

    def freshness(self) -> IndexFreshness:
        """Announcements not yet indexed, and the age of the oldest in seconds (as of half a second ago)."""
        if not self._pending or self._oldest is None:
            return IndexFreshness(pending=0, lag_seconds=0.0)
        lag_s = (datetime.now(UTC) - self._oldest).total_seconds()
        return IndexFreshness(pending=self._pending, lag_seconds=round(max(0.0, lag_s), 3))

    async def look(self, client: Client) -> None:
        """Ask the stream; when NATS is away, the last answer stands and its lag grows."""
        try:
            answer = await client.request(
                f"$JS.API.STREAM.INFO.{subjects.DOCUMENTS_STREAM}", timeout=LOOK_WITHIN_S
            )
        except (nats.errors.Error, TimeoutError):
            return
        # nats-py's StreamState leaves out the first message's time.
        state: dict[str, Any] = json.loads(answer.data).get("state", {})
        self._pending = state.get("messages", 0)
        self._oldest = datetime.fromisoformat(state["first_ts"]) if self._pending else None


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

    looking = asyncio.create_task(keep_looking(), name="look at the backlog")
    try:
        yield backlog
    finally:
        await stopped(looking)
