"""Passages follow the document's structure and fit the encoder's window."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunking import CHARS_PER_TOKEN, HEADING_CHARS, PART_TOKENS, Chunk, chunk, first_heading

WINDOW = 40


def words(text: str) -> int:
    return len(text.split())


def cut(markdown: str, *, window: int = WINDOW) -> list[Chunk]:
    return chunk(markdown, window_tokens=window, count_tokens=words)


def test_each_section_carries_the_path_of_its_headings() -> None:
    chunks = cut(
        "# Leave\n\nIntro.\n\n## Annual\n\n28 days.\n\n### Germany\n\n30 days.\n\n## Sick\n\nCall us."
    )
    assert [(piece.heading, piece.text) for piece in chunks] == [
        (("Leave",), "Intro."),
        (("Leave", "Annual"), "28 days."),
        (("Leave", "Annual", "Germany"), "30 days."),
        (("Leave", "Sick"), "Call us."),
    ]
    assert [piece.ordinal for piece in chunks] == [0, 1, 2, 3]


def test_headings_go_before_what_is_encoded() -> None:
    (piece,) = cut("# Leave policy\n\n## Annual\n\n28 days.")
    assert piece.embedded == "Leave policy > Annual\n\n28 days."


def test_many_blocks_are_meant_a_few_together_and_few_as_they_are() -> None:
    """Questions of a page whose headings are bold lines, say: one encoding of all would be near to none."""
    answers = [f"Answer {number}. {'It is so. ' * 12}".strip() for number in range(4)]
    (piece,) = cut("# FAQ\n\n" + "\n\n".join(answers), window=250)
    assert piece.meant == piece.parts == ("FAQ", "\n\n".join(answers[:2]), "\n\n".join(answers[2:]))
    (piece,) = cut("# FAQ\n\n" + "\n\n".join(answers[:2]), window=250)
    assert piece.meant == (piece.embedded,)
    (piece,) = cut("# FAQ\n\nOne.\n\nTwo.\n\nThree.", window=250)
    assert piece.meant == (piece.embedded,), "all of it is one part"


def test_a_long_block_among_many_is_cut_for_its_meaning_alone() -> None:
    long = "It is so. " * 50
    (piece,) = cut(f"Short.\n\n{long.strip()}\n\nShort, too.", window=250)
    assert len(piece.parts) > 2
    assert all(words(part) <= PART_TOKENS for part in piece.parts)
    assert " ".join(piece.parts).split() == piece.embedded.split()


def test_the_title_counts_among_the_words_and_only_once() -> None:
    (piece,) = cut("# Leave policy\n\n## Annual\n\n28 days.")
    assert piece.words("Leave Policy") == piece.embedded
    assert piece.words("Time off") == "Time off\n\nLeave policy > Annual\n\n28 days."
    (piece,) = cut("28 days.")
    assert piece.words("Leave policy") == "Leave policy\n\n28 days."


def test_markup_in_a_heading_is_not_part_of_its_name() -> None:
    (piece,) = cut("# The *new* `pay` [portal](https://example.com)\n\nOpen it.")
    assert piece.heading == ("The new pay portal",)


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ('# Leave <a name="leave"></a>', "Leave"),
        ("# Leave<br>policy", "Leave policy"),
        ("Leave\npolicy\n======", "Leave policy"),
        ("# Acme &amp; Co", "Acme & Co"),
    ],
)
def test_a_headings_html_and_line_breaks_are_not_part_of_its_name(written: str, name: str) -> None:
    (piece,) = cut(f"{written}\n\nText.")
    assert piece.heading == (name,)


def test_a_heading_inside_code_starts_no_section() -> None:
    (piece,) = cut("# Setup\n\n```sh\n# not a heading\nmake\n```")
    assert piece.heading == ("Setup",)
    assert piece.text == "```sh\n# not a heading\nmake\n```"


def test_small_blocks_of_a_section_share_a_passage() -> None:
    (piece,) = cut("One.\n\nTwo.\n\n- three\n- four")
    assert piece.text == "One.\n\nTwo.\n\n- three\n- four"


def test_a_long_table_is_cut_between_rows_and_each_part_has_the_header() -> None:
    rows = [f"| country {n} | {n} days |" for n in range(20)]
    chunks = cut("\n".join(["| Country | Days |", "| --- | --- |", *rows]))
    assert len(chunks) > 1
    assert all(piece.text.startswith("| Country | Days |\n| --- | --- |\n| country") for piece in chunks)
    assert [line for piece in chunks for line in piece.text.split("\n")[2:]] == rows


def test_long_code_stays_fenced_in_every_part() -> None:
    lines = [f"run step {n} now" for n in range(30)]
    chunks = cut("```sh\n" + "\n".join(lines) + "\n```")
    assert len(chunks) > 1
    assert all(piece.text.startswith("```sh\n") and piece.text.endswith("\n```") for piece in chunks)
    assert [line for piece in chunks for line in piece.text.split("\n")[1:-1]] == lines


def test_a_long_list_is_cut_between_items() -> None:
    items = [f"- item {n} of the list\n  goes on here" for n in range(12)]
    chunks = cut("\n".join(items))
    assert len(chunks) > 1
    assert "\n".join(piece.text for piece in chunks) == "\n".join(items)


def test_a_long_paragraph_is_cut_after_a_sentence() -> None:
    chunks = cut(" ".join(f"This is sentence number {n}." for n in range(30)))
    assert len(chunks) > 1
    assert all(piece.text.endswith(".") for piece in chunks)


def test_comments_and_rules_are_left_out() -> None:
    assert [piece.text for piece in cut("<!-- hidden -->\n\nSeen.\n\n---")] == ["Seen."]


def test_a_document_of_headings_alone_is_still_found_by_them() -> None:
    assert [piece.text for piece in cut("# Who we are\n\n## Where we are")] == ["Who we are", "Where we are"]


@pytest.mark.parametrize("nothing", ["", "\n\n", "<!-- only this -->", "---"])
def test_a_document_without_words_has_no_passages(nothing: str) -> None:
    assert cut(nothing) == []


def test_headings_too_long_for_the_window_lose_the_outermost_first() -> None:
    (piece,) = cut("# " + "outer " * 30 + "\n\n## inner\n\nText.")
    assert piece.embedded == "inner\n\nText."


@pytest.mark.parametrize(
    ("markdown", "title"),
    [
        ("Intro.\n\n# Travel *policy* `v2`\n\n# Another", "Travel policy v2"),
        ("# Handbook\n\n## Travel\n\nBook early.", "Handbook"),
        ("Travel policy\n=============\n", "Travel policy"),
        ("# \n\n# Second", "Second"),
        ("```\n# not a heading\n```\n\n> # nor this\n\n## nor this", None),
        ("No heading.", None),
    ],
)
def test_the_first_top_heading_serves_as_title(markdown: str, title: str | None) -> None:
    assert first_heading(markdown) == title


@pytest.mark.parametrize("blob", ["x" * 100_000, "# " + "x" * 100_000 + "\n\nWords.", "- " + "x" * 100_000])
def test_a_run_without_end_makes_no_passage_without_end(blob: str) -> None:
    """The tokenizer takes it for one unknown token; a passage must fit a message all the same."""
    chunks = cut(f"Before.\n\n{blob}\n\nAfter.")
    assert all(len(piece.text) <= (WINDOW + 1) * CHARS_PER_TOKEN for piece in chunks)
    assert all(len(part) <= HEADING_CHARS for piece in chunks for part in piece.heading)
    assert sum(piece.text.count("x") for piece in chunks) in {0, 100_000}


def test_a_document_is_cut_the_same_whether_it_is_parsed_whole_or_in_slices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    part = (
        "## Part\n\nIntro.\n\n```sh\n# no heading\n\nmake\n```\n\n"
        "- one\n\n  more of one\n- two\n\n| a |\n| - |\n| b |\n\n"
    )
    whole = cut("# Top\n\n" + part * 20)
    monkeypatch.setattr("ingest.chunking.SLICE_LINES", 3)
    assert cut("# Top\n\n" + part * 20) == whole


def test_many_short_paragraphs_are_cut_in_time_that_grows_with_their_number() -> None:
    counted = 0

    def count(text: str) -> int:
        nonlocal counted
        counted += len(text)
        return words(text)

    markdown = "A short one.\n\n" * 5_000
    chunk(markdown, window_tokens=200, count_tokens=count)
    assert counted < 3 * len(markdown)


def lines() -> Iterator[str]:
    yield from ("# head", "## head two", "- item", "1. one", "| a | b |", "| - | - |", "```", "> quoted", "")
    yield from ("word", "two words.", "x" * 50, "a b c d e f g h i j k l m n o p q r s t u v w x y z. " * 3)


@given(st.lists(st.sampled_from(list(lines())), max_size=30).map("\n".join))
def test_parts_fit_and_hold_every_word_of_their_passage(markdown: str) -> None:
    for piece in cut(markdown, window=250):
        if piece.parts:
            assert all(words(part) <= PART_TOKENS for part in piece.parts)
            assert " ".join(piece.parts).split() == piece.embedded.split()


@given(st.lists(st.sampled_from(list(lines())), max_size=30).map("\n".join))
def test_every_passage_fits_and_no_word_is_lost(markdown: str) -> None:
    chunks = cut(markdown, window=24)
    assert all(words(piece.embedded) <= 24 for piece in chunks)
    kept = " ".join(" ".join((*piece.heading, piece.text)) for piece in chunks)
    assert {word for word in markdown.split() if word.isalnum()} - set(kept.split()) <= {"head", "two"}
