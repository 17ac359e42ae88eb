"""A bot, as a process whose event loop is probed: ``python -m tests.bench.bot_with_probe``.

Set up by the environment like any bot; says ``ready`` at once, and at SIGTERM, as JSON, how long its loop
stood still from its start to its end.
"""

import asyncio
import json
import signal

from bot.service import run_bot
from tests.bench.loop_probe import probing
from wire.logging import set_up_logging
from wire.settings import load_settings


async def main() -> None:
    """Run it under the probe."""
    set_up_logging(log_format="readable", level="error")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with probing() as probe:
        print("ready", flush=True)
        await run_bot(load_settings(), stop)
    print(json.dumps(probe.figures()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
