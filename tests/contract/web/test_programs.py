"""Programs that ask over NATS, each in a process of its own: the terminal, and another assistant's tools."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from mcp import Client as McpClient
from mcp import StdioServerParameters
from nats.aio.client import Client

from bot.web.nats_answers import answering_over_nats
from tests.claude_stand_in import Script
from tests.contract.web.conftest import QUESTION, Face
from tests.retrieval_stand_in import passage
from tests.until import until
from wire.key_settings import key_hash

SALARIES = "What does level three of the salary bands earn?"
WITHIN_S = 60
ROOT = Path(__file__).parents[3]


@pytest.fixture
async def env(face: Face, client: Client, nats_url: str) -> AsyncIterator[dict[str, str]]:
    """What a program must know of an Answerdesk that runs."""
    band = passage("Level three of the salary bands earns 80,000.", document="bands", title="Salary bands")
    face.retrieval.put(band, allow=frozenset({"group:S1"}))
    async with answering_over_nats(client, face.streams):
        yield os.environ | {"NATS_URL": nats_url, "PYTHONPATH": str(ROOT)}


async def answerdesk(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Its exit code, and what it has printed on both outputs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "desk", *arguments, env=env, stdout=-1, stderr=-1
    )
    async with asyncio.timeout(WITHIN_S):
        out, told = await process.communicate()
    return process.returncode or 0, out.decode(), told.decode()


async def test_a_question_at_the_terminal_is_answered_with_its_sources(
    face: Face, env: dict[str, str]
) -> None:
    code, out, told = await answerdesk("ask", *QUESTION.split(), env=env)
    assert (code, "14 months" in out, "Leave policy" in told) == (0, True, True)
    face.claude.default = Script(ending="server_error")
    code, out, _ = await answerdesk("ask", QUESTION, "--json", env=env)
    events = [json.loads(line) for line in out.splitlines()]
    assert (code, events[0]["event"], events[-1]["code"]) == (1, "status", "model_unavailable")


async def test_ctrl_c_at_the_terminal_ends_the_models_call(face: Face, env: dict[str, str]) -> None:
    face.claude.default = Script(sentences=40, pace_s=0.1)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "desk", "ask", QUESTION),
        env=env,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        # Tests that run in the background of a shell are deaf to Ctrl-C, and so would this be.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    await until(lambda: face.claude.streams_open == 1, within_s=WITHIN_S)
    process.send_signal(signal.SIGINT)
    await until(lambda: face.claude.streams_open == 0, within_s=30)
    assert await process.wait() == 130


async def test_another_assistant_searches_and_asks_as_whom_it_was_started_for(env: dict[str, str]) -> None:
    """Promise 28: what it asks changes nothing in what it may read."""
    for principals, knows in (((), False), (("--principal", "public", "--principal", "group:S1"), True)):
        server = StdioServerParameters(
            command=sys.executable, args=["-m", "desk", "mcp", *principals], env=env
        )
        async with McpClient(server, read_timeout_seconds=WITHIN_S) as tools:
            assert {tool.name for tool in (await tools.list_tools()).tools} == {"search", "ask"}
            found = await tools.call_tool("search", {"query": SALARIES, "limit": 3})
            assert ("80,000" in json.dumps(found.structured_content)) is knows
            answered = await tools.call_tool("ask", {"question": SALARIES if knows else QUESTION})
            assert answered.structured_content is not None
            assert ("80,000" if knows else "14 months") in answered.structured_content["answer"]
            assert answered.structured_content["sources"][0]["url"].startswith("https://")
            assert (await tools.call_tool("search", {"query": ""})).is_error


async def test_a_new_key_is_shown_once_with_its_hash(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    code, out, told = await answerdesk("key", "new", "intranet", "--principal", "group:S1", env=env)
    key = out.strip()
    assert code == 0
    assert f'[api_keys.intranet]\nsha256 = "{key_hash(key)}"\nprincipals = ["group:S1"]' in told
    assert key not in told
