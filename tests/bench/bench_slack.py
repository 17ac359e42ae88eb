"""How an answer feels in Slack, within Slack's limits.

    python tests/bench/bench_slack.py [--at-once 1 10 50] [--where channels direct] [--json]

So many people ask at once, in channels of the look-alike or in direct messages; a stand-in for Claude
writes ten words a second to each, for about eight seconds. The look-alike limits every method as Slack does.
"""

import argparse
import asyncio
import itertools
import json
import math
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import redis.asyncio

sys.path.insert(0, str(Path(__file__).parents[2]))

from desk.engines import nats_command, valkey_command
from sandbox.conversations import Message
from sandbox.service import Sandbox, serving
from tests.claude_stand_in import ClaudeStandIn, Script, claude_stand_in
from tests.conftest import free_port, run_engine
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, program
from tests.e2e.conftest import QUESTION, _publish
from tests.until import until

CHANNELS = ("general", "ask-hr", "engineering", "travel")
PEOPLE = ("jonas", "theo", "priya", "ines", "marta")
SCRIPT = Script(sentences=6, pace_s=0.1)
VISIBLE = ("chat.postMessage", "chat.startStream", "assistant.threads.setStatus")
GROWS = ("chat.update", "chat.appendStream", "chat.startStream")
ANSWERED_WITHIN_S = 150.0


@dataclass(frozen=True)
class Asked:
    """A question, and when it was asked."""

    message: Message
    number: int

    @property
    def at(self) -> float:
        """In Unix seconds."""
        return float(self.message.ts)


def ask(slack: Sandbox, where: str, at_once: int) -> list[Asked]:
    """All at once: in channels one after another, or in direct messages."""
    places = itertools.cycle(
        [("jonas", name) for name in CHANNELS] if where == "channels" else [(name, "dm") for name in PEOPLE]
    )
    return [
        Asked(slack.say(person, channel, f"{QUESTION} ({number})"), number)
        for number, (person, channel) in zip(range(at_once), places, strict=False)
    ]


def answer(slack: Sandbox, asked: Asked) -> Message | None:
    """The finished answer."""
    thread = slack.workspace.replies(asked.message.channel, asked.message.ts)
    return next((reply for reply in thread if "answerdesk_again" in str(reply.blocks)), None)


def seconds(found: list[float]) -> dict[str, float]:
    """The middle, what nineteen in twenty stay below, and the worst."""
    ordered = sorted(found)
    p95 = ordered[math.ceil(len(ordered) * 0.95) - 1]
    return {
        name: round(value, 2)
        for name, value in (("p50", statistics.median(ordered)), ("p95", p95), ("worst", ordered[-1]))
    }


def measured(slack: Sandbox, claude: ClaudeStandIn, asked: list[Asked]) -> dict[str, Any]:
    """What the calls say."""
    calls = slack.calls()
    visible, behind, grown = [], [], []
    for each in asked:
        reply = answer(slack, each)
        of_thread = {each.message.ts, reply.ts if reply else ""}
        mine = [
            call
            for call in calls
            if call.error is None and {call.arguments.get("thread_ts"), call.arguments.get("ts")} & of_thread
        ]
        visible.append(min(call.at for call in mine if call.method in VISIBLE) - each.at)
        edits = [call for call in mine if call.method in GROWS]
        grown.append(len(edits))
        written = next(
            at for at, body in claude.ended if f"({each.number})" in json.dumps(body["messages"][-1])
        )
        last = max(call.at for call in mine if "answerdesk_again" in json.dumps(call.arguments))
        behind.append(last - written)
    refused = Counter(call.method for call in calls if call.retry_after_s is not None)
    return {
        "visible_s": seconds(visible),
        "final_behind_last_word_s": seconds(behind),
        "edits_per_answer": round(statistics.mean(grown), 1),
        "refused": dict(refused),
    }


async def measure(settings: dict[str, str], folder: Path, *, where: str, at_once: int) -> dict[str, Any]:
    """One round, with a workspace and a bot of its own."""
    async with redis.asyncio.from_url(settings["REDIS_URL"]) as valkey:
        await valkey.flushall()
    async with (
        claude_stand_in(default=SCRIPT) as claude,
        serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN) as slack,
    ):
        own = {"ANTHROPIC_BASE_URL": claude.base_url, "SLACK_API_URL": slack.api_url}
        with program("bot", env=settings | own, log=folder / "bot.log"):
            await until(lambda: slack.open_sockets, within_s=60)
            await asyncio.sleep(2)
            asked = ask(slack, where, at_once)
            for each in asked:
                await until(partial(answer, slack, each), within_s=ANSWERED_WITHIN_S, every_s=0.2)
            return measured(slack, claude, asked)


def started(folder: Path) -> Iterator[dict[str, str]]:
    """Engines and a worker, and what a bot must know of them."""
    engine = contextmanager(run_engine)
    with (
        engine(nats_command(folder=folder / "nats", port=free_port(), password="bench")) as nats_url,
        engine(valkey_command(folder=folder / "valkey", port=free_port(), password="bench")) as valkey_url,
    ):
        settings = {
            "NATS_URL": nats_url,
            "REDIS_URL": valkey_url,
            "DATA_DIR": str(folder),
            "QUOTA_TOKENS_PER_DAY": "0",
            "QUOTA_REQUESTS_PER_MINUTE": "0",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "HTTP_PORT": "0",
        }
        with program("worker", env=settings, log=folder / "worker.log"):
            asyncio.run(_publish(nats_url))
            yield settings


def run(*, where: list[str], at_once: list[int], as_json: bool) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name, contextmanager(started)(Path(name)) as settings:
        for place, number in itertools.product(where, at_once):
            found = asyncio.run(measure(settings, Path(name), where=place, at_once=number))
            print(
                json.dumps({"where": place, "at_once": number} | found)
                if as_json
                else f"{place:10}{number:4} at once  {found}"
            )


if __name__ == "__main__":
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--at-once", nargs="+", type=int, default=[1, 10, 50])
    parser.add_argument("--where", nargs="+", choices=["channels", "direct"], default=["channels", "direct"])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    run(where=given.where, at_once=given.at_once, as_json=given.json)
