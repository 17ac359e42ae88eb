import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from sandbox.rate_limits import NO_LIMITS
from sandbox.service import Sandbox, serving
from sandbox.socket_mode import Redelivery
from tests.contract.sandbox.bolt_app import APP_TOKEN, BOT_TOKEN, BoltApp, connected_app
from tests.unit.sandbox.small_company import write_company

CHROMIUM = "/usr/bin/chromium"
DESKTOP: ViewportSize = {"width": 1280, "height": 860}
SHOWN_WITHIN_MS = 15_000
"""Generous, for a busy machine."""
QUICK_REDELIVERY = Redelivery(delays_s=(0.0, 0.1, 0.2), socket_within_s=5.0)
"""Slack's 0 s, 60 s and 300 s, in a test's time; Slack's own 3 s to acknowledge."""


SLOWER = 10
"""So many times slower runs the workspaces' clock, so that 3 s of a trigger are enough on a busy machine."""


def slow_clock() -> Callable[[], float]:
    began = time.time()
    return lambda: began + (time.time() - began) / SLOWER


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A small company's folder."""
    return write_company(tmp_path / "company")


@pytest.fixture
async def sandbox(company: Path) -> AsyncIterator[Sandbox]:
    """A running workspace without rate limits, whose redelivery is quick."""
    async with serving(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        company=company,
        limits=NO_LIMITS,
        redelivery=QUICK_REDELIVERY,
        now=slow_clock(),
    ) as running:
        yield running


@pytest.fixture
async def impatient_sandbox(company: Path) -> AsyncIterator[Sandbox]:
    """A workspace that waits 0.3 s for an acknowledgement, for tests in which none comes."""
    impatient = replace(QUICK_REDELIVERY, ack_within_s=0.3)
    async with serving(
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        company=company,
        limits=NO_LIMITS,
        redelivery=impatient,
        now=slow_clock(),
    ) as running:
        yield running


@pytest.fixture
async def app(sandbox: Sandbox) -> AsyncIterator[BoltApp]:
    """A Bolt app, connected to it by Socket Mode."""
    async with AsyncExitStack() as stack:
        yield await stack.enter_async_context(connected_app(sandbox))


@pytest.fixture
async def listening_app(sandbox: Sandbox) -> AsyncIterator[BoltApp]:
    """A connected Bolt app whose own listeners answer."""
    async with connected_app(sandbox, listens=True) as connected:
        yield connected


@pytest.fixture
async def page(sandbox: Sandbox) -> AsyncIterator[Page]:
    """An open window on which no script has failed when the test ends."""
    expect.set_options(timeout=SHOWN_WITHIN_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        opened = await browser.new_page(viewport=DESKTOP, base_url=sandbox.url)
        problems: list[str] = []
        opened.on("pageerror", lambda error: problems.append(str(error)))
        yield opened
        await browser.close()
        assert problems == []
