"""The embedded engines as `up` starts them: credentials, folders with odd names, data that stays."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis.asyncio
from nats.aio.client import Client

from desk import ports, probes
from desk.data_folder import DataFolder, prepare
from desk.keys import load_keys
from desk.programs import Plan, make_plan
from desk.supervision import supervised
from wire.documents import DocumentUpsert
from wire.errors import AnswerdeskError, SettingsError, UnavailableError
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.settings import Settings
from wire.subjects import DOCUMENTS_STREAM, documents_changed

DOCUMENT = DocumentUpsert(source="files", id="a", version=1, body="# A")


def ignore(_name: str, _text: str, /) -> None:
    pass


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return prepare(tmp_path / 'an "odd" name')


@asynccontextmanager
async def engines(folder: DataFolder) -> AsyncIterator[Plan]:
    settings = Settings.model_validate({"data_dir": folder.path})
    plan = make_plan(settings, folder=folder, keys=load_keys(folder, settings), sandbox_port=0)
    assert plan.nats
    assert plan.valkey
    async with AsyncExitStack() as stack:
        for program in (plan.nats, plan.valkey):
            kept = supervised(program, logs=folder.logs, tell=ignore, hurry=asyncio.Event())
            child = await stack.enter_async_context(kept)
            url = plan.nats_url if program is plan.nats else plan.redis_url
            answers = probes.nats_answers if program is plan.nats else probes.valkey_answers
            await child.until_ready(partial(answers, url), within_s=15)
        yield plan


async def publish(client: Client) -> None:
    await client.jetstream().publish(documents_changed("files"), DOCUMENT.to_json())


async def test_what_was_queued_and_stored_is_there_after_a_restart(folder: DataFolder) -> None:
    async with engines(folder) as before:
        async with connected(before.nats_url, name="test") as client:
            await ensure_topology(client)
            await publish(client)
        async with redis.asyncio.from_url(before.redis_url) as valkey:
            await valkey.set("quota", "17")
    async with engines(folder) as after:
        assert after.nats_url == before.nats_url
        assert after.redis_url == before.redis_url
        async with connected(after.nats_url, name="test") as client:
            stream = await client.jetstream().stream_info(DOCUMENTS_STREAM)
            assert stream.state.messages == 1
        async with redis.asyncio.from_url(after.redis_url) as valkey:
            assert await valkey.get("quota") == b"17"


async def test_engines_listen_on_loopback_only_and_ask_for_their_password(folder: DataFolder) -> None:
    async with engines(folder) as plan:
        ports = [urlsplit(url).port for url in (plan.nats_url, plan.redis_url)]
        addresses = [
            each.laddr for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN
        ]
        listening = {address.ip for address in addresses if address and address.port in ports}
        assert listening == {"127.0.0.1"}
        assert not await probes.nats_answers(f"nats://answerdesk:wrong@127.0.0.1:{ports[0]}")
        assert not await probes.valkey_answers(f"redis://:wrong@127.0.0.1:{ports[1]}/0")


async def test_a_server_that_is_not_there_or_knows_us_not_is_told_in_time(folder: DataFolder) -> None:
    async with engines(folder) as plan:
        port = urlsplit(plan.nats_url).port
        with pytest.raises(UnavailableError, match=f"NATS at 127.0.0.1:{port} does not let us in"):
            async with connected(f"nats://answerdesk:wrong@127.0.0.1:{port}", name="test", within_s=0.5):
                pass
    with pytest.raises(UnavailableError, match="is it running"):
        async with connected(f"nats://127.0.0.1:{port}", name="test", within_s=0.5):
            pass


def test_no_secret_stands_on_a_command_line(folder: DataFolder) -> None:
    settings = Settings.model_validate({"data_dir": folder.path})
    keys = load_keys(folder, settings)
    plan = make_plan(settings, folder=folder, keys=keys, sandbox_port=0)
    secrets = (keys.nats_password, keys.valkey_password, keys.sandbox_bot_token, keys.sandbox_app_token)
    for program in (plan.nats, plan.valkey, plan.sandbox, plan.worker, plan.bot):
        assert program
        assert not any(secret in argument for secret in secrets for argument in program.argv)


def test_engines_and_sandbox_are_not_given_our_secrets(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-canary")
    settings = Settings.model_validate({"data_dir": folder.path})
    plan = make_plan(settings, folder=folder, keys=load_keys(folder, settings), sandbox_port=0)
    for program in (plan.nats, plan.valkey, plan.sandbox):
        assert program
        assert "sk-ant-canary" not in program.env.values()
    assert plan.bot.env["ANTHROPIC_API_KEY"] == "sk-ant-canary"


def plan_for(folder: DataFolder, *, port: int = 0, **given: object) -> Plan:
    settings = Settings.model_validate({"data_dir": folder.path, **given})
    return make_plan(settings, folder=folder, keys=load_keys(folder, settings), sandbox_port=port)


def test_with_slack_tokens_there_is_no_sandbox(folder: DataFolder) -> None:
    plan = plan_for(folder, slack_bot_token="xoxb-1", slack_app_token="xapp-1")
    assert plan.sandbox is None
    assert plan.sandbox_url is None
    assert "SLACK_API_URL" not in plan.bot.env


def test_one_slack_token_without_the_other_is_told(folder: DataFolder) -> None:
    with pytest.raises(SettingsError, match=r"SLACK_APP_TOKEN .* is not set"):
        plan_for(folder, slack_bot_token="xoxb-1")


def test_an_engine_with_a_url_is_not_started(folder: DataFolder) -> None:
    plan = plan_for(folder, nats_url="nats://elsewhere:4222", redis_url="redis://elsewhere:6379")
    assert plan.nats is None
    assert plan.valkey is None
    assert plan.worker.env["NATS_URL"] == "nats://elsewhere:4222"
    assert plan.bot.env["REDIS_URL"] == "redis://elsewhere:6379"


async def test_taken_ports_are_refused_where_asked_for_and_avoided_where_not(folder: DataFolder) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        taken = server.sockets[0].getsockname()[1]
        with pytest.raises(AnswerdeskError, match=f"Port {taken} is taken .* with --port"):
            plan_for(folder, port=taken)
        with pytest.raises(AnswerdeskError, match=f"Port {taken} is taken .* with HTTP_PORT"):
            plan_for(folder, http_port=taken)


def test_no_port_is_given_to_two_programs(folder: DataFolder) -> None:
    """As it was with ``--port 8080``, which the bot prefers: it never came up."""
    port = ports.free_port()
    with pytest.raises(AnswerdeskError, match=f"Port {port} is given to two programs: .* with HTTP_PORT"):
        plan_for(folder, port=port, http_port=port)
    with pytest.raises(AnswerdeskError, match=f"Port {port} is given to two programs: .* with --port"):
        plan_for(folder, port=port, nats_port=port)
    with pytest.raises(AnswerdeskError, match=f"Port {port} is given to two programs: .* with VALKEY_PORT"):
        plan_for(folder, nats_port=port, valkey_port=port)
    assert ports.prefer(port) == port
    assert ports.prefer(port, besides=(port,)) != port


@pytest.mark.parametrize(
    ("listens_on", "asked_at"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.2", "127.0.0.2"), ("::1", "[::1]")],
)
def test_the_bot_is_asked_where_it_listens(folder: DataFolder, listens_on: str, asked_at: str) -> None:
    plan = plan_for(folder, http_host=listens_on)
    assert plan.ready_url == f"http://{asked_at}:{plan.bot_port}/readyz"
