"""A resync's message has one follower, whoever dies, until it tells how the run has ended."""

from pathlib import Path

import pytest
from nats.aio.client import Client

from bot.home.nats_followed import NatsFollowed
from bot.slack.slack_workspace import SlackWorkspace
from sandbox.service import Sandbox
from tests.contract.home.conftest import direct, files, running_front, seen, syncing_worker
from tests.until import until
from wire import subjects
from wire.errors import UnavailableError
from wire.sync import SyncAccepted, SyncFollowed, SyncRequested

MANY = 60


def shown(ts: str = "1.1") -> SyncFollowed:
    return SyncFollowed(
        asked=SyncRequested(source="wiki", full=True),
        accepted=SyncAccepted(run="run-1", source="wiki"),
        channel="D0MARTA",
        ts=ts,
    )


async def waiting(client: Client) -> int:
    return int((await client.jetstream().stream_info(subjects.FOLLOWED_STREAM)).state.messages)


async def test_a_message_is_followed_once_and_another_one_by_itself(client: Client) -> None:
    followed = NatsFollowed(client)
    for _ in range(3):
        await followed.store(shown())
    await followed.store(shown("2.2"))
    assert await waiting(client) == 2
    [first] = await followed.take(most=1)
    assert first.item == shown()
    await followed.store(shown())
    assert await waiting(client) == 2, "while it is in somebody's hands, too"
    await first.done()
    await followed.store(shown())
    assert await waiting(client) == 2, "and then it may be followed again"


async def test_what_cannot_be_stored_is_told(client: Client) -> None:
    await client.jetstream().delete_stream(subjects.FOLLOWED_STREAM)
    with pytest.raises(UnavailableError, match="can't be followed"):
        await NatsFollowed(client).store(shown())


async def test_a_bot_that_is_stopped_leaves_its_resyncs_to_the_next(
    slack: Sandbox, nats_url: str, folder: Path, client: Client, workspace: SlackWorkspace
) -> None:
    for n in range(MANY):
        (folder / f"more-{n}.md").write_text(f"# More {n}\n\nMore about {n}.")
    async with syncing_worker(nats_url, {"wiki": files(folder, announce_per_s=5.0)}):
        async with running_front(client, workspace, slack):
            await slack.command("marta", "general", "/resync wiki")
            await until(lambda: "Comparing:" in "".join(map(seen, direct(slack, "marta"))), within_s=60)
        assert await waiting(client) == 1
        async with running_front(client, workspace, slack):
            await until(lambda: "is done" in "".join(map(seen, direct(slack, "marta"))), within_s=90)
            [message] = direct(slack, "marta")
            assert f"{MANY + 6} documents looked at: {MANY + 6} were announced" in seen(message)

            async def none() -> bool:
                return await waiting(client) == 0

            await until(none, within_s=30)
