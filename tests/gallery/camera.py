"""Photographs the sandbox's page and the page at ``/ask``: a desktop, a phone, a phone in the dark."""

import asyncio
import html
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from playwright.async_api import Page, async_playwright

from tests.e2e.demo import CHROMIUM, DESKTOP, PHONE, QUIET

DRAWN_AFTER_MS = 250
"""The page draws at the next frame, and scrolls at the one after."""
DRAWN_WITHIN_MS = 10_000

Act = Callable[[Page], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Look:
    """A window to look through."""

    name: str
    page: Page

    @property
    def phone(self) -> bool:
        return self.name != "desktop"


@dataclass
class Camera:
    """Takes pictures, and keeps what each is of."""

    folder: Path
    looks: tuple[Look, ...]
    taken: dict[str, str] = field(default_factory=dict)

    async def photo(
        self, name: str, url: str, *, drawn: str, of: str = "", act: Act | None = None, wide: bool = True
    ) -> None:
        """Open an address in every window and take its picture; ``drawn`` is a selector to wait for.

        ``of`` is what a notification or a screen reader says of it; ``act`` is done before.
        """
        self.taken[name] = of
        looks = [look for look in self.looks if wide or look.phone]
        await asyncio.gather(*(self._one(look, name, url, drawn, act) for look in looks))
        print(name, flush=True)

    async def _one(self, look: Look, name: str, url: str, drawn: str, act: Act | None) -> None:
        page = look.page
        await page.goto("about:blank")
        await page.goto(url)
        await page.locator(drawn).first.wait_for(timeout=DRAWN_WITHIN_MS)
        if act is not None:
            await act(page)
        await page.wait_for_timeout(DRAWN_AFTER_MS)
        await page.screenshot(path=self.folder / f"{name}-{look.name}.png", animations="disabled")

    def page(self) -> None:
        """One page of all pictures, ``index.html`` beside them."""
        shots = "".join(_shown(name, of, self.looks) for name, of in self.taken.items())
        (self.folder / "index.html").write_text(f"<!doctype html><meta charset=utf-8>{_STYLE}{shots}")


_STYLE = (
    "<style>body{font:14px sans-serif;background:#ccc}img{height:520px;margin:4px;vertical-align:top}"
    "p{white-space:pre-wrap;max-width:100ch}</style>"
)


def _shown(name: str, of: str, looks: tuple[Look, ...]) -> str:
    pictures = "".join(f'<img src="{name}-{look.name}.png" alt="" loading=lazy>' for look in looks)
    return f"<h2>{name}</h2><p>{html.escape(of)}</p>{pictures}"


def place(base: str, *, person: str, channel: str, **more: str) -> str:
    """The sandbox's address of what somebody looks at."""
    return f"{base}/?{urlencode({'as': person, 'channel': channel, **more})}"


@asynccontextmanager
async def camera(folder: Path) -> AsyncIterator[Camera]:
    """A real Chromium with three windows."""
    folder.mkdir(parents=True, exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        looks = [
            Look(name="desktop", page=await browser.new_page(viewport=DESKTOP)),
            Look(name="phone", page=await browser.new_page(viewport=PHONE)),
            Look(name="dark", page=await browser.new_page(viewport=PHONE, color_scheme="dark")),
        ]
        pictures = Camera(folder, tuple(looks))
        try:
            yield pictures
        finally:
            await browser.close()
            pictures.page()
