"""Documents' heads, in NATS KV: advanced by compare-and-set, watched into memory.

Memory holds a revision and an edition for each document, about 300 bytes, and nothing else of it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats.errors
import nats.js.errors
import structlog
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.kv import KeyValue

from retrieval.heads import NO_HEAD, HeadEntry, Shown
from wire import subjects
from wire.documents import document_key
from wire.errors import MalformedError, UnavailableError
from wire.heads import Head
from wire.shapes import read_shape
from wire.stopping import stopped

CALL_WITHIN_S = 5.0
LOAD_WITHIN_S = 60.0
"""Long enough for a million heads at 30,000 a second."""
WATCH_BATCH = 256
WATCH_EVERY_S = 5.0
AGAIN_AFTER_S = 0.5
STREAM = f"KV_{subjects.HEADS_BUCKET}"
SUBJECT_PREFIX = f"$KV.{subjects.HEADS_BUCKET}."

_log = structlog.get_logger("heads")


class NatsHeads:
    """Heads, read from memory and written through; `open_heads` makes one."""

    def __init__(self, bucket: KeyValue) -> None:
        self._bucket = bucket
        self._shown: dict[str, Shown] = {}
        self._newest = 0

    @property
    def newest(self) -> int:
        """The highest revision that memory knows of."""
        return self._newest

    def shown(self, key: str) -> Shown:
        """What readers see of a document, from memory."""
        return self._shown.get(key, NO_HEAD)

    async def look_up(self, key: str) -> HeadEntry:
        """The head as it stands now; memory learns of it."""
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                entry = await self._bucket.get(key)
        except nats.js.errors.KeyNotFoundError as error:
            # A head that was removed leaves a marker, and the next one has to be written over that.
            marker: KeyValue.Entry | None = error.entry
            return HeadEntry(None, (marker.revision or 0) if marker else 0)
        except (nats.errors.Error, TimeoutError) as error:
            raise UnavailableError("the documents' heads cannot be read", service="nats") from error
        head = read_shape(Head, entry.value or b"")
        revision = entry.revision or 0
        self.learn(key, head, revision=revision)
        return HeadEntry(head, revision)

    async def advance(self, head: Head, *, over: int) -> bool:
        """Compare-and-set, taken into memory at once."""
        key = document_key(head.source, head.document)
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                revision = await self._bucket.update(key, head.to_json(), last=over)
        except nats.js.errors.KeyWrongLastSequenceError:
            return False
        except (nats.errors.Error, TimeoutError) as error:
            raise UnavailableError("a document's head cannot be written", service="nats") from error
        self.learn(key, head, revision=revision)
        return True

    def learn(self, key: str, head: Head, *, revision: int) -> None:
        """Take this head into memory, unless a newer one is there."""
        self._show(key, Shown(head.edition if head.state == "live" else None, revision))

    def forget(self, key: str, *, revision: int) -> None:
        """An operator removed the head from the bucket: nobody sees the document."""
        self._show(key, Shown(None, revision))

    def _show(self, key: str, shown: Shown) -> None:
        if shown.revision > self.shown(key).revision:
            self._shown[key] = shown
            self._newest = max(self._newest, shown.revision)


@asynccontextmanager
async def open_heads(client: Client) -> AsyncIterator[NatsHeads]:
    """Load every head, then follow them for as long as the block lasts.

    Raises:
        UnavailableError: they could not be loaded.
    """
    jetstream = client.jetstream()
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            bucket = await jetstream.key_value(subjects.HEADS_BUCKET)
    except (nats.errors.Error, TimeoutError) as error:
        raise UnavailableError("the documents' heads cannot be read", service="nats") from error
    heads = NatsHeads(bucket)
    loaded = asyncio.Event()
    following = asyncio.create_task(_follow(jetstream, heads, loaded), name="follow heads")
    try:
        try:
            async with asyncio.timeout(LOAD_WITHIN_S):
                await loaded.wait()
        except TimeoutError:
            raise UnavailableError("the documents' heads could not be loaded", service="nats") from None
        yield heads
    finally:
        await stopped(following)


async def _follow(jetstream: JetStreamContext, heads: NatsHeads, loaded: asyncio.Event) -> None:
    """Pull changes for ever, from the last one seen on, whatever happens to the connection.

    A pull consumer rather than the library's watcher, because a lost ephemeral consumer shows as an
    error here, and as silence there.
    """
    seen = 0
    while True:
        try:
            subscription = await jetstream.pull_subscribe(
                f"{SUBJECT_PREFIX}>", stream=STREAM, config=_changes_after(seen)
            )
            try:
                pending = (await subscription.consumer_info()).num_pending or 0
                while True:
                    if not pending:
                        loaded.set()
                    seen, pending = await _take(subscription, heads, seen=seen, pending=pending)
            finally:
                await subscription.unsubscribe()
        except (nats.errors.Error, TimeoutError):
            _log.warning("heads are not followed; trying again")
            await asyncio.sleep(AGAIN_AFTER_S)
        except Exception:  # noqa: BLE001 — a bug that ended this would leave readers with old heads
            _log.exception("heads are not followed; trying again")
            await asyncio.sleep(AGAIN_AFTER_S)


def _changes_after(seen: int) -> ConsumerConfig:
    """An ephemeral consumer of the newest entry of each key, from the next revision on."""
    policy = DeliverPolicy.BY_START_SEQUENCE if seen else DeliverPolicy.LAST_PER_SUBJECT
    return ConsumerConfig(
        deliver_policy=policy,
        opt_start_seq=seen + 1 if seen else None,
        ack_policy=AckPolicy.NONE,
        inactive_threshold=60,
        mem_storage=True,
    )


async def _take(
    subscription: JetStreamContext.PullSubscription, heads: NatsHeads, *, seen: int, pending: int
) -> tuple[int, int]:
    """Take the next changes in; gives the last revision seen and how many still wait."""
    try:
        messages = await subscription.fetch(WATCH_BATCH, timeout=WATCH_EVERY_S)
    except TimeoutError:
        # Nothing new is the usual case; a consumer that is gone raises here.
        info = await subscription.consumer_info()
        return seen, info.num_pending or 0
    for message in messages:
        key = message.subject.removeprefix(SUBJECT_PREFIX)
        seen = message.metadata.sequence.stream
        pending = message.metadata.num_pending
        if message.headers and "KV-Operation" in message.headers:
            heads.forget(key, revision=seen)
            continue
        try:
            heads.learn(key, read_shape(Head, message.data), revision=seen)
        except MalformedError:
            _log.error("a head cannot be read; its document is not shown", key=key)
            heads.forget(key, revision=seen)
    return seen, pending
