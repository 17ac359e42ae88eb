"""Promise 17: documents of 1 byte to 50 MiB are read, or refused with their reason."""

import asyncio
import re
from collections.abc import Callable

import psutil
import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from ingest.indexing import Indexing
from ingest.nats_consumer import NatsConsumer
from ingest.parsing import BODY_BYTES, TEXT_BYTES, Parsing
from tests.contract.ingest.formats import documents
from tests.contract.ingest.formats.documents import PDF
from tests.contract.ingest.formats.hostile import MIB
from tests.contract.ingest.workshop import Workshop, upsert
from tests.until import until
from wire.errors import MalformedError

SIZES = (1, MIB - 1, MIB, MIB + 1, TEXT_BYTES)
AT_REST_BYTES = 320 * MIB
"""What a worker has with its model loaded and nothing in hand."""
RSS_BYTES = 1024 * MIB


def rss_bytes() -> int:
    ours = psutil.Process()
    return sum(process.memory_info().rss for process in (ours, *ours.children(recursive=True)))


@pytest.fixture(autouse=True)
def worker_bytes() -> Callable[[], int]:
    """A worker's memory by now: what was taken since the test began, on top of what one has at rest.

    This process has gathered hundreds of MiB of its own by the tests before.
    """
    before = rss_bytes()
    return lambda: rss_bytes() - before + AT_REST_BYTES


def text(size: int, media_type: str) -> bytes:
    """So many bytes of words, without a line that nothing could read."""
    words = b'{"words": "' if media_type == "application/json" else b""
    end = b'"}' if words else b""
    lines = b"twenty-eight days off\n" if not words else b"twenty-eight days off "
    filled = (lines * (size // len(lines) + 1))[: max(size - len(words) - len(end), 1)]
    return words + filled + end


async def read(parsing: Parsing, body: bytes, *, media_type: str) -> int | str:
    """How many characters were read, or why none."""
    try:
        return len((await parsing.parse(body, media_type=media_type)).markdown)
    except MalformedError as error:
        return str(error)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown", "text/x-python"])
async def test_text_up_to_the_bound_is_read_whole(
    size: int, media_type: str, parsing: Parsing, worker_bytes: Callable[[], int]
) -> None:
    body = text(size, media_type)
    if media_type == "text/x-python" and size == TEXT_BYTES:
        with pytest.raises(MalformedError, match="text has more than 32 MiB"):  # the fence is text, too
            await parsing.parse(body, media_type=media_type)
        return
    parsed = await parsing.parse(body, media_type=media_type)
    assert body.decode().strip() in parsed.markdown
    assert worker_bytes() < RSS_BYTES


@pytest.mark.parametrize("size", [MIB - 1, MIB, MIB + 1, 8 * MIB, TEXT_BYTES])
@pytest.mark.parametrize("media_type", ["text/html", "application/json", "text/csv", "text/x-rst"])
async def test_large_text_is_read_apart_or_refused_with_its_reason(
    size: int, media_type: str, parsing: Parsing, worker_bytes: Callable[[], int]
) -> None:
    outcome = await read(parsing, text(size, media_type), media_type=media_type)
    if isinstance(outcome, str):
        assert size > MIB + 1, "a megabyte is not too much"
        assert re.search("more memory|within|too long|more than", outcome)
    else:
        assert outcome >= size * 0.9
    assert worker_bytes() < RSS_BYTES


@pytest.mark.parametrize("filler", [MIB - 1, MIB, MIB + 1, BODY_BYTES - 2 * MIB])
async def test_a_large_pdf_is_read(filler: int, parsing: Parsing, worker_bytes: Callable[[], int]) -> None:
    body = documents.pdf(["Annual leave is 28 days."], filler=filler)
    assert "28 days" in (await parsing.parse(body, media_type=PDF)).markdown
    assert worker_bytes() < RSS_BYTES


async def test_a_body_over_50_mib_is_refused(parsing: Parsing) -> None:
    assert BODY_BYTES == 50 * MIB
    with pytest.raises(MalformedError, match="more than 50 MiB"):
        await parsing.parse(bytes(BODY_BYTES + 1), media_type=PDF)
    with pytest.raises(MalformedError, match="text has more than 32 MiB"):
        await parsing.parse(text(TEXT_BYTES + 1, "text/plain"), media_type="text/plain")


async def test_pdfs_around_a_message_s_limit_and_of_50_mib_are_found(
    client: Client, workshop: Workshop, parsing: Parsing, worker_bytes: Callable[[], int]
) -> None:
    indexing = Indexing(
        index=workshop.index,
        encoder=workshop.encoder,
        heads=workshop.heads,
        bodies=workshop.bodies,
        texts=workshop.texts,
        leftovers=workshop.leftovers,
        parse=parsing.parse,
    )
    stop = asyncio.Event()
    consuming = asyncio.create_task(NatsConsumer(client, apply=indexing.apply).run(stop))
    announcing = IngestClient(client)
    fillers = (0, MIB - 1, MIB, MIB + 1, BODY_BYTES - 2 * MIB)
    for filler in fillers:
        # Each of its own words: a search names a text once.
        body = documents.pdf([f"Annual leave is 28 days in office {filler}."], filler=filler)
        changed = upsert(f"leave-{filler}", media_type=PDF).model_copy(
            update={"body": None, "body_base64": body}
        )
        await announcing.announce(changed)
    await until(lambda: _found(workshop, len(fillers)), within_s=120, every_s=0.2)
    assert client.is_connected
    assert worker_bytes() < RSS_BYTES
    stop.set()
    await consuming


async def _found(workshop: Workshop, documents_found: int) -> bool:
    return len(await workshop.found("annual leave")) == documents_found
