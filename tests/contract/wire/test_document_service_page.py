"""docs/document-service.md and the NATS user that docs/security.md gives such a service, on a real server."""

import asyncio
import contextlib
import json
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import nats
import nats.errors
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from desk.engines import nats_command
from tests.conftest import free_port, run_engine
from wire import subjects
from wire.documents import DocumentUpsert, read_document_changed
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "document-service.md").read_text()
RUN_WITHIN_S = 60


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """A server with the users of the security page; gives the address without a login."""
    command = nats_command(folder=tmp_path / "nats", port=free_port(), password="unused")
    config = Path(command.argv[-1])
    lines = [line for line in config.read_text().splitlines() if not line.startswith("authorization")]
    (users,) = [block for block in blocks((DOCS / "security.md").read_text(), "") if "authorization" in block]
    config.write_text("\n".join([*lines, users.replace('"..."', '"secret"')]))
    for url in run_engine(command):
        yield f"127.0.0.1:{urlsplit(url).port}"


def test_each_message_of_the_page_is_one() -> None:
    shell = next(block for block in blocks(PAGE, "sh") if "request" in block)
    messages = [*blocks(PAGE, "json"), *re.findall(r"'(\{.*?\})'", shell, re.DOTALL)]
    assert len(messages) == 3
    for message in messages:
        read_document_changed(message.encode(), source="wiki")


async def test_the_program_in_python_announces_as_the_user_of_its_source(
    guarded: str, tmp_path: Path
) -> None:
    (program,) = blocks(PAGE, "python")
    (tmp_path / "service.py").write_text(program)
    async with connected(f"nats://answerdesk:secret@{guarded}", name="test") as client:
        await ensure_topology(client)
        env = os.environ | {"NATS_URL": f"nats://wiki:secret@{guarded}"}
        running = await asyncio.create_subprocess_exec(sys.executable, str(tmp_path / "service.py"), env=env)
        async with asyncio.timeout(RUN_WITHIN_S):
            assert await running.wait() == 0
        state = (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state
        assert state.messages == 2
        message = await client.jetstream().get_msg(subjects.DOCUMENTS_STREAM, 1)
        changed = read_document_changed(message.data or b"", source="wiki")
        assert isinstance(changed, DocumentUpsert)
        assert changed.allow == ("public",)


@contextlib.asynccontextmanager
async def as_the_service(address: str) -> AsyncIterator[Client]:
    client = await nats.connect(f"nats://wiki:secret@{address}", inbox_prefix="_INBOX_wiki")
    try:
        yield client
    finally:
        await client.close()


async def test_that_user_can_neither_announce_for_others_nor_read(guarded: str) -> None:
    async with connected(f"nats://answerdesk:secret@{guarded}", name="test") as client:
        await ensure_topology(client)
    async with as_the_service(guarded) as service:
        with pytest.raises(nats.errors.Error):
            await service.jetstream().publish(
                "documents.changed.handbook", json.dumps({}).encode(), timeout=2
            )
        for subject in (subjects.INDEX_COPIES, subjects.RETRIEVAL_SEARCH, "$JS.API.STREAM.MSG.GET.KV_heads"):
            with pytest.raises(nats.errors.Error):
                await service.request(subject, b'{"seq": 1}', timeout=1)


async def test_that_user_hears_nobody_elses_replies(guarded: str) -> None:
    """Passages found for others are such replies, and so is the whole index in a backup."""
    async with (
        connected(f"nats://answerdesk:secret@{guarded}", name="test") as client,
        as_the_service(guarded) as service,
    ):
        heard = [await service.subscribe(subject) for subject in ("_INBOX.>", "_INBOX.*.*", ">")]
        await service.flush()

        async def answer(message: Msg) -> None:
            await message.respond(b"a secret passage")

        await client.subscribe(subjects.RETRIEVAL_SEARCH, cb=answer)
        assert (await client.request(subjects.RETRIEVAL_SEARCH, b"", timeout=30)).data == b"a secret passage"
        # What the server had for the service is here once its own pong is.
        await service.flush()
        assert [each.pending_msgs for each in heard] == [0, 0, 0]
