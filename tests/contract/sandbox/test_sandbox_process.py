"""``python -m sandbox`` as a process of its own."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.contract.sandbox.bolt_app import APP_TOKEN, BOT_TOKEN

START_WITHIN_S = 20.0
STOP_WITHIN_S = 2.0
TOKENS = {"SANDBOX_BOT_TOKEN": BOT_TOKEN, "SANDBOX_APP_TOKEN": APP_TOKEN}


async def started(*arguments: str, tokens: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "sandbox",
        *arguments,
        env=os.environ | tokens,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


@pytest.fixture
async def running(company: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await started("--port", "0", "--company", str(company), tokens=TOKENS)
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_WITHIN_S):
            line = (await process.stdout.readline()).decode()
        yield process, line.split()[-1]
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_within_2_seconds_though_sockets_are_open(
    running: tuple[asyncio.subprocess.Process, str], stop: signal.Signals
) -> None:
    process, url = running
    async with aiohttp.ClientSession(url) as http:
        headers = {"Authorization": f"Bearer {APP_TOKEN}"}
        async with http.post("/api/apps.connections.open", headers=headers) as opened:
            app = await http.ws_connect((await opened.json())["url"])
        page = await http.ws_connect("/page/live")
        assert (await app.receive_json())["type"] == "hello"
        assert (await page.receive_json())["type"] == "state"
        began = time.monotonic()
        process.send_signal(stop)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
        assert time.monotonic() - began < STOP_WITHIN_S


async def test_a_taken_port_is_one_clear_sentence(
    running: tuple[asyncio.subprocess.Process, str], company: Path
) -> None:
    _, url = running
    port = url.rsplit(":", 1)[1]
    second = await started("--port", port, "--company", str(company), tokens=TOKENS)
    async with asyncio.timeout(START_WITHIN_S):
        out, err = await second.communicate()
    assert second.returncode == 2
    assert out == b""
    (line,) = err.decode().splitlines()
    assert line.startswith(f"Port {port} of 127.0.0.1 can't be used")


async def test_missing_tokens_are_named(company: Path) -> None:
    process = await started(
        "--company", str(company), tokens={"SANDBOX_BOT_TOKEN": "", "SANDBOX_APP_TOKEN": ""}
    )
    async with asyncio.timeout(START_WITHIN_S):
        _, err = await process.communicate()
    assert process.returncode == 2
    assert b"SANDBOX_BOT_TOKEN" in err
