"""``python -m sandbox``: the workspace as a process of its own.

The tokens that the app must show come by ``SANDBOX_BOT_TOKEN`` and ``SANDBOX_APP_TOKEN``; where it is reached
over HTTP (``--request-url``), ``SANDBOX_SIGNING_SECRET`` is what requests are signed with.
"""

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog

from sandbox.errors import SandboxError, SlackError
from sandbox.service import SAMPLE_COMPANY, Sandbox, serving

BAD_USAGE = 2
TRY_AGAIN_AFTER_S = 1.0


async def run(
    *, port: int, company: Path, bot_token: str, app_token: str, request_url: str | None, secret: str
) -> None:
    """Serve until SIGTERM or Ctrl-C; over HTTP from when the app answers at its address."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(port=port, company=company, bot_token=bot_token, app_token=app_token) as sandbox:
        print(f"{sandbox.workspace.company.team.name} is open at {sandbox.url}", flush=True)  # noqa: T201 — for people
        stopping = asyncio.create_task(stop.wait())
        if request_url:
            await _reach(sandbox, request_url, secret=secret, unless=stopping)
        await stopping


async def _reach(sandbox: Sandbox, url: str, *, secret: str, unless: "asyncio.Task[bool]") -> None:
    """The app needs the Web API to start, and so is up later than that."""
    while not unless.done():
        try:
            return await sandbox.send_to(url, signing_secret=secret)
        except SlackError:
            await asyncio.wait([unless], timeout=TRY_AGAIN_AFTER_S)
    return None


def main() -> int:
    """Read the command line and the environment; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A workspace that behaves like Slack."
    )
    parser.add_argument("--port", type=int, default=3000, help="where to listen on loopback (default 3000)")
    parser.add_argument("--company", type=Path, default=SAMPLE_COMPANY, help="a folder with workspace.toml")
    parser.add_argument("--request-url", help="where the app takes Slack over HTTP, instead of by a socket")
    options = parser.parse_args()
    bot_token, app_token = (os.environ.get(f"SANDBOX_{kind}_TOKEN", "") for kind in ("BOT", "APP"))
    if not bot_token or not app_token:
        print("Set SANDBOX_BOT_TOKEN and SANDBOX_APP_TOKEN to what the app will show.", file=sys.stderr)  # noqa: T201 — for people
        return BAD_USAGE
    secret = os.environ.get("SANDBOX_SIGNING_SECRET", "")
    if options.request_url and not secret:
        print("Set SANDBOX_SIGNING_SECRET to what requests are signed with.", file=sys.stderr)  # noqa: T201 — for people
        return BAD_USAGE
    serving_it = run(
        port=options.port,
        company=options.company,
        bot_token=bot_token,
        app_token=app_token,
        request_url=options.request_url,
        secret=secret,
    )
    try:
        asyncio.run(serving_it)
    except SandboxError as error:
        print(error, file=sys.stderr)  # noqa: T201 — for people
        return BAD_USAGE
    return 0


if __name__ == "__main__":
    sys.exit(main())
