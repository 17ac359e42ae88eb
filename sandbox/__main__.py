"""``python -m sandbox``: the workspace as a process of its own.

The tokens that the app must show come by ``SANDBOX_BOT_TOKEN`` and ``SANDBOX_APP_TOKEN``.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog

from sandbox.errors import SandboxError
from sandbox.service import SAMPLE_COMPANY, serving

BAD_USAGE = 2


async def run(*, port: int, company: Path, bot_token: str, app_token: str) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(port=port, company=company, bot_token=bot_token, app_token=app_token) as sandbox:
        print(f"{sandbox.workspace.company.team.name} is open at {sandbox.url}", flush=True)  # noqa: T201 — for people
        await stop.wait()


def main() -> int:
    """Read the command line and the environment; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A workspace that behaves like Slack."
    )
    parser.add_argument("--port", type=int, default=3000, help="where to listen on loopback (default 3000)")
    parser.add_argument("--company", type=Path, default=SAMPLE_COMPANY, help="a folder with workspace.toml")
    options = parser.parse_args()
    bot_token, app_token = (os.environ.get(f"SANDBOX_{kind}_TOKEN", "") for kind in ("BOT", "APP"))
    if not bot_token or not app_token:
        print("Set SANDBOX_BOT_TOKEN and SANDBOX_APP_TOKEN to what the app will show.", file=sys.stderr)  # noqa: T201 — for people
        return BAD_USAGE
    try:
        asyncio.run(run(port=options.port, company=options.company, bot_token=bot_token, app_token=app_token))
    except SandboxError as error:
        print(error, file=sys.stderr)  # noqa: T201 — for people
        return BAD_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
