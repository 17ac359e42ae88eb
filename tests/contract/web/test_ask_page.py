"""The page's files: all of them are served, and nothing but them may run or load."""

import re
from pathlib import Path

from bot.web.aiohttp_page import KINDS
from tests.contract.web.conftest import LISTED, Face

PAGE = Path(__file__).parents[3] / "bot" / "web" / "page"


async def test_every_file_of_the_page_is_served_under_a_strict_policy(face: Face) -> None:
    assert {path.name for path in PAGE.iterdir()} == set(KINDS)
    for name, kind in KINDS.items():
        path = "/ask" if name == "index.html" else f"/ask/{name}"
        async with face.session.get(f"{face.url}{path}") as reply:
            assert (reply.status, reply.content_type) == (200, kind)
            policy = reply.headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")
            assert policy.endswith(f"frame-ancestors 'self' {LISTED}")
            assert reply.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_in_the_page_asks_for_an_exception_to_it() -> None:
    html = (PAGE / "index.html").read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:|https?://", html)
    for script in PAGE.glob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script.read_text()
        )
