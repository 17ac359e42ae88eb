"""What could not be indexed, from the announcement to ``answerdesk failures`` and back into the index."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from nats.aio.client import Client

from ingest.client import IngestClient
from tests.conftest import free_port
from tests.e2e.worker_process import Worker, found
from wire.documents import DocumentUpsert
from wire.errors import MalformedError
from wire.nats_audit import NatsAudit


@pytest.fixture
async def wiki() -> AsyncIterator[int]:
    """A wiki of our own network; gives its port."""

    async def leave(_: web.Request) -> web.Response:
        return web.Response(text="# Leave\n\nAnnual leave is 28 days.")

    app = web.Application()
    app.router.add_get("/leave", leave)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield port
    await runner.cleanup()


class Desk:
    """The command line, as an operator of that system has it."""

    def __init__(self, nats_url: str, folder: Path) -> None:
        self._environment = {**os.environ, "NATS_URL": nats_url, "COLUMNS": "200"}
        self._folder = folder

    def failures(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "desk", "failures", "--data", str(self._folder), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=self._environment,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if code == 0 else done.stderr

    def listed(self, *arguments: str) -> dict[str, dict[str, Any]]:
        listed = json.loads(self.failures("--json", *arguments))
        assert listed["total"] == len(listed["failures"])
        return {failure["document"]: failure for failure in listed["failures"]}


async def failed(ingest: IngestClient, document: DocumentUpsert) -> None:
    await ingest.announce(document)
    with pytest.raises(MalformedError):
        await ingest.wait_until_indexed(document, within_s=30)


async def test_a_document_that_failed_is_listed_mended_and_replayed_or_let_go(
    client: Client, nats_url: str, tmp_path: Path, wiki: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Promise 13: the failure has its reason; once that is mended a replay indexes the very announcement."""
    leave = DocumentUpsert(
        source="wiki", id="leave", version=1, allow=("public",), body_url=f"http://127.0.0.1:{wiki}/leave"
    )
    logo = DocumentUpsert(source="files", id="logo", version=1, media_type="image/x-none", body="x")
    ingest = IngestClient(client)
    desk = Desk(nats_url, tmp_path)
    worker = Worker(nats_url, tmp_path / "data")
    worker.start()
    try:
        assert await found(client, "annual leave") == set()
        await failed(ingest, leave)
        await failed(ingest, logo)
        listed = desk.listed()
        assert set(listed) == {"leave", "logo"}
        assert "BODY_URL_HOSTS" in listed["leave"]["reason"]
        assert "image/x-none" in listed["logo"]["reason"]
        assert set(desk.listed("--source", "files")) == {"logo"}
        table = desk.failures()
        assert "wiki/leave" in table
        assert "BODY_URL_HOSTS" in table

        worker.stop()
        assert "worker does not answer" in desk.failures(code=1)
        monkeypatch.setenv("BODY_URL_INSIDE_HOSTS", f"127.0.0.1:{wiki}")
        worker = Worker(nats_url, tmp_path / "data")
        worker.start()
        assert await found(client, "annual leave") == set()
        desk.failures("--replay", listed["leave"]["id"])
        await ingest.wait_until_indexed(leave, within_s=30)
        assert await found(client, "annual leave") == {("leave", 1)}

        desk.failures("--discard", listed["logo"]["id"])
        assert "No document has failed" in desk.failures()
        assert "no such failure" in desk.failures("--replay", listed["logo"]["id"], code=1)
        assert json.loads(desk.failures("--replay-all", "--json")) == {
            "done": [],
            "missing": [],
            "refused": [],
        }
        noted = {(entry.action, entry.person) async for entry in NatsAudit(client).entries()}
        assert noted == {("failures_replay", "command-line"), ("failures_discard", "command-line")}
    finally:
        worker.stop()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--replay", "../1"], "a failure's id is a number"),
        (["--replay", "1", "--discard", "2"], "give one of"),
        (["--discard", "1", "--source", "wiki"], "leave --source out"),
        (["--source", "no such name"], "a source's name"),
    ],
)
def test_bad_usage_is_told_before_anything_is_asked(tmp_path: Path, arguments: list[str], said: str) -> None:
    told = Desk("nats://127.0.0.1:1", tmp_path).failures(*arguments, code=2)
    assert said in " ".join(told.replace("│", " ").split())
