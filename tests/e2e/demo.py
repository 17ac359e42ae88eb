"""The demo as a newcomer has it: ``answerdesk up`` with nothing configured, and a browser on its page."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Page, ViewportSize, async_playwright

from tests.conftest import free_port

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 60.0
CHROMIUM = "/usr/bin/chromium"
# Without these Chromium looks for its maker's servers at every start, which a closed network refuses.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP: ViewportSize = {"width": 1280, "height": 820}
PHONE: ViewportSize = {"width": 390, "height": 780}


@dataclass(frozen=True)
class Demo:
    """A running demo."""

    url: str
    data: Path
    ready_s: float

    def answerdesk(self, *arguments: str) -> str:
        """Run another command on the same data folder; gives what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "desk", *arguments, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout


@contextmanager
def running_demo(data: Path, *, port: int | None = None, **env: str) -> Iterator[Demo]:
    """``answerdesk up`` until the block ends; without a port, on a free one."""
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "desk", "up", "--port", str(port), "--data", str(data)],
        env=os.environ | {"HTTP_PORT": str(free_port())} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    too_long = threading.Timer(READY_WITHIN_S, process.kill)
    too_long.start()
    try:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if ready := re.search(r"ready \((.+) s\)", line):
                break
        else:
            raise AssertionError("".join(said))
        too_long.cancel()
        yield Demo(url=f"http://127.0.0.1:{port}", data=data, ready_s=float(ready[1]))
    finally:
        too_long.cancel()
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOP_WITHIN_S)


@asynccontextmanager
async def browser_page(url: str, *, size: ViewportSize = DESKTOP, dark: bool = False) -> AsyncIterator[Page]:
    """A window of a real Chromium; fails at the end if a script of the page has failed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page(
            viewport=size, base_url=url, color_scheme="dark" if dark else "light", device_scale_factor=2
        )
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        try:
            yield page
        finally:
            await browser.close()
        assert problems == []
