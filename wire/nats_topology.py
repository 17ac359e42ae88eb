"""Every stream, bucket and consumer, with its limits and ages, in one place.

``ensure_topology`` creates what is missing, so that one command sets up everything, and refuses to
start on one that was made otherwise, because a wrong retention loses documents in silence.
"""

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    KeyValueConfig,
    ObjectStoreConfig,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)

from wire import subjects
from wire.errors import SettingsError, UnavailableError

MIB = 1024 * 1024
GIB = 1024 * MIB
NO_ROOM = 10047
"""The server's code for too little room: what a stream may take is set aside while it is empty."""
HOUR_S = 3600.0
DAY_S = 24 * HOUR_S

STREAMS = (
    # Full means "wait", never "forget": a document service is refused until the worker has caught up.
    StreamConfig(
        name=subjects.DOCUMENTS_STREAM,
        subjects=[subjects.DOCUMENTS_CHANGED_ALL],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=8 * GIB,
        duplicate_window=120,
    ),
    StreamConfig(
        name=subjects.DOCUMENTS_FAILED_STREAM,
        subjects=[subjects.DOCUMENTS_FAILED_ALL],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=2 * GIB,
        # A worker that dies between report and settlement reports again when the next one starts.
        duplicate_window=DAY_S,
    ),
    # The dedupe window covers Slack's three redeliveries (at once, after 1 and after 5 minutes more);
    # later ones meet the claim in the questions bucket.
    StreamConfig(
        name=subjects.QUESTIONS_STREAM,
        subjects=[subjects.QUESTIONS_ASKED],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        max_bytes=256 * MIB,
        max_age=DAY_S,
        duplicate_window=900,
    ),
    # One message has one follower: a second wish to follow it is refused for as long as there is one.
    StreamConfig(
        name=subjects.FOLLOWED_STREAM,
        subjects=[subjects.SYNC_FOLLOWED_ALL],
        retention=RetentionPolicy.WORK_QUEUE,
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        discard_new_per_subject=True,
        max_msgs_per_subject=1,
        max_bytes=MIB,
        max_age=DAY_S,
    ),
    # The newest are of use; nobody is refused an answer, nor are many people's crowded out by one's.
    StreamConfig(
        name=subjects.GAPS_STREAM,
        subjects=[subjects.GAPS_FOUND_ALL],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_msgs=10_000,
        max_msgs_per_subject=200,
        max_bytes=32 * MIB,
        max_age=90 * DAY_S,
        duplicate_window=900,
    ),
    # Its age is a setting (FEEDBACK_DAYS). A changed mind takes the place of what was said before.
    StreamConfig(
        name=subjects.FEEDBACK_STREAM,
        subjects=[subjects.FEEDBACK_ALL],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_msgs=100_000,
        max_msgs_per_subject=1,
        max_bytes=256 * MIB,
        max_age=365 * DAY_S,
        duplicate_window=120,
    ),
    # Its age is a setting (AUDIT_DAYS). No line can be taken out by itself; a person's words can be purged.
    StreamConfig(
        name=subjects.AUDIT_STREAM,
        subjects=[subjects.AUDIT_LINE, subjects.AUDIT_WORDS_ALL],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_bytes=GIB,
        max_age=365 * DAY_S,
        deny_delete=True,
        duplicate_window=120,
    ),
)


def _work(
    name: str, *, ack_wait: float, pending: int, deliver: DeliverPolicy = DeliverPolicy.ALL
) -> ConsumerConfig:
    """A queue of work: what a dead taker had goes to another after ``ack_wait``, a living one beats.

    max_deliver is unlimited: our own count of attempts ends in the failure stream, whereas a message past the
    server's limit would stay in the queue and be seen by nobody.
    """
    return ConsumerConfig(
        durable_name=name,
        deliver_policy=deliver,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ack_wait,
        max_deliver=-1,
        max_ack_pending=pending,
    )


CONSUMERS = (
    (
        subjects.DOCUMENTS_STREAM,
        # Those that were put back for a while count too; at the limit nothing is handed out to anybody.
        _work(subjects.INGEST_CONSUMER, ack_wait=subjects.INGEST_ACK_WAIT_S, pending=100_000),
    ),
    (
        subjects.QUESTIONS_STREAM,
        _work(subjects.ANSWERING_CONSUMER, ack_wait=subjects.ANSWERING_ACK_WAIT_S, pending=5000),
    ),
    (
        subjects.FOLLOWED_STREAM,
        _work(subjects.FOLLOWING_CONSUMER, ack_wait=subjects.FOLLOWING_ACK_WAIT_S, pending=1000),
    ),
    # What was deleted before there was a bot has left no answers behind.
    (
        subjects.HEADS_STREAM,
        _work(
            subjects.DELETIONS_CONSUMER,
            ack_wait=subjects.DELETIONS_ACK_WAIT_S,
            pending=1000,
            deliver=DeliverPolicy.NEW,
        ),
    ),
)

