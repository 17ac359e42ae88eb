"""Markdown cut into tokens while it is still being written (pure).

A token is told once what follows can no longer change it, so where the text is cut makes no difference.
Each is bounded, and so is what has to be waited for: a word, code within a line, or a link with the longest
address. What exceeds its bound is no link or code but the characters that it is made of.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bot.answering.addresses import ADDRESS_CHARS

LABEL_CHARS = 300
CODE_CHARS = 300
"""The longest code within a line; of what is longer, the ticks are ticks."""

Kind = Literal["space", "word", "far", "number", "link", "bracket", "angle", "code", "tick", "fence", "none"]


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        kind: ``far``: a letter that no address begins with; ``number``: source numbers, in any brackets;
            ``link``: Markdown's or Slack's, pictures too; ``bracket``, ``angle``, ``tick``: one that opens
            nothing; ``fence``: what opens or closes a block of code; ``none``: shows nothing.
        text: its characters.
        label: a link's words, the code within ticks, the ticks of a fence.
        target: where a link leads; empty for a picture.
    """

    kind: Kind
    text: str
    label: str = ""
    target: str = ""


_TITLE = rf"(?:\"[^\"\n]{{0,{LABEL_CHARS}}}\"|'[^'\n]{{0,{LABEL_CHARS}}}')"
_LABEL = rf"(?:[^\[\]\n\\]|\\[^\n]){{0,{LABEL_CHARS}}}"
_POINTED = rf"<[^<>\n]{{0,{ADDRESS_CHARS}}}"
_PLAIN = rf"(?:[^\s<>()]|\([^\s<>()]{{0,{LABEL_CHARS}}}\)){{0,{ADDRESS_CHARS}}}"
_LINK = re.compile(
    rf"(!?)\[({_LABEL})\]\([ ]{{0,8}}({_POINTED}>|{_PLAIN})(?:[ ]{{1,8}}{_TITLE})?[ ]{{0,8}}\)"
)
_LINK_SO_FAR = re.compile(
    rf"!?\[{_LABEL}\\?(?:\](?:\([ ]{{0,8}}(?:{_POINTED}>?|[^\s<>]{{0,{ADDRESS_CHARS}}})"
    rf"(?:[ ]{{1,8}}(?:[\"'][^\n]{{0,{LABEL_CHARS + 8}}})?)?)?)?\Z"
)
_SLACK_LINK = re.compile(rf"<([^<>|\s]{{1,{ADDRESS_CHARS}}})(?:\|([^<>\n|]{{0,{LABEL_CHARS}}}))?>")
_SLACK_LINK_SO_FAR = re.compile(rf"<[^<>|\s]{{0,{ADDRESS_CHARS}}}(?:\|[^<>\n|]{{0,{LABEL_CHARS}}})?\Z")
_COMPARES = re.compile(r"<[\s\d=-]")
_LEADS_SOMEWHERE = re.compile(r"[@#!]\w|[a-z][a-z0-9+.-]*:|www\.|[^/\s<>]+@", re.IGNORECASE)
_DIGITS = r"\d{1,3}(?:[ ,;\u2013-]{1,3}\d{1,3}){0,20}"
_MARKS = r"[*_~ ]{0,6}"
_ASIDE = r"\d{1,3}[^\u3010\u3011\uff3b\uff3d\n]{0,40}"
_NUMBER = re.compile(rf"\\?\[{_MARKS}{_DIGITS}{_MARKS}\\?\]|[\u3010\uff3b]{_ASIDE}[\u3011\uff3d]")
_NUMBER_SO_FAR = re.compile(
    # Parted, or digits in a row could be read in as many ways as there are ways to cut them.
    rf"\\?\[{_MARKS}(?:\d{{1,3}}(?:[ ,;\u2013*_~-]{{1,9}}\d{{1,3}}){{0,20}}[ ,;\u2013*_~-]{{0,9}})?\\?\Z"
    rf"|\\\Z|[\u3010\uff3b](?:{_ASIDE})?\Z"
)
_FENCE = re.compile(r"(`{3,64})([^`\n]{0,100})(?=\n)")
_FENCE_SO_FAR = re.compile(r"`{1,2}\Z|`{3,64}[^`\n]{0,100}\Z")
_FENCE_END = re.compile(rf"`{{3,{ADDRESS_CHARS}}}(?=\s|\Z)")
_FENCE_END_SO_FAR = re.compile(rf"`{{1,{ADDRESS_CHARS}}}\Z")
_FENCE_STANDS_BEHIND = re.compile(r"[ \t]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?\Z")
_CODE = re.compile(rf"(`{{1,64}})(?!`)([^\n]{{1,{CODE_CHARS}}}?)(?<!`)\1(?!`)")
_CODE_SO_FAR = re.compile(rf"`{{1,64}}[^\n]{{0,{CODE_CHARS + 64}}}\Z")
_SPLIT_BY_BAR = re.compile(r"\|.*[\[<]|[\[<].*\|")
"""In a table a bar ends the cell, whatever code it stands in: there, the rest would be no code."""
_FAR_LETTERS = (
    r"\u0590-\u1dff\u2c00-\u2dff\u2e80-\u300f\u3012-\ua4ff\uac00-\ud7ff\uf900-\ufdff\ufe70-\ufefe"
    r"\U00010000-\U0003ffff"
)
"""Of scripts that need no spaces, and their neighbours: a whole paragraph of them would be one word, which
would have to be waited for. Emoji are among them."""
_FAR = re.compile(f"[{_FAR_LETTERS}]")
_WORD = re.compile(
    rf"(?:[^\s`\[<\\!\u3010\uff3b{_FAR_LETTERS}]|!(?!\[)|\\[^\s`\[<{_FAR_LETTERS}]){{1,{ADDRESS_CHARS}}}"
)
_WORD_IN_CODE = re.compile(rf"\S{{1,{ADDRESS_CHARS}}}")


