"""Markdown as Slack's blocks."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.slack.rich_text import markdown_blocks, plain_text
from sandbox.blocks import check_blocks

HERE = "https://docs.example.com/leave"
CITATIONS = {1: HERE, 2: None}


def blocks(markdown: str) -> list[dict[str, Any]]:
    return markdown_blocks(markdown, CITATIONS)


def elements(markdown: str) -> list[dict[str, Any]]:
    [block] = blocks(markdown)
    assert block["type"] == "rich_text"
    found: list[dict[str, Any]] = block["elements"]
    return found


def test_styles_links_and_citations() -> None:
    [section] = elements(f"**Yes**, *24* `weeks` [here]({HERE}) [1].")
    assert section["elements"] == [
        {"type": "text", "text": "Yes", "style": {"bold": True}},
        {"type": "text", "text": ", "},
        {"type": "text", "text": "24", "style": {"italic": True}},
        {"type": "text", "text": " "},
        {"type": "text", "text": "weeks", "style": {"code": True}},
        {"type": "text", "text": " "},
        {"type": "link", "url": HERE, "text": "here"},
        {"type": "text", "text": " "},
        {"type": "link", "url": HERE, "text": "[1]"},
        {"type": "text", "text": "."},
    ]


def test_a_citation_without_an_address_stays_words() -> None:
    [section] = elements("So it is [2].")
    assert section["elements"] == [{"type": "text", "text": "So it is [2]."}]


def test_nested_lists_become_runs_at_an_indent() -> None:
    runs = elements("1. a\n2. b\n   - c\n3. d")
    assert [(run["style"], run["indent"], run.get("offset", 0)) for run in runs] == [
        ("ordered", 0, 0),
        ("bullet", 1, 0),
        ("ordered", 0, 2),
    ]


def test_slack_takes_a_numbered_list_that_goes_on_behind_a_nested_one() -> None:
    assert check_blocks(blocks("1. a\n2. b\n   - c\n3. d"))


def test_a_table_s_long_cells_wrap_and_numbers_stand_where_they_were_put() -> None:
    [table] = blocks("| a | b | c |\n| - | -: | :-: |\n| 1 | 2 | 3 |\n")
    assert table["column_settings"] == [
        {"is_wrapped": True},
        {"is_wrapped": True, "align": "right"},
        {"is_wrapped": True, "align": "center"},
    ]
    assert check_blocks([table])


def test_a_fence_keeps_its_words_and_a_quote_its_lines() -> None:
    fence, quote = elements("```sh\nrm **x**\n```\n\n> one\n> two")
    assert fence == {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "rm **x**"}]}
    assert "".join(part["text"] for part in quote["elements"]) == "one\ntwo"


def test_the_first_table_is_a_table_and_the_second_is_preformatted() -> None:
    table = "| a | b |\n| - | - |\n| 1 | 2 |\n"
    kinds = [block["type"] for block in blocks(f"Before\n\n{table}\nBetween\n\n{table}")]
    assert kinds == ["rich_text", "table", "rich_text"]
    wide = "| City | Limit |\n| - | - |\n| Lisbon | EUR 150 |\n"
    told = blocks(f"{table}\nBetween\n\n{wide}")[-1]["elements"][-1]["elements"][0]["text"]
    assert told == "City    Limit\nLisbon  EUR 150"


def test_a_picture_is_its_words_and_html_is_words() -> None:
    [section] = elements("![a chart](https://evil.example/x.png) <b>so</b>")
    assert section["elements"] == [
        {"type": "text", "text": "a chart"},
        {"type": "text", "text": " <b>so</b>"},
    ]


@given(st.text(alphabet="ab1 *_`~[]()<>!@#|-.\n\\", max_size=120))
def test_nothing_that_is_written_pings_or_breaks(written: str) -> None:
    """Promise 32 (first part): text is only ever text or a link, whatever it says."""
    for part in _walk(blocks(written)):
        assert part.get("type") not in ("user", "usergroup", "channel", "broadcast", "image")
        assert part.get("text") != ""
    json.dumps(blocks(written))
    plain_text(written)


def _walk(part: Any) -> list[dict[str, Any]]:
    if isinstance(part, list):
        return [inner for each in part for inner in _walk(each)]
    if isinstance(part, dict):
        return [part, *(inner for value in part.values() for inner in _walk(value))]
    return []
