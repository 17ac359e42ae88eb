"""Photographs each kind of message and page: ``python -m tests.gallery OUT [NAME ...]`` (needs Chromium).

Each is brought about with a real bot and worker on real engines; Slack and the model are stood in for.
Look at ``OUT/index.html``. With names, only those scenes.
"""

import asyncio
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from tests.gallery import answers, commands, pages, people, trouble
from tests.gallery.camera import camera
from tests.gallery.house import House, open_house

PLAIN = {"QUOTA_TOKENS_PER_DAY": "2000000", "QUOTA_REQUESTS_PER_MINUTE": "0"}

Scene = Callable[[House], Awaitable[None]]


async def _scenes(house: House, wanted: set[str]) -> None:
    """Those that need nothing special share a bot; the others bring theirs."""
    plain = [*answers.SCENES, *people.SCENES, *pages.SCENES, *commands.SCENES]
    if chosen := [scene for scene in plain if not wanted or scene.__name__ in wanted]:
        async with house.bot(**PLAIN):
            for scene in chosen:
                await _played(scene, house)
    for scene in trouble.SCENES:
        if not wanted or scene.__name__ in wanted:
            await _played(scene, house)


async def _played(scene: Scene, house: House) -> None:
    """One that fails is told of, and costs no other its pictures."""
    try:
        await scene(house)
    except (AssertionError, PlaywrightError) as error:
        print(f"{scene.__name__} ended early:")
        traceback.print_exception(error)
    house.tidy()


async def run(folder: Path, wanted: set[str]) -> None:
    """Take the pictures."""
    started = time.monotonic()
    async with camera(folder) as pictures, open_house(pictures) as house:
        await _scenes(house, wanted)
    print(f"{len(pictures.taken)} kinds in {time.monotonic() - started:.0f} s: {folder / 'index.html'}")


if __name__ == "__main__":
    if len(sys.argv) == 1:
        sys.exit(__doc__)
    asyncio.run(run(Path(sys.argv[1]), set(sys.argv[2:])))
