"""docs/frontends.md: its examples work, and its table is the code's."""

import asyncio
import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.web.http_errors import STATUSES
from desk.cli import app
from tests.contract.web.conftest import KEY, QUESTION, Face
from tests.contract.web.snippets import PAGE, blocks, curls
from wire.key_settings import ApiKey

NODE = shutil.which("node")
RUN_WITHIN_S = 60


async def test_each_call_of_curl_is_answered(face: Face) -> None:
    calls = curls(base=face.url, key=KEY)
    assert [url.removeprefix(face.url) for url, _, _ in calls] == ["/v1/answers", "/v1/search"]
    for url, headers, body in calls:
        async with face.session.post(url, data=body, headers=headers) as reply:
            assert reply.status == 200
            assert "14 months" in await reply.text()


@pytest.mark.skipif(NODE is None, reason="node is not on this machine")
async def test_each_program_in_javascript_shows_an_answer(face: Face, tmp_path: Path) -> None:
    [over_http, over_websocket] = blocks("js")
    told = "const told = (event) => console.log(JSON.stringify(event));"
    asks = f"{over_http}\n{told}\nawait ask({json.dumps(QUESTION)}, told);"
    # A page of a browser ends by itself; a program would wait for the socket's next answer.
    closes = 'const onEvent = (event) => { told(event); if (event.event === "done") socket.close(); };'
    for name, program in (("http", asks), ("websocket", f"{told}\n{closes}\n{over_websocket}")):
        file = tmp_path / f"{name}.mjs"
        file.write_text(f"const BASE = {face.url!r}, KEY = {KEY!r};\n{program}")
        running = await asyncio.create_subprocess_exec(
            *(str(NODE), "--experimental-websocket", str(file)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(RUN_WITHIN_S):
            printed, said = await running.communicate()
        assert running.returncode == 0, said.decode()
        events = [json.loads(line) for line in printed.decode().splitlines()]
        assert events[0]["event"] == "status"
        assert events[-1]["event"] == "done"
        assert "14 months" in events[-1]["text"]


def test_the_table_of_errors_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (.+?) \|", PAGE, re.MULTILINE)
    told = {(int(status), code) for status, codes in rows for code in re.findall(r"`(\w+)`", codes)}
    known = {(status, code) for code, status in STATUSES.items()}
    assert told == known | {(400, "malformed"), (401, "not_allowed"), (408, "cancelled")}


def test_the_settings_on_the_page_are_a_key() -> None:
    [block] = blocks("toml")
    [table] = tomllib.loads(block)["api_keys"].values()
    key = ApiKey.model_validate(table)
    assert key.principals == ("public", "group:S0123ABCD")
    for name in set(ApiKey.model_fields) - {"sha256"}:
        assert f"`{name}`" in PAGE, name


def test_the_commands_on_the_page_are_there() -> None:
    [block] = blocks("json")
    [server] = json.loads(block)["mcpServers"].values()
    commands = [server["args"], *(shlex.split(line)[1:] for line in said_to_shell("answerdesk"))]
    assert {words[0] for words in commands} == {"ask", "mcp", "key"}
    for words in commands:
        arguments = [word for word in words if not word.startswith("-")]
        path = arguments[:2] if words[0] == "key" else arguments[:1]
        shown = CliRunner().invoke(app, [*path, "--help"])
        assert shown.exit_code == 0, words
        for option in (word for word in words if word.startswith("--")):
            assert option in shown.output, words


def said_to_shell(program: str) -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if line.startswith(program)]
