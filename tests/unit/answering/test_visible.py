"""What can't be seen is dropped, what a script or an emoji needs stays, wherever the text is cut."""

import pytest

from bot.answering.visible import VisibleText, visible

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
PERSIAN = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
RAINBOW = "\U0001f3f3\ufe0f\u200d\U0001f308"


@pytest.mark.parametrize(
    "text",
    [
        FAMILY,
        PERSIAN,
        RAINBOW,
        "\u2764\ufe0f",
        "1\ufe0f\u20e3",
        "\u0915\u094d\u200d\u0937",
        "a\tb\nc",
        "naïve",
    ],
)
def test_what_is_needed_stays(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("\u202eabc\u202c \u2067d\u2069", "abc d"),
        ("fine\U000e0053\U000e0045", "fine"),
        ("\U0001f600\U000e0143\ufe0f\ufe0f", "\U0001f600\ufe0f"),
        ("a\u200db\u200cc\ufe0f", "abc"),
        ("a\r\nb\u2028c\x00\x1b[31m", "a\nb\nc[31m"),
        ("half \ud83d", "half "),
    ],
)
def test_the_rest_is_dropped(text: str, seen: str) -> None:
    assert visible(text) == seen


@pytest.mark.parametrize(
    "text", [FAMILY, PERSIAN, RAINBOW, f"x\u200d{FAMILY}\ufe0f\u200b{PERSIAN}\u200c", "1\ufe0f\u20e3"]
)
def test_it_makes_no_difference_where_the_text_is_cut(text: str) -> None:
    for cut in range(len(text) + 1):
        pieces = VisibleText()
        assert pieces.write(text[:cut]) + pieces.write(text[cut:], last=True) == visible(text)
    one_by_one = VisibleText()
    assert "".join(map(one_by_one.write, text)) + one_by_one.write("", last=True) == visible(text)
