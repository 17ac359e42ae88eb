"""Sentences of a Markdown passage, as spans of its text: what may be quoted by itself.

A list item and a table row are quoted whole; headings, rules, fences' marks and a table's header and
ruling are no sentences.
"""

import re
from dataclasses import dataclass

MIN_CHARS = 12
"""Shorter pieces ("See also:", "Yes.") say nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Span:
    """``text[start:end]`` is one sentence."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Block:
    start: int
    end: int
    whole: bool


_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]|$)|[ \t]{0,3}(?:=+|-{2,})[ \t]*$")
_RULE = re.compile(r"[ \t]{0,3}(?:[-*_][ \t]*){3,}$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_RULING = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]?)+")
_END = re.compile(
    r"[.!?\u2026]+[\"')\]*_\u201d\u2019\u00bb]*"
    r"(?=\s+[\"'(\[*_\u201c\u2018\u00ab]*[A-Z0-9\u00c0-\u00d6\u00d8-\u00de])"
    r"|[\u3002\uff01\uff1f]"
)
"""A stop with what closes after it, before what opens a sentence; or a full-width stop."""
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|no|nos|fig|sec|art|dr|mr|mrs|ms|prof|st|inc|ltd|co|corp|jr|sr)|"
    r"\b[A-Z]|^\d{1,3})\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[Span]:
    """Find the sentences, in the order of the text."""
    found: list[Span] = []
    for block in _blocks(text):
        found += (
            [_trimmed(text, block.start, block.end)] if block.whole else _split(text, block.start, block.end)
        )
    return [span for span in found if _says_something(text[span.start : span.end])]


def _says_something(sentence: str) -> bool:
    letters = sum(character.isalnum() for character in sentence)
    return letters >= MIN_CHARS or (letters >= MIN_CHARS // 2 and "|" in sentence)


def _blocks(text: str) -> list[_Block]:
    """Paragraphs, list items and table rows."""
    blocks: list[_Block] = []
    lines = _lines(text)
    fenced = False
    follows = False
    for number, (start, end) in enumerate(lines):
        line = text[start:end]
        fenced ^= bool(_FENCE.match(line))
        item = _ITEM.match(line)
        if fenced or _is_mark(line):
            follows = False
        elif line.lstrip().startswith("|"):
            if not _is_ruled(text, lines[number + 1 : number + 2]):
                blocks.append(_Block(start, end, whole=True))
            follows = False
        elif follows and not item:
            blocks[-1] = _Block(blocks[-1].start, end, whole=blocks[-1].whole)
        else:
            marker = item or _QUOTED.match(line)
            blocks.append(_Block(marker.end() + start if marker else start, end, whole=bool(item)))
            follows = True
    return blocks


def _is_mark(line: str) -> bool:
    if not line.strip():
        return True
    return any(mark.match(line) for mark in (_HEADING, _RULE, _FENCE, _RULING))


def _is_ruled(text: str, below: list[tuple[int, int]]) -> bool:
    """Whether the line is a table's header: the ruling stands right below it."""
    return any("|" in text[start:end] and _RULING.match(text[start:end]) for start, end in below)


def _lines(text: str) -> list[tuple[int, int]]:
    return [(match.start(), match.end()) for match in re.finditer(r"[^\n]+|(?<=\n)(?=\n)", text)]


def _split(text: str, start: int, end: int) -> list[Span]:
    """Cut a paragraph after each full stop that ends a sentence."""
    spans: list[Span] = []
    for match in _END.finditer(text, start, end):
        if match.group() == "." and _ABBREVIATED.search(text[start : match.end()]):
            continue
        spans.append(_trimmed(text, start, match.end()))
        start = match.end()
    if text[start:end].strip():
        spans.append(_trimmed(text, start, end))
    return spans


def _trimmed(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return Span(start + len(piece) - len(piece.lstrip()), end - len(piece) + len(piece.rstrip()))
