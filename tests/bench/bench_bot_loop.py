"""How long the bot's event loop stands still while it writes many answers at once.

    python tests/bench/bench_bot_loop.py [--json]

Thirty people ask at once in the look-alike; a stand-in for Claude writes fifty words a second to each. Beside
the bot runs an idle process with the same probe: what the machine's own scheduling costs at that time.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from desk.engines import nats_command, valkey_command
from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from tests.bench.probed_process import probed_process
from tests.claude_stand_in import Script, claude_stand_in
from tests.conftest import free_port, run_engine
from tests.e2e.bot_fleet import APP_TOKEN, BOT_TOKEN, program
from tests.e2e.conftest import QUESTION, _publish
from tests.until import until

AT_ONCE = 30
PACE_S = 0.02
SENTENCES = 4
ANSWERED_WITHIN_S = 120.0


def is_answered(slack: Sandbox, ts: str) -> bool:
    """Whether the one reply in this thread is finished."""
    replies = [reply for reply in slack.thread("general", ts) if reply.by_app]
    return bool(replies) and "hourglass" not in str(replies[0].blocks)


async def answer_many(slack: Sandbox) -> None:
    """Ask them all, and wait for every answer's last word."""
    await until(lambda: slack.open_sockets, within_s=60)
    asked = [slack.say("jonas", "general", f"{QUESTION} ({number})") for number in range(AT_ONCE)]
    for question in asked:
        await until(partial(is_answered, slack, question.ts), within_s=ANSWERED_WITHIN_S, every_s=0.2)


async def run(*, as_json: bool) -> None:
    """Start everything, measure, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        started = contextmanager(run_engine)
        async with AsyncExitStack() as stack:
            nats_url = stack.enter_context(
                started(nats_command(folder=folder / "nats", port=free_port(), password="bench"))
            )
            valkey_url = stack.enter_context(
                started(valkey_command(folder=folder / "valkey", port=free_port(), password="bench"))
            )
            script = Script(sentences=SENTENCES, pace_s=PACE_S)
            claude = await stack.enter_async_context(claude_stand_in(default=script))
            slack = await stack.enter_async_context(
                serving(bot_token=BOT_TOKEN, app_token=APP_TOKEN, limits=NO_LIMITS)
            )
            settings = {
                "NATS_URL": nats_url,
                "REDIS_URL": valkey_url,
                "DATA_DIR": name,
                "QUOTA_TOKENS_PER_DAY": "0",
                "ANTHROPIC_BASE_URL": claude.base_url,
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "SLACK_API_URL": slack.api_url,
                "HTTP_PORT": "0",
            }
            stack.enter_context(program("worker", env=settings, log=folder / "worker.log"))
            await asyncio.to_thread(asyncio.run, _publish(nats_url))
            bot = await stack.enter_async_context(probed_process("bot_with_probe", environment=settings))
            idle = await stack.enter_async_context(probed_process("loop_probe"))
            await answer_many(slack)
            found = {"bot": await bot.end(), "idle process at the same time": await idle.end()}
    if as_json:
        print(json.dumps(found))
        return
    print(f"event loop, {AT_ONCE} answers at once")
    for who, figures in found.items():
        print(f"  {who:32}" + "  ".join(f"{key} {value}" for key, value in figures.items()))


if __name__ == "__main__":
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--json", action="store_true")
    asyncio.run(run(as_json=parser.parse_args().json))