def tokens(text: str, *, line: str, fence: str, last: bool) -> Iterator[Token]:
    """The tokens that are certain by now; what is left of the text is to be brought again, with more.

    Args:
        text: what has not been told yet.
        line: what stands before it in its line.
        fence: the ticks that close the code it stands in; empty outside of code.
        last: whether nothing more comes.
    """
    cut = _Cut(text, last=last)
    at = 0
    while at < len(text):
        token = cut.in_fence(at, line, fence) if fence else cut.outside(at, line)
        if token is None:
            return
        yield token
        at += len(token.text)
        line = (line + token.text).rpartition("\n")[2]
        if token.kind == "fence":
            fence = "" if fence else token.label


class _Cut:
    """Finds the token at a place; None while it is not certain."""

    def __init__(self, text: str, *, last: bool) -> None:
        self._text = text
        self._last = last

    def in_fence(self, at: int, line: str, fence: str) -> Token | None:
        if self._text[at].isspace():
            return Token(kind="space", text=self._text[at])
        if self._text[at] == "`" and not line.strip():
            end = _FENCE_END.match(self._text, at)
            if end and len(end[0]) >= len(fence) and self._ends_before_end(end):
                return Token(kind="fence", text=end[0], label=fence)
            if self._waits(_FENCE_END_SO_FAR, at):
                return None
        return self._word(_WORD_IN_CODE, at)

    def outside(self, at: int, line: str) -> Token | None:
        letter = self._text[at]
        match letter:
            case "`":
                return self._ticks(at, line)
            case "<":
                return self._angle(at)
            case "[" | "\u3010" | "\uff3b":
                return self._bracket(at)
            case "\\" | "!":
                return self._before_bracket(at)
        if letter.isspace():
            return Token(kind="space", text=letter)
        return Token(kind="far", text=letter) if _FAR.match(letter) else self._word(_WORD, at)

    def _waits(self, so_far: re.Pattern[str], at: int) -> bool:
        return not self._last and so_far.match(self._text, at) is not None

    def _ends_before_end(self, found: re.Match[str]) -> bool:
        return self._last or found.end() < len(self._text)

    def _word(self, pattern: re.Pattern[str], at: int) -> Token | None:
        found = pattern.match(self._text, at)
        word = found[0] if found else self._text[at]
        goes_on = self._text[at + len(word) :] in ("", "\\") and len(word) < ADDRESS_CHARS
        return None if goes_on and not self._last else Token(kind="word", text=word)

    def _before_bracket(self, at: int) -> Token | None:
        """An exclamation mark, or a backslash."""
        letter, following = self._text[at], self._text[at + 1 : at + 2]
        if not following and not self._last:
            return None
        if following == "[":
            return self._bracket(at)
        if letter == "\\" and (following in ("", "`", "<") or following.isspace() or _FAR.match(following)):
            # What follows is made harmless by itself; an escape before it would undo its own.
            return Token(kind="none", text=letter)
        return self._word(_WORD, at)

    def _bracket(self, at: int) -> Token | None:
        if link := _LINK.match(self._text, at):
            return _link(link)
        if self._waits(_LINK_SO_FAR, at):
            return None
        if number := _NUMBER.match(self._text, at):
            return Token(kind="number", text=number[0], label=number[0])
        if self._waits(_NUMBER_SO_FAR, at):
            return None
        kinds: dict[str, Kind] = {"[": "bracket", "\\": "none", "!": "word"}
        return Token(kind=kinds.get(self._text[at], "far"), text=self._text[at])

    def _angle(self, at: int) -> Token | None:
        link = _SLACK_LINK.match(self._text, at)
        if link and _LEADS_SOMEWHERE.match(link[1]):
            return Token(kind="link", text=link[0], label=link[2] or "", target=link[1])
        if self._waits(_SLACK_LINK_SO_FAR, at):
            return None
        compares = _COMPARES.match(self._text, at) is not None
        return Token(kind="word" if compares else "angle", text="<")

    def _ticks(self, at: int, line: str) -> Token | None:
        if _FENCE_STANDS_BEHIND.match(line):
            if fence := _FENCE.match(self._text, at):
                return Token(kind="fence", text=fence[0], label=fence[1])
            if self._waits(_FENCE_SO_FAR, at):
                return None
        code = _CODE.match(self._text, at)
        if code and self._ends_before_end(code) and not _SPLIT_BY_BAR.search(code[2]):
            return Token(kind="code", text=code[0], label=code[2])
        if self._waits(_CODE_SO_FAR, at):
            return None
        return Token(kind="tick", text="`")


def _link(found: re.Match[str]) -> Token:
    picture, label, target = found.groups()
    if re.fullmatch(_DIGITS, label):
        return Token(kind="number", text=found[0], label=label)
    target = target[1:-1] if target.startswith("<") else target
    return Token(kind="link", text=found[0], label=label, target="" if picture else target)
