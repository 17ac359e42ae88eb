"""What Slack's own streaming is given: citations to be followed at once, nothing that is taken back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.slack.streamed_text import streamed
from bot.slack.view import View
from wire.answers import Source

URL = "https://docs.example.com/leave"


def source(index: int, url: str | None = URL) -> Source:
    return Source(
        index=index, source="handbook", document=f"d{index}", version=1, title="Leave", url=url, heading=()
    )


def view(text: str, *sources: Source) -> View:
    return View(text=text, doing="Writing…", sources=sources)


def test_a_citation_is_a_link_to_its_source() -> None:
    assert streamed(view("It is 90 days. [1] More. [2]", source(1), source(2, "https://b.example"))) == (
        f"It is 90 days. [1]({URL}) More. [2](https://b.example)"
    )


def test_a_source_without_an_address_is_a_number() -> None:
    assert streamed(view("It is 90 days. [1]", source(1, None))) == "It is 90 days. [1]"


@pytest.mark.parametrize("text", ["90 days. [", "90 days. [1", "90 days. [1]", "90 days. [1] And more."])
def test_a_number_whose_source_is_not_told_yet_waits_for_it(text: str) -> None:
    assert streamed(view(text)) == "90 days. "


@pytest.mark.parametrize("text", ["`a[1]` is", "```\na[1]\n```\nis", "```\na[1]", "`a[1]", r"\[1\]"])
def test_what_is_no_citation_stays_as_it_is(text: str) -> None:
    assert streamed(view(text, source(1))) == text


def test_behind_code_a_citation_is_one_again() -> None:
    assert streamed(view("`a` [1] ```b``` [1]", source(1))) == f"`a` [1]({URL}) ```b``` [1]({URL})"


def test_an_address_that_would_end_early_is_written_otherwise() -> None:
    assert streamed(view("So. [1]", source(1, "https://a.example/b_(c)"))) == (
        "So. [1](https://a.example/b_%28c%29)"
    )


PIECES = st.sampled_from(
    [
        "word ",
        " [1]",
        " [2]",
        "`",
        "``",
        "```\n",
        "\n",
        "\n\n",
        "\\",
        "\\[",
        "~~~\n",
        "[",
        "]",
        "(",
        ". ",
        "1",
    ]
)


@given(st.lists(PIECES, max_size=25), st.data())
def test_what_was_sent_once_is_never_taken_back(pieces: list[str], data: st.DataObject) -> None:
    """Promise 7: an append carries what is new, so what stands must be how the rest begins."""
    whole = view("".join(pieces), source(1), source(2))
    sent = ""
    for end in sorted(data.draw(st.sets(st.integers(0, len(whole.text)), max_size=6))):
        told = tuple(each for each in whole.sources if f"[{each.index}]" in whole.text[: max(0, end - 2)])
        grown = streamed(replace(whole, text=whole.text[:end], sources=told))
        assert grown.startswith(sent)
        sent = grown
    assert streamed(whole).startswith(sent)
