"""Text that is still being written is shown without half-open markup."""

import re

import pytest

from bot.slack.rich_text import plain_text
from bot.slack.unfinished import presentable

ANSWERS = [
    "**Yes.** Parents in Germany get *24 weeks* of [paid leave](https://x.example/z) [1], ~~not~~ less [2].",
    "# Leave\n\nIn short:\n\n- one `code` item [1]\n  - nested **bold** thing\n- __two__\n\n1. a\n2. b\n",
    "Rates:\n\n| Country | Days |\n| --- | ---: |\n| Germany | 30 |\n| Portugal | **25** |\n\nThat is all.",
    "Run this:\n\n```sh\ncurl -x https://vpn\n```\n\nThen `vpn up`, and wait. And snake_case_name stays.",
    "> quoted **words**\n> more\n\nText with 2 * 3 and a_b and <tag> and ![picture](https://x.example/p.png).",
    "First paragraph.\n\nSecond, with ***both*** and `a*b`, then \\*escaped\\*.",
]
HALF_OPEN = re.compile(r"\*\*|(?<!\w)__|~~|`|\]\(|\[\d*$|\[\w+$|^\s*[-+#>|]+\s*$", re.MULTILINE)


@pytest.mark.parametrize("answer", ANSWERS)
def test_no_beginning_of_an_answer_shows_half_open_markup(answer: str) -> None:
    for end in range(len(answer) + 1):
        shown = plain_text(presentable(answer[:end]))
        assert not HALF_OPEN.search(shown), (answer[:end], shown)


@pytest.mark.parametrize("answer", ANSWERS)
def test_what_is_shown_is_how_the_whole_begins(answer: str) -> None:
    whole = re.sub(r"\W", "", plain_text(answer))
    for end in range(len(answer) + 1):
        shown = re.sub(r"\W", "", plain_text(presentable(answer[:end])))
        assert whole.startswith(shown), (answer[:end], shown)


@pytest.mark.parametrize("answer", ANSWERS)
def test_little_is_held_back(answer: str) -> None:
    """A reader sees all but the last few words; a table's row and a link's target may wait."""
    words = re.findall(r"\w+", plain_text(answer))
    shown = re.findall(r"\w+", plain_text(presentable(answer)))
    assert len(words) - len(shown) <= 8
