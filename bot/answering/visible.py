"""Text without what a reader can't see (pure).

Characters that show nothing can carry a message past its readers (tag characters, variation selectors),
turn a line's direction (bidi controls), or split a word that is looked for. They are dropped; what a
script or an emoji needs to look right stays: a joiner between two emoji or within Arabic and Indic words,
one emoji or text selector behind a symbol.
"""

import re
import unicodedata

ZWNJ, ZWJ = "\u200c", "\u200d"
_SELECTORS = "\ufe0e\ufe0f"
_KEYCAP = "\u20e3"
_IGNORABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    r"\u202a-\u202e\u2060-\u206f\u3164\ud800-\uf8ff\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    r"\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
"""Controls, and Unicode 16's Default_Ignorable_Code_Point but for joiners and two selectors; surrogates and
private use, too: what they show depends on who looks."""
_LINE_ENDS = re.compile("[\u2028\u2029]")
_NEEDS_CONTEXT = re.compile(f"[{ZWNJ}{ZWJ}{_SELECTORS}]")
_ENDS_UNDECIDED = re.compile(f"[{ZWNJ}{ZWJ}{_SELECTORS}]+\\Z")
_JOINING_SCRIPTS = re.compile(r"[\u0600-\u07ff\u0840-\u0dff\u0f00-\u109f\u1780-\u18af\ua840-\ua87f]")
"""Arabic, Syriac, N'Ko, Mandaic, Indic, Tibetan, Myanmar, Khmer, Mongolian, Phags-pa."""


def visible(text: str) -> str:
    """All of it that can be seen."""
    return VisibleText().write(text, last=True)


class VisibleText:
    """The same for a text that comes in pieces, wherever it is cut."""

    def __init__(self) -> None:
        self._held = ""
        self._before = ""

    def write(self, text: str, *, last: bool = False) -> str:
        """The next piece; a joiner at its end waits for what it may join."""
        text = self._held + text
        self._held = ""
        if not (text.isascii() and text.isprintable()):
            text = _LINE_ENDS.sub("\n", _IGNORABLE.sub("", text))
            undecided = None if last else _ENDS_UNDECIDED.search(text)
            if undecided:
                text, self._held = text[: undecided.start()], undecided[0]
            if _NEEDS_CONTEXT.search(text):
                text = self._with_context(text)
        self._before = (self._before + text)[-2:]
        return text

    def _with_context(self, text: str) -> str:
        kept: list[str] = list(self._before)
        for at, character in enumerate(text):
            following = text[at + 1 : at + 2]
            if not _NEEDS_CONTEXT.match(character) or _is_needed(character, kept[-2:], following):
                kept.append(character)
        return "".join(kept[len(self._before) :])


def _is_needed(character: str, before: list[str], following: str) -> bool:
    last = before[-1] if before else ""
    if character in _SELECTORS:
        return _is_symbol(last) or (following == _KEYCAP and last in "0123456789#*" and last != "")
    if _JOINING_SCRIPTS.match(last):
        return True
    joins_emoji = _is_symbol(last) or (last in _SELECTORS and bool(before[:-1]) and _is_symbol(before[0]))
    return character == ZWJ and joins_emoji and _is_symbol(following)


def _is_symbol(character: str) -> bool:
    return bool(character) and unicodedata.category(character) in ("So", "Sk", "Sm")
