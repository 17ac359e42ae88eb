"""Takes the README's picture: ``make screenshot``. The demo, in a real Chromium."""

import asyncio
import sys
import tempfile
from pathlib import Path

from playwright.async_api import ViewportSize

from tests.e2e.demo import browser_page, running_demo

IMAGES = Path(__file__).parents[2] / "docs" / "images"
QUESTION = "@Answerdesk How many days of parental leave do I get in Germany?"

TALL: ViewportSize = {"width": 1280, "height": 1000}
UNANSWERED = "@Answerdesk Where is the bicycle cellar of the Lisbon office?"


async def take(images: Path) -> None:
    """A question in a channel, and its finished answer; an admin's Home tab."""
    with tempfile.TemporaryDirectory() as data, running_demo(Path(data)) as demo:
        async with browser_page(demo.url) as page:
            await page.goto("/?as=U0JONAS&channel=C0ASKHR")
            await page.get_by_test_id("composer").first.fill(QUESTION)
            await page.get_by_test_id("composer").first.press("Enter")
            await page.get_by_test_id("thread").get_by_role("link", name="[1]").first.wait_for()
            await page.wait_for_timeout(1500)
            await page.screenshot(path=images / "demo.png")
            await page.goto("/?as=U0MARTA&channel=C0ASKHR")
            await page.get_by_test_id("composer").first.fill(UNANSWERED)
            await page.get_by_test_id("composer").first.press("Enter")
            await page.wait_for_timeout(4000)
            await page.goto("/?as=U0MARTA&channel=D0MARTA&tab=home")
            await page.get_by_text("Questions without an answer").wait_for()
            await page.set_viewport_size(TALL)
            await page.screenshot(path=images / "home.png")


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target))
