"""A NATS server that hangs, as the bot sees it."""

import signal
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from desk.probes import page_answers
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from tests.conftest import free_port
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, program
from tests.e2e.worker_process import START_WITHIN_S, OwnNats, running_nats
from tests.until import until

NOTICED_WITHIN_S = 15.0
WELL_WITHIN_S = 10.0
HUNG_FOR_S = 30.0
"""Longer than it takes both sides to give the connection up."""


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[OwnNats]:
    with running_nats(tmp_path / "nats") as running:
        yield running


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, limits=NO_LIMITS) as sandbox:
        yield sandbox


async def test_a_nats_server_that_hangs_shows_in_readiness_and_heals(
    nats: OwnNats, slack: Sandbox, valkey_url: str, tmp_path: Path
) -> None:
    """Promise 12: SIGSTOP for 30 s: not ready within 15 s; ready, worker included, within 10 s of SIGCONT."""
    port = free_port()
    env = {
        "NATS_URL": nats.url,
        "REDIS_URL": valkey_url,
        "DATA_DIR": str(tmp_path / "data"),
        "SLACK_BOT_TOKEN": BOT_TOKEN,
        "SLACK_APP_TOKEN": APP_TOKEN,
        "SLACK_API_URL": slack.api_url,
        "HTTP_PORT": str(port),
    }
    ready = partial(page_answers, f"http://127.0.0.1:{port}/readyz")
    alive = partial(page_answers, f"http://127.0.0.1:{port}/healthz")

    async def not_ready() -> bool:
        return not await ready()

    with (
        program("worker", env=env, log=tmp_path / "worker.log") as worker,
        program("bot", env=env, log=tmp_path / "bot.log") as bot,
    ):
        await until(ready, within_s=START_WITHIN_S, every_s=0.1)
        nats.hang()
        hung_at = time.monotonic()
        await until(not_ready, within_s=NOTICED_WITHIN_S, every_s=0.2)

        async def long_enough() -> bool:
            assert not await ready()
            return time.monotonic() - hung_at > HUNG_FOR_S

        await until(long_enough, within_s=2 * HUNG_FOR_S, every_s=0.5)
        assert await alive(), "it waits, it does not die"
        nats.go_on()
        await until(ready, within_s=WELL_WITHIN_S, every_s=0.1)
        for process in (bot, worker):
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
