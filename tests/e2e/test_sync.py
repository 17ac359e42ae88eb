"""Resyncs through real processes: workers that die in the middle, schedulers that disagree on the time."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from ingest.nats_indexed import indexed_of
from ingest.nats_runs import open_runs
from ingest.sync_client import SyncClient
from tests.e2e.worker_process import START_WITHIN_S, Worker, found, queued
from tests.until import until
from wire import subjects
from wire.nats_service import is_served
from wire.sync import SyncRequested

SCHEDULER = """
import asyncio, datetime, sys
from ingest.scheduling import utc_now
from ingest.sync_service import resyncing
from wire.nats_connection import connected
from wire.source_settings import SourceSettings

async def main(url, source, skew_s):
    sources = {"docs": SourceSettings.model_validate_json(source)}
    skew = datetime.timedelta(seconds=float(skew_s))
    async with (
        connected(url, name="a scheduler") as client,
        resyncing(client, sources=sources, lease_s=1.5, now=lambda: utc_now() + skew),
    ):
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""
DOCUMENTS = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "docs"
    inside.mkdir()
    for n in range(DOCUMENTS):
        (inside / f"rule-{n}.md").write_text(f"# Rule {n}\n\nRule {n} is about {n} days.")
    return inside


def source(folder: Path, **changes: object) -> dict[str, object]:
    return {"kind": "files", "url": f"file://{folder}", "allow": ["public"], **changes}


@pytest.fixture
async def worker(
    client: Client, nats_url: str, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Worker]:
    """A worker that announces a document every 0.1 s."""
    monkeypatch.setenv("SOURCES", json.dumps({"docs": source(folder, announce_per_s=10)}))
    running = Worker(nats_url, tmp_path / "data")
    running.start()
    yield running
    running.stop()


def answerdesk(nats_url: str, *arguments: str) -> tuple[int, Any]:
    """Run the command, and give its exit code and what it printed."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "desk", *arguments, "--json"],
        env={**os.environ, "NATS_URL": nats_url},
        capture_output=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, json.loads(ended.stdout)


async def test_a_folder_is_synced_listed_and_followed_by_command(
    client: Client, nats_url: str, worker: Worker, folder: Path
) -> None:
    await until(lambda: is_served(client, name="admin"), within_s=START_WITHIN_S, every_s=0.1)
    code, run = await asyncio.to_thread(answerdesk, nats_url, "sync", "docs", "--wait")
    assert (code, run["state"], run["seen"], run["changed"]) == (0, "done", DOCUMENTS, DOCUMENTS)

    async def nothing_queued() -> bool:
        return await queued(client) == 0

    await until(nothing_queued, within_s=60)
    (folder / "rule-7.md").write_text("# Rule 7\n\nParental leave is 14 months in Germany.")
    (folder / "rule-8.md").unlink()
    code, run = await asyncio.to_thread(answerdesk, nats_url, "sync", "docs", "--dry-run")
    assert code == 0
    assert run["planned"] == [
        {"id": "rule-7.md", "action": "upsert"},
        {"id": "rule-8.md", "action": "delete"},
    ]
    code, run = await asyncio.to_thread(answerdesk, nats_url, "sync", "docs", "--wait")
    assert (run["changed"], run["deleted"]) == (1, 1)
    await until(nothing_queued, within_s=60)
    assert "rule-7.md" in {document for document, _ in await found(client, "parental leave in Germany")}
    assert "rule-8.md" not in {document for document, _ in await found(client, "rule 8 is about 8 days")}
    code, listed = await asyncio.to_thread(answerdesk, nats_url, "sources")
    assert [(each["name"], each["documents"]) for each in listed["sources"]] == [("docs", DOCUMENTS - 1)]
    assert len(listed["sources"][0]["runs"]) == 3


async def test_a_run_whose_worker_was_killed_goes_on_with_the_next(client: Client, worker: Worker) -> None:
    """The same run, seen through: what was announced is not announced again."""
    await until(lambda: is_served(client, name="admin"), within_s=START_WITHIN_S, every_s=0.1)
    admin = SyncClient(client)
    accepted = await admin.sync(SyncRequested(source="docs"))
    async for run in admin.follow(accepted):
        if run.changed >= 10:
            break
    worker.end(signal.SIGKILL)
    worker.start()
    ended = [run async for run in admin.follow(accepted)][-1]
    assert ended.state == "done"
    assert ended.seen == DOCUMENTS

    async def all_indexed() -> bool:
        return len(await indexed_of(client, "docs")) == DOCUMENTS and not await queued(client)

    await until(all_indexed, within_s=60)
    announced = (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.last_seq
    assert DOCUMENTS <= announced <= DOCUMENTS + 8, "but those that were in hand when it died"


@contextmanager
def schedulers(
    nats_url: str, settings: dict[str, object], logs: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Three, of which one's clock is 5 s late and one's 5 s early."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number, skew_s in enumerate((-5, 0, 5)):
            with (logs / f"scheduler-{number}.log").open("wb") as log:
                started.append(
                    subprocess.Popen(
                        [sys.executable, "-c", SCHEDULER, nats_url, json.dumps(settings), str(skew_s)],
                        stdout=log,
                        stderr=log,
                    )
                )
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait(10)


async def test_three_schedulers_give_a_slot_one_run_though_the_first_is_stopped_past_its_lease(
    client: Client, nats_url: str, worker: Worker, tmp_path: Path, folder: Path
) -> None:
    """Promise 39: clock skew of ±5 s, the leader SIGSTOPped past its lease; one effect per slot."""
    await until(lambda: is_served(client, name="admin"), within_s=START_WITHIN_S, every_s=0.1)
    settings = source(folder, announce_per_s=8, schedule={"cron": "0 0 * * *"})
    runs = await open_runs(client)
    with schedulers(nats_url, settings, tmp_path) as processes:

        def begun() -> list[int]:
            said = [(tmp_path / f"scheduler-{number}.log").read_text() for number in range(3)]
            return [number for number, text in enumerate(said) if "a scheduled resync begins" in text]

        (leader,) = await until(begun, within_s=60)

        async def some() -> int:
            return len(await indexed_of(client, "docs"))

        await until(some, within_s=60)
        claim, _ = await runs.standing("docs")
        assert claim is not None
        processes[leader].send_signal(signal.SIGSTOP)

        async def taken_over() -> bool:
            now, _ = await runs.standing("docs")
            return now is not None and now.run == claim.run and now.epoch == claim.epoch + 1

        await until(taken_over, within_s=60)
        processes[leader].send_signal(signal.SIGCONT)

        async def over() -> bool:
            return (await runs.standing("docs"))[0] is None

        await until(over, within_s=30)
        # Long enough for each of them to look at the clock and the record again.
        await asyncio.sleep(3)
        assert begun() == [leader]
        history = await runs.history("docs")
    assert [(run.run, run.state, run.seen) for run in history.runs] == [(claim.run, "done", DOCUMENTS)]
    assert history.last_slot == claim.slot

    async def all_indexed() -> bool:
        return len(await indexed_of(client, "docs")) == DOCUMENTS and not await queued(client)

    await until(all_indexed, within_s=60)
    slots = (await client.jetstream().stream_info(f"KV_{subjects.SLOTS_BUCKET}")).state.messages
    assert slots == 1
    announced = (await client.jetstream().stream_info(subjects.DOCUMENTS_STREAM)).state.last_seq
    assert announced <= DOCUMENTS + 8, "but those that were in hand when it was stopped"
