"""Numbers that a reader sees are ours, and vouched for."""

import random

import pytest

from bot.answering.composition import Composition
from tests.retrieval_stand_in import passage
from wire.answers import AnswerEvent, Citation, Delta

LEAVE = passage("Fourteen months in Germany.", document="leave")
TRAVEL = passage("Trains before planes.", document="travel", title="Travel policy")
LEAVE_TOO = passage("Seven weeks ahead.", document="leave", ordinal=1)
SHELF = (LEAVE, TRAVEL, LEAVE_TOO)


def shown(events: list[AnswerEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def written(*steps: str | int) -> str:
    """Text pieces, and the places of passages cited after them."""
    composition = Composition(SHELF)
    events: list[AnswerEvent] = []
    for step in steps:
        if isinstance(step, str):
            events += composition.write(step)
        else:
            events += composition.cite(passage=step, quote=SHELF[step].text)
    events += composition.finish()
    assert shown(events) == composition.text
    return composition.text


def test_sources_are_numbered_in_order_of_appearance_each_document_once() -> None:
    assert written("Trains.", 1, " Months.", 0, " Ahead.", 2) == "Trains. [1] Months. [2] Ahead. [2]"


def test_a_source_that_says_that_it_no_longer_holds_is_marked() -> None:
    composition = Composition([LEAVE, TRAVEL], old={("handbook", "travel")})
    composition.write("Fourteen months.")
    composition.cite(passage=0, quote="Fourteen months")
    composition.write(" Trains.")
    composition.cite(passage=1, quote="Trains")
    assert [source.outdated for source in composition.sources] == [False, True]


def test_a_number_stands_right_after_the_words_and_before_the_space_behind_them() -> None:
    assert written("Months.\n\n", 0, "Trains.", 1) == "Months. [1]\n\nTrains. [2]"


def test_sources_of_the_same_words_stand_side_by_side_each_once() -> None:
    assert written("Both.", 0, 1, 2, 1, " End", 2) == "Both. [1] [2] End [1]"


def test_a_citation_event_comes_with_the_first_showing_alone() -> None:
    composition = Composition(SHELF)
    composition.write("Months")
    first = composition.cite(passage=0, quote=LEAVE.text)
    composition.write(" and again")
    again = composition.cite(passage=2, quote=LEAVE_TOO.text)
    assert [event for event in first if isinstance(event, Citation)] == [
        Citation(index=1, source=composition.sources[0], quote=LEAVE.text)
    ]
    assert [event for event in again if isinstance(event, Citation)] == []


@pytest.mark.parametrize(
    ("place", "quote"),
    [(3, LEAVE.text), (-1, LEAVE.text), (0, "Forty months."), (0, ""), (0, TRAVEL.text)],
)
def test_a_citation_that_nothing_vouches_for_is_not_shown(place: int, quote: str) -> None:
    composition = Composition(SHELF)
    events = composition.write("Forty months.") + composition.cite(passage=place, quote=quote)
    events += composition.finish()
    assert shown(events) == "Forty months."
    assert composition.sources == ()


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("Months [1].", "Months."),
        ("Months [7]", "Months"),
        ("Months[2, 3] and", "Months and"),
        ("Months [1][2]", "Months"),
        ("An [aside] stays", "An \\[aside] stays"),
        ("`row[1]` stays", "`row[1]` stays"),
        ("```\nrow[1]\n```\nand [1] goes", "```\nrow[1]\n```\nand goes"),
        ("an open ` tick\nends with its line [1]", "an open \\` tick\nends with its line"),
        ("an open ` tick [1] opens nothing", "an open \\` tick opens nothing"),
        ("``a ` tick[1]`` stays, [1] goes", "``a ` tick[1]`` stays, goes"),
        ("ticks ``` in mid-line [1] open no fence", "ticks \\`\\`\\` in mid-line open no fence"),
        ("1. ```\n   row[1]\n   ```\n2. and [1] goes", "1.\n```\n   row[1]\n```\n2. and goes"),
        ("a [1[2]] in a number", "a \\[1 ] in a number"),
        ("a [[2]1] in a number", "a \\[ 1] in a number"),
        ("a \\[1\\] in escapes", "a in escapes"),
        ("a &#91;1] and a &lbrack;1] & more", "a &amp;#91;1] and a &amp;lbrack;1] & more"),
        ("a list [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] of them", "a list of them"),
    ],
)
def test_numbers_that_the_model_writes_itself_are_dropped_however_they_are_cut(said: str, text: str) -> None:
    assert written(said) == text
    assert written(*said) == text
    rng = random.Random(said)
    for _ in range(20):
        cuts = sorted(rng.sample(range(len(said)), k=3))
        parts = [said[a:b] for a, b in zip([0, *cuts], [*cuts, len(said)], strict=True)]
        assert written(*parts) == text, parts


def test_no_unvouched_number_is_seen_at_any_moment() -> None:
    composition = Composition(SHELF)
    for character in "Months [1] are [2] many [":
        composition.write(character)
        assert "[" not in composition.text


def test_a_number_never_becomes_a_link_with_what_follows() -> None:
    assert written("Months", 0, "(see below)") == "Months [1] (see below)"
    assert written("Months", 0, "and more") == "Months [1] and more"
    assert written("Months", 0, ", and more") == "Months [1], and more"


def test_behind_a_table_or_code_the_number_has_its_own_paragraph() -> None:
    assert written("| a |\n| - |\n| 1 |", 0) == "| a |\n| - |\n| 1 |\n\n[1]"
    assert written("```\nrun\n```", 0) == "```\nrun\n```\n\n[1]"


def test_a_note_closes_code_that_was_left_open() -> None:
    composition = Composition(SHELF)
    composition.write("```\nrun")
    composition.finish(note="_Incomplete._")
    assert composition.text == "```\nrun\n```\n\n_Incomplete._"


def test_two_notes_behind_code_that_was_cut_stand_both_outside_of_it() -> None:
    composition = Composition(SHELF)
    composition.write("Run this:\n\n```sh\nls -l\n")
    composition.finish(note="_incomplete_")
    composition.finish(note="_and a source is behind_")
    assert composition.text.count("```") == 2
    assert composition.text.endswith("_incomplete_\n\n_and a source is behind_")
