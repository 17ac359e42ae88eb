"""What is posted for a human to answer is words, whatever was typed."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.slack.human import HumanAsked, human_post
from bot.slack.mrkdwn import escaped
from sandbox.blocks import check_blocks
from wire.questions import QuestionName

FRAGMENTS = st.sampled_from(["<!channel>", "<@U1>", "<#C1|x>", "<!subteam^S1>", "&lt;!here&gt;", *"<&|>"])
TEXTS = st.lists(FRAGMENTS | st.text(max_size=20), min_size=1, max_size=40).map("".join)


@example(text="&" * 2_000)
@given(text=TEXTS.map(lambda text: f"Why? {text}"[:2_000]))
@pytest.mark.parametrize(("whom", "ours"), [("C2", []), ("S0HR", ["<!subteam^S0HR>"])])
def test_nobody_is_pinged_but_whoever_asks_and_is_asked(text: str, whom: str, ours: list[str]) -> None:
    """Promise 32: no live mention that is not ours."""
    asked = HumanAsked(
        question=QuestionName("T1", "C1", "1.0"),
        thread_ts="1.0",
        whom=whom,
        text=text,
        by="U0ASKER",
        team="T1",
        modal="V1",
    )
    shown = human_post(asked, link="https://slack.example/p1")
    live = re.findall(r"<[!@#][^>]*>", f"{shown.text} {shown.blocks}")
    assert live == [*ours, "<@U0ASKER>", *ours]
    check_blocks(shown.blocks)
    posted = "".join(block["text"]["text"] for block in shown.blocks[1 + len(ours) :])
    assert posted == escaped(text)
