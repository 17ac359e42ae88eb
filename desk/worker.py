"""The worker: documents in, passages out, over one index, or over two while the second takes over.

With an embedded index there is one worker, which does both. With a server's, any number, of both roles
or of one.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import structlog
from nats.aio.client import Client

from desk.serving import Pair, opened, opened_again, to_serve_first
from desk.tuning import open_tuning
from desk.watching import Meters, watching
from ingest.rebuilding import Rebuilding
from ingest.service import run_ingest
from ingest.writing import EditionWriting
from retrieval.heads import Heads
from retrieval.index import Index, IndexNote, Store
from retrieval.nats_copies import serving_copies
from retrieval.nats_heads import open_heads
from retrieval.nats_served import NatsServed, Served, open_served
from retrieval.payload import has_meanings_of
from retrieval.service import serving_retrieval
from retrieval.stores import open_store, store_kind
from retrieval.tuning import USUAL, Tuning
from wire import subjects
from wire.collecting import keep_for_good
from wire.copies import IndexIdentity
from wire.errors import SettingsError, UnavailableError
from wire.nats_connection import connected
from wire.nats_objects import open_objects
from wire.nats_topology import ensure_topology
from wire.settings import Settings
from wire.stopping import stopped

Role = Literal["ingest", "retrieval"]

AGAIN_AFTER_S = 10.0
HAND_OVER_AFTER_S = 0.0005
"""The loop lends the interpreter's lock to a thread that waits for it. By Python's own 5 ms, a question that
is encoded waits about as long again for the loop to hear of it."""

_log = structlog.get_logger("worker")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How one index follows another; tests are in more of a hurry.

    Attributes:
        turn_within_s: in which every worker has seen which index is served; until then both are written.
        retire_after_s: then the former one is removed, after every search that may still be in it.
    """

    turn_within_s: float = 5.0
    retire_after_s: float = 30.0


async def run_worker(
    settings: Settings, stop: asyncio.Event, *, only: Role | None = None, pace: Pace = Pace()
) -> None:
    """Index and answer searches until told to stop; top-down the start, bottom-up the stop.

    Raises:
        SettingsError: a setting is missing or wrong, or the index can't be opened with these.
        UnavailableError: NATS or the index's server does not answer.
    """
    sys.setswitchinterval(HAND_OVER_AFTER_S)
    kind = store_kind(settings)
    if not settings.nats_url:
        raise SettingsError("NATS_URL is missing; `answerdesk up` starts a NATS server of its own")
    if kind == "edge" and only:
        raise SettingsError(
            "VECTOR_STORE: an embedded index admits one worker, which does both; "
            f"to run one for {only} alone, use qdrant or pgvector"
        )
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(connected(settings.nats_url, name="worker"))
        await ensure_topology(client)
        store = await stack.enter_async_context(open_store(settings, kind=kind))
        pair = await stack.enter_async_context(opened(store, settings=settings, kind=kind))
        heads = await stack.enter_async_context(open_heads(client))
        tuning = await stack.enter_async_context(open_tuning(settings)) if only != "ingest" else USUAL
        meters = await stack.enter_async_context(watching(settings, client, ingests=only != "retrieval"))
        worker = _Worker(
            client,
            settings=settings,
            store=store,
            heads=heads,
            tuning=tuning,
            meters=meters,
            only=only,
            pace=pace,
        )
        await worker.run(pair, stop=stop)
        _log.info("worker stopping")


run_ingest_worker = partial(run_worker, only="ingest")
run_retrieval_worker = partial(run_worker, only="retrieval")


