"""A resync that an admin follows in Slack, while the bots that edit its message are killed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from nats.aio.client import Client

from sandbox.service import Sandbox
from tests.contract.home.conftest import direct, files, seen, syncing_worker
from tests.e2e.bot_fleet import Fleet
from tests.until import until

DOCUMENTS = 200
PER_SECOND = 5.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "wiki"
    inside.mkdir()
    for n in range(DOCUMENTS):
        (inside / f"rule-{n}.md").write_text(f"# Rule {n}\n\nRule {n} is about {n} days.")
    return inside


@pytest.fixture
async def fleet(
    client: Client, nats_url: str, valkey_url: str, slack: Sandbox, tmp_path: Path
) -> AsyncIterator[Fleet]:
    """Bots of a system whose only worker has the source: any other would answer that there is none."""
    assert client.is_connected, "its streams stand"
    env = {"NATS_URL": nats_url, "REDIS_URL": valkey_url, "DATA_DIR": str(tmp_path)}
    bots = Fleet(slack=slack, env=env, folder=tmp_path)
    yield bots
    for bot in bots.running:
        bot.kill()
        bot.wait(20)


async def test_a_resyncs_message_is_gone_on_with_by_another_bot_and_by_one_that_is_started_again(
    nats_url: str, slack: Sandbox, fleet: Fleet, folder: Path
) -> None:
    """It never stands at "running" for good: every bot that edits it is killed, and it tells the true end."""

    def told() -> str:
        return "".join(map(seen, direct(slack, "marta")))

    async with syncing_worker(nats_url, {"wiki": files(folder, announce_per_s=PER_SECOND)}):
        fleet.start()
        await until(lambda: slack.open_sockets, within_s=60)
        await slack.command("marta", "general", "/resync wiki")
        await until(lambda: "Comparing:" in told(), within_s=60)
        fleet.start()
        await until(lambda: slack.open_sockets == 2, within_s=60)
        fleet.kill()
        left_at = told()
        assert "is done" not in left_at
        await until(lambda: told() != left_at, within_s=60)
        fleet.kill()
        assert "is done" not in told(), "else nothing is left to be taken over"
        fleet.start()
        await until(lambda: "is done" in told(), within_s=120)
        [message] = direct(slack, "marta")
        assert f"{DOCUMENTS} documents looked at: {DOCUMENTS} were announced as new or changed" in seen(
            message
        )
        assert "home_cancel" not in seen(message)
