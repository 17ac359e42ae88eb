"""Faces other than Slack, on a running Answerdesk: the terminal, HTTP, and another assistant's tools."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from mcp import Client, StdioServerParameters

from desk.data_folder import DataFolder
from desk.running import read_running
from tests.e2e.demo import Demo, running_demo
from wire.key_settings import key_hash

QUESTION = "How many days of parental leave do I get in Germany?"
SALARIES = "What is the salary band of an engineer at level 3?"
WITHIN_S = 60


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


def bot_url(demo: Demo) -> str:
    running = read_running(DataFolder(path=demo.data))
    assert running is not None
    return f"http://127.0.0.1:{running.bot_http_port}"


def tools(demo: Demo, *principals: str) -> StdioServerParameters:
    named = [part for principal in principals for part in ("--principal", principal)]
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "desk", "mcp", "--data", str(demo.data), *named],
        env=dict(os.environ),
    )


def test_a_question_at_the_terminal_is_answered_with_sources(demo: Demo) -> None:
    assert "90 working days" in demo.answerdesk("ask", QUESTION)
    events = [json.loads(line) for line in demo.answerdesk("ask", QUESTION, "--json").splitlines()]
    assert events[0]["event"] == "status"
    assert events[-1]["event"] == "done"
    assert events[-1]["sources"][0]["title"] == "Parental leave in Germany"


async def test_the_demo_answers_over_http_from_this_machine_without_a_key(demo: Demo) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{bot_url(demo)}/v1/answers", json={"question": QUESTION}) as reply:
            assert reply.status == 200
            assert "90 working days" in await reply.text()
        search = {"query": SALARIES, "principals": ["group:S0PEOPLETEAM"]}
        async with session.post(f"{bot_url(demo)}/v1/search", json=search) as reply:
            assert reply.status == 403
        async with session.get(f"{bot_url(demo)}/ask") as reply:
            assert reply.status == 200


async def test_another_assistant_searches_and_asks_as_whom_it_was_started_for(demo: Demo) -> None:
    async with Client(tools(demo), read_timeout_seconds=WITHIN_S) as client:
        listed = {tool.name for tool in (await client.list_tools()).tools}
        assert listed == {"search", "ask"}
        found = await client.call_tool("search", {"query": QUESTION, "limit": 3})
        assert found.structured_content is not None
        assert "90 working days" in json.dumps(found.structured_content)
        assert len(found.structured_content["passages"]) <= 3
        answered = await client.call_tool("ask", {"question": QUESTION})
        assert answered.structured_content is not None
        assert "90 working days" in answered.structured_content["answer"]
        assert answered.structured_content["sources"][0]["url"].startswith("http")
        hidden = await client.call_tool("search", {"query": SALARIES})
        assert "Salary bands 2026" not in json.dumps(hidden.structured_content)
        wrong = await client.call_tool("search", {"query": ""})
        assert wrong.is_error


async def test_principals_of_the_command_line_decide_what_another_assistant_reads(demo: Demo) -> None:
    async with Client(tools(demo, "public", "group:S0PEOPLETEAM"), read_timeout_seconds=WITHIN_S) as client:
        found = await client.call_tool("search", {"query": SALARIES})
        assert "Salary bands 2026" in json.dumps(found.structured_content)


def test_a_new_key_is_shown_once_with_its_hash(tmp_path: Path) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "desk", "key", "new", "intranet", "--principal", "group:S1"],
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    key = made.stdout.strip()
    assert f'[api_keys.intranet]\nsha256 = "{key_hash(key)}"\nprincipals = ["group:S1"]' in made.stderr
    assert key not in made.stderr
    assert list(tmp_path.iterdir()) == []
