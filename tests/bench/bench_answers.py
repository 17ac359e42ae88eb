"""How long a question waits: to the first sign, to the first words, to the finished message.

The demo, asked one question after another in its sandbox, with a stand-in for Claude that writes fifty
words a second. The baseline is the stand-in's own time for the same text. Run: ``make bench``, or
``python -m tests.bench.bench_answers [--json]``.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.claude_stand_in import Script, claude_stand_in
from tests.e2e.demo import Demo, running_demo
from tests.until import until

QUESTIONS = (
    "How many days of parental leave do I get in Germany?",
    "How big is the learning budget?",
    "When do I need a doctor's note?",
    "I lost my laptop, what do I do now?",
    "How do I set up the VPN on my laptop?",
    "What happens in my first week?",
    "Who approves a business trip?",
    "How much is the home office allowance?",
)
PACE_S = 0.02
ANSWERED_WITHIN_S = 60.0


@dataclass(frozen=True)
class Timed:
    """Seconds from the person's Enter to what they see."""

    first_sign: float
    first_words: float
    finished: float


async def time_question(session: aiohttp.ClientSession, demo: Demo, text: str) -> Timed:
    """Ask in a direct message, and read off the Web API's calls when what became visible."""
    body = {"as": "jonas", "channel": "dm", "text": text}
    async with session.post(f"{demo.url}/page/say", json=body) as said:
        asked = await said.json()
    asked_at = float(asked["message"]["ts"])

    async def calls() -> list[dict[str, Any]]:
        async with session.get(f"{demo.url}/page/calls") as found:
            every = (await found.json())["calls"]
        return [call for call in every if call["at"] >= asked_at and call["method"].startswith("chat.")]

    async def finished() -> bool:
        seen = await calls()
        return bool(seen) and "hourglass" not in str(seen[-1]["arguments"])

    await until(finished, within_s=ANSWERED_WITHIN_S)
    seen = await calls()
    worded = next(call for call in seen if "rich_text" in str(call["arguments"]))
    return Timed(seen[0]["at"] - asked_at, worded["at"] - asked_at, seen[-1]["at"] - asked_at)


async def run(*, as_json: bool) -> None:
    """Measure, and print a table or JSON."""
    async with claude_stand_in(default=Script(sentences=2, pace_s=PACE_S)) as claude:
        with (
            tempfile.TemporaryDirectory() as folder,
            running_demo(Path(folder), ANTHROPIC_BASE_URL=claude.base_url) as demo,
        ):
            async with aiohttp.ClientSession() as session:
                timed = [await time_question(session, demo, text) for text in QUESTIONS]
                bare = [await bare_model(session, claude.base_url, body) for body in claude.requests[:]]
    rows = {
        name: [getattr(one, name) for one in timed] for name in ("first_sign", "first_words", "finished")
    } | {"the model alone": bare}
    table = {
        name: {"p50_s": round(statistics.median(times), 3), "max_s": round(max(times), 3)}
        for name, times in rows.items()
    }
    table["finished, against the model alone"] = {
        "ratio_p50": round(statistics.median(rows["finished"]) / statistics.median(bare), 2)
    }
    print(json.dumps(table) if as_json else _plain(table))


async def bare_model(session: aiohttp.ClientSession, base_url: str, body: dict[str, Any]) -> float:
    """Seconds that the stand-in takes for the very request that the bot has made."""
    started = asyncio.get_running_loop().time()
    headers = {"x-api-key": "none", "anthropic-version": "2023-06-01"}
    async with session.post(f"{base_url}/v1/messages", json=body, headers=headers) as response:
        await response.read()
    return asyncio.get_running_loop().time() - started


def _plain(table: dict[str, dict[str, float]]) -> str:
    return "\n".join(
        f"{name:36}" + "  ".join(f"{key} {value}" for key, value in figures.items())
        for name, figures in table.items()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asyncio.run(run(as_json=parser.parse_args().json))
