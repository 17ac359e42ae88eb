from pathlib import Path
from typing import Any

import pytest

from sandbox.typing_text import Typing
from tests.unit.sandbox.small_company import small_company


@pytest.fixture
def typing(tmp_path: Path) -> Typing:
    return Typing(small_company(tmp_path))


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("plain", "plain"),
        ("a < b && c > d", "a &lt; b &amp;&amp; c &gt; d"),
        ("@Answerdesk hello", "<@U0DESK> hello"),
        ("@answerdesk, hello", "<@U0DESK>, hello"),
        ("@Anna Berg and @ben", "<@U0ANNA> and <@U0BEN>"),
        ("@anna's desk", "<@U0ANNA>'s desk"),
        ("@annabel is nobody here", "@annabel is nobody here"),
        ("write to anna@ben", "write to anna@ben"),
        ("@on-call please", "<!subteam^S0ONCALL> please"),
        ("@here and @channel", "<!here> and <!channel>"),
        ("see #general", "see <#C0GENERAL|general>"),
        ("private #secret is not linked", "private #secret is not linked"),
        ("go to https://x.example/a?b=1&c=2.", "go to <https://x.example/a?b=1&amp;c=2>."),
        ("(https://x.example/a)", "(<https://x.example/a>)"),
        ("<@U0ANNA> typed by hand", "&lt;@U0ANNA&gt; typed by hand"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_is_typed_becomes_slacks_text(typing: Typing, typed: str, text: str) -> None:
    assert typing.read(typed)[0] == text


def elements(typing: Typing, typed: str) -> list[dict[str, Any]]:
    _, (block,) = typing.read(typed)
    section: dict[str, Any] = block["elements"][0]
    listed: list[dict[str, Any]] = section["elements"]
    return listed


def test_what_is_typed_becomes_rich_text_too(typing: Typing) -> None:
    assert elements(typing, "@Answerdesk is <this> #general?") == [
        {"type": "user", "user_id": "U0DESK"},
        {"type": "text", "text": " is <this> "},
        {"type": "channel", "channel_id": "C0GENERAL"},
        {"type": "text", "text": "?"},
    ]
