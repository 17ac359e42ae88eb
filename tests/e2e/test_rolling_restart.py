"""Two processes of each role on one NATS, one Valkey and one PostgreSQL, each replaced while people ask."""

import asyncio
import signal
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Self

import pytest
from nats.aio.client import Client

from ingest.client import IngestClient
from sandbox.conversations import Message
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from tests.claude_stand_in import Script, claude_stand_in
from tests.contract.retrieval.stores_under_test import any_prefix, running_postgres
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, Fleet
from tests.e2e.test_questions import answer
from tests.e2e.worker_process import Worker, found, queued
from tests.until import until
from wire.documents import DocumentUpsert

ANSWERED_WITHIN_S = 120.0
DOCUMENTS = 3


def leave() -> DocumentUpsert:
    words = "In Germany every parent gets 90 working days of fully paid parental leave for each child."
    return DocumentUpsert(
        source="handbook",
        id="leave",
        version=1,
        title="Parental leave",
        url="https://docs.example.com/leave",
        body=f"# Parental leave\n\n{words}",
        allow=("public",),
    )


def rule(number: int, *, version: int) -> DocumentUpsert:
    body = f"# Rule {number}\n\nRule number {number} is in edition {version}."
    return DocumentUpsert(source="rules", id=f"rule-{number}", version=version, body=body, allow=("public",))


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, limits=NO_LIMITS) as sandbox:
        yield sandbox


class Traffic:
    """Questions and documents that keep coming until the block ends."""

    def __init__(self, slack: Sandbox, client: Client) -> None:
        self._slack = slack
        self._ingest = IngestClient(client)
        self._tasks: list[asyncio.Task[None]] = []
        self.questions: list[Message] = []
        self.version = 0

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._ask()), asyncio.create_task(self._write())]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        for ended in await asyncio.gather(*self._tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended

    async def _ask(self) -> None:
        while True:
            number = len(self.questions)
            text = f"@answerdesk How many days of parental leave do I get in Germany? ({number})"
            self.questions.append(self._slack.say("jonas", "general", text))
            # Slack lets one workspace's answers grow by 50 edits a minute.
            await asyncio.sleep(4.0)

    async def _write(self) -> None:
        while True:
            version = self.version + 1
            for number in range(DOCUMENTS):
                await self._ingest.announce(rule(number, version=version))
            self.version = version
            await asyncio.sleep(1.5)


async def test_a_rolling_restart_of_each_role_loses_and_doubles_nothing(
    client: Client, nats_url: str, valkey_url: str, slack: Sandbox, tmp_path: Path
) -> None:
    """Promises 1, 4 and 15: a new process of a role is started, then an old one is told to stop."""
    with running_postgres() as postgres_url:
        store = {
            "VECTOR_STORE": "pgvector",
            "POSTGRES_URL": postgres_url,
            "POSTGRES_CONNECTIONS": "3",
            "INDEX_PREFIX": any_prefix(),
        }
        workers: list[Worker] = []

        def start(half: str) -> Worker:
            worker = Worker(nats_url, tmp_path / f"worker-{len(workers)}", only=half, **store)
            worker.start()
            workers.append(worker)
            return worker

        async with claude_stand_in(default=Script(pace_s=0.01)) as claude:
            env = {
                "NATS_URL": nats_url,
                "REDIS_URL": valkey_url,
                "ANTHROPIC_BASE_URL": claude.base_url,
                "QUOTA_TOKENS_PER_DAY": "0",
                "QUOTA_REQUESTS_PER_MINUTE": "0",
            }
            fleet = Fleet(slack=slack, env=env, folder=tmp_path)
            try:
                first = [start(half) for half in ("ingest", "ingest", "retrieval", "retrieval")]
                await found(client, "anything")
                ingest = IngestClient(client)
                await ingest.announce(leave())
                await ingest.wait_until_indexed(leave(), within_s=ANSWERED_WITHIN_S)
                fleet.start(2)
                await until(lambda: slack.open_sockets >= 2, within_s=60)
                async with Traffic(slack, client) as traffic:
                    for old, half in ((first[0], "ingest"), (first[2], "retrieval")):
                        start(half)
                        await serve(client, half)
                        assert old.end(signal.SIGTERM) == 0
                    for _ in range(2):
                        await replace_one_bot(fleet, slack)
                await check_nothing_is_lost(client, slack, traffic)
                assert "Traceback" not in fleet.log()
            finally:
                for bot in fleet.running:
                    bot.kill()
                    bot.wait(20)
                for worker in workers:
                    worker.kill()


async def replace_one_bot(fleet: Fleet, slack: Sandbox) -> None:
    fleet.start()
    await until(lambda: slack.open_sockets >= 3, within_s=60)
    old = fleet.running.pop(0)
    old.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(old.wait, 30) == 0
    await until(lambda: slack.open_sockets == 2, within_s=30)


async def check_nothing_is_lost(client: Client, slack: Sandbox, traffic: Traffic) -> None:
    """Every question is answered once, and every document found in its newest version."""
    for question in traffic.questions:
        await until(partial(answer, slack, question), within_s=ANSWERED_WITHIN_S)
    ingest = IngestClient(client)
    for number in range(DOCUMENTS):
        newest = rule(number, version=traffic.version)
        await ingest.wait_until_indexed(newest, within_s=ANSWERED_WITHIN_S)
    await until(partial(queued_none, client), within_s=ANSWERED_WITHIN_S)
    said = {answer(slack, question) for question in traffic.questions}
    assert all("90 working days" in text for text in said)


async def queued_none(client: Client) -> bool:
    return await queued(client) == 0


async def serve(client: Client, half: str) -> None:
    """Wait until three processes serve searches; who only indexes takes from a queue, which waits."""
    if half == "ingest":
        return

    async def three() -> bool:
        inbox = client.new_inbox()
        replies = await client.subscribe(inbox)
        await client.publish("$SRV.PING.retrieval", reply=inbox)
        await client.flush()
        await asyncio.sleep(0.3)
        count = replies.pending_msgs
        await replies.unsubscribe()
        return count >= 3

    await until(three, within_s=60)
