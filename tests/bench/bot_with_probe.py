"""A bot, as a process whose event loop is probed: ``python -m tests.bench.bot_with_probe``.

Set up by the environment like any bot; says ``ready`` at once, and at SIGTERM, as JSON, how long its loop
stood still once it had started, which takes a second and serves nobody.
"""

import asyncio
import json
import signal

from bot.service import run_bot
from tests.bench.loop_probe import probing
from wire.logging import set_up_logging
from wire.settings import load_settings

STARTED_AFTER_S = 2.0


async def main() -> None:
    """Run it under the probe."""
    set_up_logging(log_format="readable", level="error")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with probing(after_s=STARTED_AFTER_S) as probe:
        print("ready", flush=True)
        await run_bot(load_settings(), stop)
    print(json.dumps(probe.figures()), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
