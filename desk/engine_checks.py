"""Whether NATS, Redis and the index are there, and set up as they must be."""

import asyncio
import shutil
from pathlib import Path

import nats.js.errors
from nats.aio.client import Client

from bot.answering.valkey_connection import valkey
from desk.findings import Finding, failed, fine, skipped, warning
from retrieval.client import RetrievalClient
from retrieval.fastembed_encoder import PACKAGED, open_encoder
from retrieval.nats_served import open_served
from retrieval.stores import open_store, store_kind
from wire.errors import UnavailableError
from wire.nats_connection import FAULTS, connected
from wire.nats_topology import GIB, MIB, STREAMS
from wire.settings import Settings

CALL_WITHIN_S = 5.0
PATIENT_SLICES = 40
"""Of 50 ms: two seconds, on a machine that may be busy starting everything."""
FREE_BYTES = GIB
_EMBEDDED = "`answerdesk up` starts one of its own; it is not running"


async def check_nats(url: str | None, settings: Settings) -> list[Finding]:
    """The server, JetStream, its limits, the workers, and the index that answers."""
    if url is None:
        return [skipped("NATS", f"NATS_URL is unset: {_EMBEDDED}")]
    async with connected(url, name="answerdesk doctor") as client:
        version = client.connected_server_version
        findings = [
            fine("NATS", f"{version.major}.{version.minor}.{version.patch} lets us in"),
            _payload(client),
        ]
        jetstream = await _jetstream(client)
        findings.append(jetstream)
        if jetstream.state == "failed":
            return findings
        findings.append(await _worker(client))
        findings.append(await _model_of_index(client, settings))
        return findings


def _payload(client: Client) -> Finding:
    if client.max_payload >= MIB:
        return fine("NATS messages", f"may have {client.max_payload // 1024} KiB")
    said = f"may have {client.max_payload} bytes only"
    return failed("NATS messages", said, do=f"Set the server's max_payload to {MIB} or more.")


async def _jetstream(client: Client) -> Finding:
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            account = await client.jetstream().account_info()
    except (nats.js.errors.ServiceUnavailableError, nats.js.errors.APIError):
        return failed("JetStream", "is off for us", do="Start the server with JetStream (-js), on a disk.")
    except FAULTS:
        return failed("JetStream", "does not answer", do="Look at the server's log; is its disk full?")
    room, wanted = account.limits.max_storage, sum(stream.max_bytes or 0 for stream in STREAMS)
    if room < 0 or room >= wanted:
        return fine("JetStream", f"is there; {account.streams} streams")
    said = f"may store {room / GIB:.1f} GiB, and our streams ask for {wanted / GIB:.0f}"
    do = "Raise max_file_store (or the account's limit); streams are made at a role's first start."
    return failed("JetStream", said, do=do)


async def _worker(client: Client) -> Finding:
    if await RetrievalClient(client).is_served():
        return fine("worker", "answers searches")
    do = "Start `answerdesk worker` (or `answerdesk up`), and look at its log."
    return warning("worker", "none answers searches", do=do)


async def _model_of_index(client: Client, settings: Settings) -> Finding:
    try:
        served, _ = await (await open_served(client)).look_up()
    except UnavailableError:
        served = None
    if served is None:
        return skipped("index", "none has been made yet")
    kind = store_kind(settings)
    if served.store != kind:
        do = f"Set VECTOR_STORE={served.store}, or move it: answerdesk migrate-index {served.store} {kind}"
        return failed("index", f"answers come from {served.store}, the settings say {kind}", do=do)
    if served.model != settings.embedding_model:
        said = f"was made by {served.model!r}, and EMBEDDING_MODEL is {settings.embedding_model!r}"
        do = "Set it back, unless you want it: all is encoded anew at the worker's next start."
        return warning("index", said, do=do)
    return fine("index", f"in {served.store}, by {served.model}")


async def check_redis(url: str | None) -> list[Finding]:
    """The server, and that it forgets nothing."""
    if url is None:
        return [skipped("Redis", f"REDIS_URL is unset: {_EMBEDDED}")]
    async with valkey(url, silent_slices=PATIENT_SLICES) as redis:
        try:
            await redis.get("answerdesk:doctor")
        except UnavailableError:
            do = "Is it running, and is REDIS_URL right? Until then: no cache, small quotas."
            return [failed("Redis", "does not answer, or does not let us in", do=do)]
    return [fine("Redis", "lets us in, and evicts nothing")]


async def check_store(settings: Settings) -> list[Finding]:
    """The index's server, or the disk that the embedded one is on."""
    kind = store_kind(settings)
    if kind == "edge":
        return [_disk(settings.data_dir.absolute())]
    try:
        async with open_store(settings, kind=kind) as store:
            indexes = len(await store.notes())
    except UnavailableError as error:
        url = "QDRANT_URL" if kind == "qdrant" else "POSTGRES_URL"
        return [
            failed("store", str(error), do=f"Is it running, and is {url} right, and the key or password?")
        ]
    return [fine(kind, f"lets us in; indexes of ours there: {indexes}")]


def _disk(folder: Path) -> Finding:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    free = shutil.disk_usage(there).free
    if free < FREE_BYTES:
        do = "Make room, or set DATA_DIR to another disk."
        return failed("disk", f"{free / GIB:.1f} GiB left for {folder}", do=do)
    return fine("disk", f"{free // GIB} GiB left for DATA_DIR")


async def check_encoder(settings: Settings) -> list[Finding]:
    """Whether the embedding model is there; one that has to be fetched is not tried."""
    model = settings.embedding_model
    if model != PACKAGED and not await asyncio.to_thread(Path(model).exists):
        if Path(model).is_absolute() or model.startswith("."):
            do = "Set EMBEDDING_MODEL to a folder that is, or leave it out."
            return [failed("embedding model", f"EMBEDDING_MODEL: {model} is not there", do=do)]
        return [skipped("embedding model", f"{model} is fetched by its name when a worker starts")]
    async with open_encoder(model=model, threads=settings.embedding_threads) as encoder:
        return [fine("embedding model", f"{model}, {encoder.dimensions} dimensions")]
