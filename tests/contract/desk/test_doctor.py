"""What `answerdesk doctor` finds, on real engines, and that it is what the page shows."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from nats.aio.client import Client
from pydantic import SecretStr

from desk.doctor import examine
from desk.findings import Diagnosis, Finding
from retrieval.nats_served import Served, open_served
from sandbox.service import serving
from tests.broken_configuration import END, PAGE, START, broken_configuration, told
from tests.claude_stand_in import claude_stand_in
from wire.settings import Settings
from wire.source_settings import SourceSettings

COMMAND_WITHIN_S = 90


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def of(diagnosis: Diagnosis, check: str) -> Finding:
    (finding,) = [each for each in diagnosis.findings if each.check == check]
    return finding


async def test_what_a_broken_configuration_is_told_is_what_the_page_shows(tmp_path: Path) -> None:
    """Otherwise: ``python -m tests.broken_configuration``."""
    async with broken_configuration(tmp_path) as settings:
        text = await told(settings)
    shown = PAGE.read_text().split(START)[1].split(END)[0]
    assert text in shown


async def test_each_mistake_is_a_failure_that_says_what_to_do(tmp_path: Path) -> None:
    async with broken_configuration(tmp_path) as settings:
        diagnosis = await examine(settings)
    wrong = {finding.check for finding in diagnosis.findings if finding.state == "failed"}
    engines = {"NATS messages", "JetStream", "Redis", "store"}
    assert wrong == engines | {
        "Slack",
        "Slack scopes",
        "model",
        "embedding model",
        "source handbook",
        "HTTP",
    }
    assert of(diagnosis, "admins").state == "warning"
    assert [finding for finding in diagnosis.findings if finding.state == "failed" and not finding.do] == []
    assert not diagnosis.ok


async def test_what_is_set_up_right_has_nothing_to_mend(
    client: Client, nats_url: str, valkey_url: str, tmp_path: Path
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "leave.md").write_text("# Leave")
    async with serving(bot_token="xoxb-1", app_token="xapp-1") as slack, claude_stand_in() as claude:
        diagnosis = await examine(
            Settings(
                _env_file=None,
                data_dir=tmp_path,
                http_port=0,
                slack_bot_token=SecretStr("xoxb-1"),
                slack_app_token=SecretStr("xapp-1"),
                slack_api_url=slack.api_url,
                anthropic_base_url=claude.base_url,
                nats_url=nats_url,
                redis_url=valkey_url,
                sources={
                    "handbook": SourceSettings(
                        kind="files", url=f"file://{tmp_path / 'documents'}", allow=("public",)
                    )
                },
            )
        )
    assert diagnosis.ok, diagnosis
    # There is no worker, and that is worth a word.
    assert [each.check for each in diagnosis.findings if each.state == "warning"] == ["worker"]
    assert of(diagnosis, "Slack scopes").state == "ok"
    assert of(diagnosis, "Socket Mode").state == "ok"
    assert of(diagnosis, "clock").state == "ok"


async def test_an_index_of_another_model_or_in_another_store_is_told_of(
    client: Client, nats_url: str, tmp_path: Path
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, http_port=0, nats_url=nats_url)
    record = await open_served(client)
    served = Served(store="edge", name="a", fingerprint="f", dimensions=3, model="another")
    await record.advance(served, over=0)
    assert of(await examine(settings), "index").state == "warning"
    _, revision = await record.look_up()
    await record.advance(served.model_copy(update={"store": "pgvector"}), over=revision)
    found = of(await examine(settings), "index")
    assert found.state == "failed"
    assert "migrate-index pgvector edge" in str(found.do)


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        (
            {"slack_bot_token": "xapp-1", "slack_app_token": "xoxb-1"},
            "is an app-level token, not a bot token",
        ),
        ({"slack_bot_token": "xoxp-1", "slack_app_token": "xapp-1"}, "is a user's token"),
        ({"slack_bot_token": "hello", "slack_app_token": "xapp-1"}, "is no token of Slack's"),
        ({"slack_bot_token": "xoxb-1"}, "nothing says how Slack reaches the bot"),
        ({"slack_app_token": "xapp-1"}, "SLACK_BOT_TOKEN is missing"),
    ],
)
async def test_tokens_of_the_wrong_kind_are_recognised_before_they_go_anywhere(
    tmp_path: Path, tokens: dict[str, str], said: str
) -> None:
    secrets = {name: SecretStr(value) for name, value in tokens.items()}
    nowhere = {
        "_env_file": None,
        "data_dir": tmp_path,
        "http_port": 0,
        "slack_api_url": "http://127.0.0.1:1/",
    }
    diagnosis = await examine(Settings(**nowhere, **secrets))  # type: ignore[arg-type]
    findings = [each for each in diagnosis.findings if each.check == "Slack"]
    assert any(said in each.says for each in findings), findings
    assert not any(value in str(findings) for value in tokens.values())


async def test_secrets_that_others_can_read_and_an_open_door_are_told_of(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SLACK_BOT_TOKEN=\n")
    (tmp_path / ".env").chmod(0o644)
    settings = Settings(_env_file=None, data_dir=tmp_path, http_host="0.0.0.0", api_open=True, http_port=0)
    diagnosis = await examine(settings)
    assert of(diagnosis, "secrets").do == "Type: chmod 600 .env"
    assert of(diagnosis, "API keys").state == "warning"


def test_the_command_exits_with_1_on_a_failure_and_prints_json(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ask = [sys.executable, "-m", "desk", "doctor", "--json", "--data", str(tmp_path)]
        port = {"HTTP_PORT": str(taken.getsockname()[1])}
        done = subprocess.run(
            ask, env=os.environ | port, capture_output=True, timeout=COMMAND_WITHIN_S, check=False
        )
    assert done.returncode == 1, done.stderr
    failures = [each for each in json.loads(done.stdout)["findings"] if each["state"] == "failed"]
    assert [each["check"] for each in failures] == ["HTTP"]


async def test_a_model_server_that_answers_in_its_own_way_is_no_end_of_the_diagnosis(tmp_path: Path) -> None:
    async def messages(_: web.Request) -> web.Response:
        return web.json_response({"error": "no model of that name"}, status=404)

    app = web.Application()
    app.router.add_post("/v1/messages", messages)
    async with TestServer(app) as server:
        settings = Settings(
            _env_file=None,
            data_dir=tmp_path,
            http_port=0,
            anthropic_base_url=str(server.make_url("")),
            rewrite_model="none",
        )
        found = of(await examine(settings), "model")
    assert found.state == "failed"
    assert "no model of that name" in found.says


@pytest.mark.parametrize(
    ("model", "state"), [("/srv/nowhere", "failed"), ("./nowhere", "failed"), ("BAAI/bge-m3", "skipped")]
)
async def test_a_folder_that_is_not_there_is_no_models_name(tmp_path: Path, model: str, state: str) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, http_port=0, embedding_model=model)
    assert of(await examine(settings), "embedding model").state == state


async def test_a_store_that_is_away_is_told_of_with_the_setting_that_leads_there(tmp_path: Path) -> None:
    for kind, url in (("qdrant", "http://127.0.0.1:1"), ("pgvector", "postgresql://u:secret@127.0.0.1:1/db")):
        name = "qdrant_url" if kind == "qdrant" else "postgres_url"
        settings = Settings(_env_file=None, data_dir=tmp_path, http_port=0, vector_store=kind, **{name: url})  # type: ignore[arg-type]
        found = of(await examine(settings), "store")
        assert found.state == "failed"
        assert name.upper() in str(found.do)
        assert "secret" not in str(found)
        assert "Exception" not in found.says


async def test_a_check_that_breaks_keeps_no_finding_back(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path, http_host="bü..ro")
    diagnosis = await examine(settings)
    assert of(diagnosis, "HTTP").state == "failed"
    assert of(diagnosis, "embedding model").state == "ok"
