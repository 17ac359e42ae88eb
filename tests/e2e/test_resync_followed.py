"""A resync that an admin follows in Slack, while the bots that edit its message are killed."""

from pathlib import Path

import pytest

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


async def test_a_resyncs_message_is_gone_on_with_by_another_bot_and_by_one_that_is_started_again(
    engines: dict[str, str], slack: Sandbox, fleet: Fleet, folder: Path
) -> None:
    """It never stands at "running" for good: every bot that edits it is killed, and it tells the true end."""

    def told() -> str:
        return "".join(map(seen, direct(slack, "marta")))

    async with syncing_worker(engines["NATS_URL"], {"wiki": files(folder, announce_per_s=PER_SECOND)}):
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