KEY_VALUE_BUCKETS = (
    KeyValueConfig(bucket=subjects.HEADS_BUCKET, history=1, storage=StorageType.FILE, direct=True),
    # Not direct: who serves a former index would miss what is written to the present one alone.
    KeyValueConfig(bucket=subjects.INDEX_BUCKET, history=1, storage=StorageType.FILE, direct=False),
    KeyValueConfig(
        bucket=subjects.ATTEMPTS_BUCKET, history=1, storage=StorageType.FILE, ttl=7 * DAY_S, direct=False
    ),
    # Not direct, as below: "still mine?".
    KeyValueConfig(bucket=subjects.RUNS_BUCKET, history=1, storage=StorageType.FILE, direct=False),
    # For longer than clocks differ; which slot was the last one is kept with the runs.
    KeyValueConfig(
        bucket=subjects.SLOTS_BUCKET, history=1, storage=StorageType.FILE, ttl=7 * DAY_S, direct=False
    ),
    # Not direct: these two are asked "still mine?", and a replica that is behind would say yes too long.
    KeyValueConfig(
        bucket=subjects.QUESTIONS_BUCKET, history=1, storage=StorageType.FILE, ttl=25 * HOUR_S, direct=False
    ),
    KeyValueConfig(
        bucket=subjects.THREADS_BUCKET, history=1, storage=StorageType.FILE, ttl=90 * DAY_S, direct=False
    ),
    # Not direct: who has just lost what they could read must not have it from a replica that is behind.
    KeyValueConfig(bucket=subjects.SETTINGS_BUCKET, history=1, storage=StorageType.FILE, direct=False),
    KeyValueConfig(
        bucket=subjects.RECENT_BUCKET, history=1, storage=StorageType.FILE, ttl=30 * DAY_S, direct=False
    ),
)

OBJECT_BUCKETS = (
    ObjectStoreConfig(bucket=subjects.TEXTS_BUCKET, storage=StorageType.FILE),
    ObjectStoreConfig(bucket=subjects.DOCUMENTS_BUCKET, storage=StorageType.FILE),
    # Whoever put a file there removes it once it is read; the age is for who died before.
    ObjectStoreConfig(
        bucket=subjects.FILES_BUCKET, storage=StorageType.FILE, ttl=HOUR_S / 4, max_bytes=2 * GIB
    ),
)


async def ensure_topology(client: Client) -> None:
    """Create what is missing.

    Raises:
        SettingsError: a stream or consumer exists, but was made otherwise.
        UnavailableError: JetStream does not answer.
    """
    jetstream = client.jetstream()
    try:
        for stream in STREAMS:
            await _ensure_stream(jetstream, stream)
        for bucket in KEY_VALUE_BUCKETS:
            await _ensure_key_value(jetstream, bucket)
        for stream_name, consumer in CONSUMERS:
            await jetstream.add_consumer(stream_name, consumer)
        for objects in OBJECT_BUCKETS:
            await _ensure_object_store(jetstream, objects)
    except nats.js.errors.ServiceUnavailableError as error:
        raise UnavailableError("NATS JetStream is not ready yet", service="nats") from error
    except nats.js.errors.APIError as error:
        if error.err_code == NO_ROOM:
            raise SettingsError(
                f"NATS has too little room: our streams and buckets may take {_reserved_gib():.0f} GiB "
                "together, set aside from the start; raise JetStream's max_file_store, or free disk space"
            ) from error
        raise SettingsError(
            f"NATS refuses a stream, bucket or consumer of ours ({error.description}); "
            "was it made by another program? Remove it, or point NATS_URL at another server."
        ) from error
    except (nats.errors.Error, TimeoutError) as error:
        raise UnavailableError("NATS JetStream does not answer", service="nats") from error


def _reserved_gib() -> float:
    return sum(limited.max_bytes or 0 for limited in (*STREAMS, *OBJECT_BUCKETS)) / GIB


async def _ensure_stream(jetstream: JetStreamContext, wanted: StreamConfig) -> None:
    try:
        # Creating a stream that stands with these same settings is answered with success.
        await jetstream.add_stream(wanted)
    except nats.js.errors.BadRequestError:
        found = (await jetstream.stream_info(wanted.name or "")).config
        if found.retention != wanted.retention or found.subjects != wanted.subjects:
            raise SettingsError(
                f"the NATS stream {wanted.name} exists with another retention or other subjects; "
                "remove it, or point NATS_URL at another server"
            ) from None
        # Sizes, ages and replicas are an operator's to change.


async def _ensure_key_value(jetstream: JetStreamContext, wanted: KeyValueConfig) -> None:
    try:
        await jetstream.key_value(wanted.bucket)
    except nats.js.errors.BucketNotFoundError:
        await jetstream.create_key_value(wanted)


async def _ensure_object_store(jetstream: JetStreamContext, wanted: ObjectStoreConfig) -> None:
    try:
        await jetstream.object_store(wanted.bucket or "")
    except nats.js.errors.BucketNotFoundError:
        await jetstream.create_object_store(wanted.bucket or "", wanted)
