"""What ``answerdesk up`` keeps from one run to the next."""

import json
import re
from pathlib import Path
from typing import Any

import aiohttp
import redis.asyncio

from tests.claude_stand_in import claude_stand_in
from tests.conftest import free_port
from tests.e2e.demo import Demo, running_demo
from tests.until import until

QUESTION = "How big is the learning budget?"


async def ask(demo: Demo) -> str:
    """Ask in a direct message; gives the finished answer."""
    async with aiohttp.ClientSession(demo.url) as session:
        body = {"as": "jonas", "channel": "dm", "text": QUESTION}
        async with session.post("/page/say", json=body) as said:
            asked = (await said.json())["message"]

        async def answered() -> str:
            async with session.get("/page/state", params={"as": "jonas"}) as found:
                everything: dict[str, Any] = (await found.json())["messages"]
            replies = [each for each in everything[asked["channel"]] if each.get("thread_ts") == asked["ts"]]
            finished = replies and "hourglass" not in json.dumps(replies[-1])
            return replies[-1]["text"] if finished else ""

        return await until(answered, within_s=30)


async def used_tokens(data: Path) -> dict[str, str]:
    """The quotas' keys and what they hold."""
    running = json.loads((data / "running.json").read_text())
    async with redis.asyncio.from_url(running["redis_url"], decode_responses=True) as valkey:
        keys = [key async for key in valkey.scan_iter() if "quota" in key]
        return {key: str(await valkey.hgetall(key)) for key in keys if await valkey.type(key) == "hash"}


async def test_documents_quotas_and_cached_answers_survive_a_restart(tmp_path: Path) -> None:
    # The same port: where the sandbox moves, the sample's links change, and with them its documents.
    port = free_port()
    async with claude_stand_in() as claude:
        with running_demo(tmp_path, port=port, ANTHROPIC_BASE_URL=claude.base_url) as demo:
            first = await ask(demo)
            used = await used_tokens(tmp_path)
            assert len(claude.requests) == 1
        with running_demo(tmp_path, port=port, ANTHROPIC_BASE_URL=claude.base_url) as demo:
            assert await used_tokens(tmp_path) == used
            again = await ask(demo)
        assert len(claude.requests) == 1
    assert used
    assert re.findall(r"\w+", first)[:20] == re.findall(r"\w+", again)[:20]
