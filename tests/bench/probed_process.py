"""A benchmark's own process whose event loop is probed."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 300
ENDED_WITHIN_S = 60


@dataclass(frozen=True)
class Probed:
    """A process that is ready; ``end`` ends it and gives its loop's figures."""

    pid: int
    end: Callable[[], Awaitable[dict[str, float]]]


@asynccontextmanager
async def probed_process(
    module: str, *arguments: str, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Probed]:
    """A module of this folder, once it says ``ready``."""
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"tests.bench.{module}",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env=os.environ | (environment or {}),
    )
    assert running.stdout is not None
    lines = running.stdout

    async def end() -> dict[str, float]:
        running.terminate()
        async with asyncio.timeout(ENDED_WITHIN_S):
            said: dict[str, float] = json.loads(await lines.readline())
        return said

    try:
        async with asyncio.timeout(READY_WITHIN_S):
            assert await lines.readline() == b"ready\n", f"{module} did not start"
        yield Probed(running.pid, end)
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()
