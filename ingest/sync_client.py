"""Resyncs as others see them: ask for one, follow it, stop it, list the sources."""

import asyncio
from collections.abc import AsyncGenerator

import nats.errors
import nats.js.errors
from nats.aio.client import Client

from wire import subjects
from wire.errors import MalformedError, UnavailableError
from wire.nats_service import request_reply
from wire.shapes import Shape, read_shape
from wire.sync import (
    SourcesReply,
    SourcesRequest,
    SyncAccepted,
    SyncCancel,
    SyncRequested,
    SyncRun,
)

ANSWER_WITHIN_S = 30.0
CALL_WITHIN_S = 5.0
LOOK_EVERY_S = 1.0
"""At the record, should a message be lost."""
SILENT_S = 120.0
"""A run that says nothing for so long has no worker: each is taken over after ten seconds."""
PROGRESS_KEPT = 64


class _History(Shape):
    runs: tuple[SyncRun, ...] = ()


class SyncClient:
    """Asks the worker; every method raises UnavailableError where none answers in time."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def sources(self) -> SourcesReply:
        """The configured sources, and those whose documents are announced by others."""
        return await request_reply(
            self._client,
            subject=subjects.SOURCES_LIST,
            message=SourcesRequest(),
            reply=SourcesReply,
            within_s=ANSWER_WITHIN_S,
            service="worker",
        )

    async def sync(self, asked: SyncRequested) -> SyncAccepted:
        """Begin a resync; it is on record when this returns.

        Raises:
            MalformedError: there is no such source.
            RefusedError: it is in another run.
        """
        return await request_reply(
            self._client,
            subject=subjects.SYNC_REQUESTED,
            message=asked,
            reply=SyncAccepted,
            within_s=ANSWER_WITHIN_S,
            service="worker",
        )

    async def cancel(self, source: str) -> SyncAccepted:
        """Ask the run of a source to stop.

        Raises:
            MalformedError: there is none.
        """
        return await request_reply(
            self._client,
            subject=subjects.SYNC_CANCEL,
            message=SyncCancel(source=source),
            reply=SyncAccepted,
            within_s=ANSWER_WITHIN_S,
            service="worker",
        )

    async def follow(self, accepted: SyncAccepted) -> AsyncGenerator[SyncRun, None]:
        """How far the run is, until it has ended; the last one says how.

        Raises:
            UnavailableError: no worker says anything of it for two minutes.
        """
        try:
            told = await self._client.subscribe(
                subjects.sync_progress(accepted.run), pending_msgs_limit=PROGRESS_KEPT
            )
            try:
                loop = asyncio.get_running_loop()
                heard, newest = loop.time(), await self._recorded(accepted)
                while loop.time() - heard < SILENT_S:
                    if newest is not None:
                        yield newest
                        if newest.ended:
                            return
                    before = newest
                    try:
                        newest = read_shape(SyncRun, (await told.next_msg(timeout=LOOK_EVERY_S)).data)
                        heard = loop.time()
                    except (nats.errors.TimeoutError, MalformedError):
                        newest = await self._recorded(accepted)
                        heard = loop.time() if newest != before else heard
            finally:
                await told.unsubscribe()
        except (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError) as error:
            raise UnavailableError("NATS does not answer", service="nats") from error
        raise UnavailableError("no worker goes on with this resync; is one running?", service="worker")

    async def _recorded(self, accepted: SyncAccepted) -> SyncRun | None:
        async with asyncio.timeout(CALL_WITHIN_S):
            bucket = await self._client.jetstream().key_value(subjects.RUNS_BUCKET)
            try:
                entry = await bucket.get(f"history.{accepted.source}")
            except nats.js.errors.KeyNotFoundError:
                return None
        history = read_shape(_History, entry.value or b"")
        return next((run for run in history.runs if run.run == accepted.run), None)
