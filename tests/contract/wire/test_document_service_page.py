"""docs/document-service.md and the NATS user that docs/security.md gives such a service, on a real server."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import subprocess
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
from wire.documents import DocumentChanged, DocumentUpsert, read_document_changed
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "document-service.md").read_text()
RUN_WITHIN_S = 60
INSTALL_WITHIN_S = 90
NODE, NPM, NATS = shutil.which("node"), shutil.which("npm"), shutil.which("nats")


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


async def run(*command: str, folder: Path, within_s: float = RUN_WITHIN_S, **env: str) -> tuple[int, str]:
    """A program's exit code, and what it said."""
    running = await asyncio.create_subprocess_exec(
        *command,
        cwd=folder,
        env=os.environ | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(within_s):
            said, _ = await running.communicate()
    except TimeoutError:
        running.kill()
        await running.wait()
        return 1, f"took longer than {within_s} s"
    return running.returncode or 0, said.decode()


async def announced(client: Client) -> list[DocumentChanged]:
    """What stands in the stream."""
    state = (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state
    messages = [
        await client.jetstream().get_msg(subjects.DOCUMENTS_STREAM, number + 1)
        for number in range(state.messages)
    ]
    return [read_document_changed(message.data or b"", source="wiki") for message in messages]


async def test_the_program_in_python_announces_as_the_user_of_its_source(
    guarded: str, tmp_path: Path
) -> None:
    (program,) = blocks(PAGE, "python")
    (tmp_path / "service.py").write_text(program)
    async with connected(f"nats://answerdesk:secret@{guarded}", name="test") as client:
        await ensure_topology(client)
        url = f"nats://wiki:secret@{guarded}"
        code, said = await run(sys.executable, "service.py", folder=tmp_path, NATS_URL=url)
        assert code == 0, said
        changed, deleted = await announced(client)
    assert isinstance(changed, DocumentUpsert)
    assert (changed.allow, deleted.action) == (("public",), "delete")


@pytest.mark.skipif(not (NODE and NPM), reason="node and npm are not on this machine")
async def test_the_program_in_javascript_does_too(guarded: str, tmp_path: Path) -> None:
    (program,) = blocks(PAGE, "js")
    (tmp_path / "service.mjs").write_text(program)
    (packages,) = re.findall(r"`npm install (.+?)`", PAGE)
    installing = (
        str(NPM),
        "install",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=0",
        "--prefix",
        ".",
        *packages.split(),
    )
    code, said = await run(*installing, folder=tmp_path, within_s=INSTALL_WITHIN_S)
    if code:
        pytest.skip(f"npm can't install {packages} here: {said.strip().splitlines()[-1:]}")
    async with connected(f"nats://answerdesk:secret@{guarded}", name="test") as client:
        await ensure_topology(client)
        code, said = await run(
            str(NODE), "service.mjs", folder=tmp_path, NATS_URL=f"nats://wiki:secret@{guarded}"
        )
        assert code == 0, said
        [changed] = await announced(client)
    assert isinstance(changed, DocumentUpsert)
    assert (changed.id, changed.allow) == ("leave", ("public",))


@pytest.mark.skipif(NATS is None, reason="the nats command is not on this machine")
async def test_and_the_commands_of_the_shell(guarded: str, tmp_path: Path) -> None:
    (commands,) = [block for block in blocks(PAGE, "sh") if "request" in block]
    async with connected(f"nats://answerdesk:secret@{guarded}", name="test") as client:
        await ensure_topology(client)
        code, said = await run(
            "sh", "-ec", commands, folder=tmp_path, NATS_URL=f"nats://wiki:secret@{guarded}"
        )
        assert code == 0, said
        assert [change.action for change in await announced(client)] == ["upsert", "delete"]


def test_the_address_is_found_as_the_page_says(tmp_path: Path) -> None:
    (export,) = [block for block in blocks(PAGE, "sh") if "running.json" in block]
    (tmp_path / ".answerdesk").mkdir()
    (tmp_path / ".answerdesk" / "running.json").write_text('{"nats_url": "nats://a:1"}')
    told = subprocess.run(
        ["sh", "-ec", f'{export}\necho "$NATS_URL"'], cwd=tmp_path, capture_output=True, check=True
    )
    assert told.stdout == b"nats://a:1\n"


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