class _Worker:
    """What this process does, with whichever index is served."""

    def __init__(
        self,
        client: Client,
        *,
        settings: Settings,
        store: Store,
        heads: Heads,
        tuning: Tuning,
        meters: Meters,
        only: Role | None,
        pace: Pace,
    ) -> None:
        self._client = client
        self._settings = settings
        self._store = store
        self._heads = heads
        self._tuning = tuning
        self._meters = meters
        self._only = only
        self._pace = pace

    async def run(self, pair: Pair, *, stop: asyncio.Event) -> None:
        record = await open_served(self._client)
        first = await to_serve_first(record, store=self._store, pair=pair, settings=self._settings)
        async with AsyncExitStack() as serving:
            if first is None:
                await serving.enter_async_context(self._serving(pair))
                _log.info("worker ready")
            else:
                async with opened_again(self._store, first, settings=self._settings) as former:
                    if not await self._pass_over(record, former, pair, serving=serving, stop=stop):
                        return
            await self._go_on(record, pair, stop=stop)

    async def _pass_over(
        self,
        record: NatsServed,
        former: Pair,
        pair: Pair,
        *,
        serving: AsyncExitStack,
        stop: asyncio.Event,
    ) -> bool:
        """Serve from the former index until the new one is whole, and then from both for a moment.

        Returns:
            False where it was told to stop before.
        """
        enough = asyncio.Event()
        async with self._serving(former):
            _log.info("worker ready; a new index is built beside this one", **_models(former, pair))
            turned = asyncio.create_task(record.until(other_than=former.index.name), name="turn")
            stopping = asyncio.create_task(stop.wait(), name="wait for stop")
            ingesting = asyncio.create_task(self._ingesting(former, stop=enough, also=pair), name="ingest")
            building = asyncio.create_task(self._build(record, former, pair), name="build an index")
            try:
                await _first_of(turned, stopping, ingesting)
                if not turned.done():
                    return False
                _check_ours(turned.result(), pair)
                await serving.enter_async_context(self._serving(pair))
                await asyncio.wait({stopping, ingesting}, timeout=self._pace.turn_within_s)
            finally:
                enough.set()
                await stopped(turned, stopping, building)
                await ingesting
        _log.info("answers come from the new index", **_models(former, pair))
        return True

    async def _go_on(self, record: NatsServed, pair: Pair, *, stop: asyncio.Event) -> None:
        """Work on the index that is served, until told to stop or another one is."""
        keep_for_good()
        turned = asyncio.create_task(record.until(other_than=pair.index.name), name="turn")
        retiring = asyncio.create_task(self._retire(record, pair), name="retire the former index")
        stopping = asyncio.create_task(stop.wait(), name="wait for stop")
        enough = asyncio.Event()
        ingesting = asyncio.create_task(self._ingesting(pair, stop=enough), name="ingest")
        try:
            await _first_of(turned, stopping, ingesting)
            if turned.done():
                _check_ours(turned.result(), pair)
        finally:
            enough.set()
            await stopped(turned, stopping, retiring)
            await ingesting

    @asynccontextmanager
    async def _serving(self, pair: Pair) -> AsyncIterator[None]:
        if self._only == "ingest":
            yield
            return
        async with (
            serving_retrieval(
                self._client,
                index=pair.index,
                encoder=pair.encoder,
                heads=self._heads,
                tuning=self._tuning,
                meter=self._meters.searches,
            ),
            serving_copies(self._client, index=pair.index, identity=_identity(pair.served)),
        ):
            yield

    async def _ingesting(self, pair: Pair, *, stop: asyncio.Event, also: Pair | None = None) -> None:
        if self._only == "retrieval":
            await stop.wait()
            return
        await run_ingest(
            self._client,
            settings=self._settings,
            index=pair.index,
            encoder=pair.encoder,
            heads=self._heads,
            stop=stop,
            meter=self._meters.ingest,
            also=_writing(also, former=pair.index, made_for=pair.served.fingerprint) if also else None,
        )

    async def _build(self, record: NatsServed, former: Pair, pair: Pair) -> None:
        """Fill the new index from the former one's documents; then let everybody turn to it."""
        if self._only == "retrieval":
            return
        rebuilding: Rebuilding | None = None
        turned = False
        while not turned:
            try:
                if rebuilding is None:
                    rebuilding = await self._rebuilding(
                        former.index, pair, made_for=former.served.fingerprint
                    )
                await rebuilding.run()
                served, revision = await record.look_up()
                if served is None or served.name != former.index.name:
                    return
                now = pair.served.model_copy(update={"retiring": former.served.fingerprint})
                turned = await record.advance(now, over=revision)
            except UnavailableError as error:
                _log.warning("the new index waits", why=str(error))
                await asyncio.sleep(AGAIN_AFTER_S)
            except Exception:  # noqa: BLE001 — the former index answers well: a bug here must not end that
                _log.exception("the new index waits")
                await asyncio.sleep(AGAIN_AFTER_S)

    async def _retire(self, record: NatsServed, pair: Pair) -> None:
        """Remove the predecessor once nobody can be reading it, after a last look through it.

        For a document that a worker wrote there alone, which had not been given the new settings yet.
        """
        if self._only == "retrieval":
            return
        await asyncio.sleep(self._pace.retire_after_s)
        try:
            served, revision = await record.look_up()
            if served is None or served.retiring is None:
                return
            for note in await self._store.notes():
                if note.fingerprint == served.retiring and not await self._remove(note, pair):
                    return
            # The mark goes last: who is stopped before that does all of it again at the next start.
            await record.advance(served.model_copy(update={"retiring": None}), over=revision)
        except UnavailableError as error:
            _log.warning("the former index stays", why=str(error))
        except Exception:  # noqa: BLE001 — it is in nobody's way: a bug here must not end the worker
            _log.exception("the former index stays")

    async def _remove(self, note: IndexNote, pair: Pair) -> bool:
        """Remove a former index, unless it alone still has some documents; several workers may at once."""
        async with self._store.open(fingerprint=note.fingerprint, dimensions=note.dimensions) as former:
            rebuilding = await self._rebuilding(former, pair, made_for=note.fingerprint)
            lacking = await rebuilding.run()
        if lacking:
            _log.error(
                "the former index stays: documents that have no kept text are only there; publish them "
                "again, or sync their sources with --full, and then start the worker again",
                documents=lacking,
            )
            return False
        await self._store.remove(note.fingerprint)
        _log.info("the former index is removed")
        return True

    async def _rebuilding(self, former: Index, pair: Pair, *, made_for: str) -> Rebuilding:
        return Rebuilding(
            former=former,
            writing=_writing(pair, former=former, made_for=made_for),
            heads=self._heads,
            texts=await open_objects(self._client, subjects.TEXTS_BUCKET),
        )


def _writing(pair: Pair, *, former: Index, made_for: str) -> EditionWriting:
    """Into the new index; where only the words are weighed anew, meanings are taken over."""
    like = former if has_meanings_of(made_for, pair.encoder) else None
    return EditionWriting(index=pair.index, encoder=pair.encoder, like=like)


def _identity(served: Served) -> IndexIdentity:
    return IndexIdentity(
        name=served.name, fingerprint=served.fingerprint, dimensions=served.dimensions, model=served.model
    )


async def _first_of(*tasks: asyncio.Task[Any]) -> None:
    """Wait for one of them; what fails, fails here."""
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


def _check_ours(served: Served, pair: Pair) -> None:
    if served.name != pair.index.name:
        raise SettingsError(
            f"EMBEDDING_MODEL: other workers turned to an index made by {served.model!r}; "
            "give all of them the same settings, and start this one again"
        )


def _models(former: Pair, pair: Pair) -> dict[str, str]:
    return {"former_model": former.served.model, "new_model": pair.served.model}
