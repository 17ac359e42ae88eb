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


_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}(?:[ \t]|$)|[ \t]{0,3}(?:=+|-{2,})[ \t]*$")
_RULE = re.compile(r"[ \t]{0,3}(?:[-*_][ \t]*){3,}$")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_RULING = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$")
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]?)+")
_END = re.compile(r"[.!?…]+[\"')\]*_”’»]*(?=\s+[\"'(\[*_“‘«]*[A-Z0-9À-ÖØ-Þ])|[。！？]")
_ABBREVIATED = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|incl|no|nos|fig|sec|art|dr|mr|mrs|ms|prof|st|inc|ltd|co|corp|jr|sr)|"
    r"\b[A-Z]|^\d{1,3})\.$",
    re.IGNORECASE,
)


def sentences(text: str) -> list[Span]:
    """Find the sentences, in the order of the text."""
    found: list[Span] = []
    for start, end, whole in _blocks(text):
        found += [Span(start, end)] if whole else _split(text, start, end)
    return [span for span in found if _says_something(text[span.start : span.end])]


def _says_something(sentence: str) -> bool:
    letters = sum(character.isalnum() for character in sentence)
    return letters >= MIN_CHARS or (letters >= MIN_CHARS // 2 and "|" in sentence)


def _blocks(text: str) -> list[tuple[int, int, bool]]:
    """Paragraphs, list items and table rows as (start, end, quoted whole)."""
    blocks: list[tuple[int, int, bool]] = []
    open_block: tuple[int, int, bool] | None = None
    lines = _lines(text)
    in_fence = False
    for number, (start, end) in enumerate(lines):
        line = text[start:end]
        if _FENCE.match(line):
            in_fence = not in_fence
        is_row = "|" in line and line.strip().startswith("|")
        is_item = _ITEM.match(line)
        if _is_mark(line) or in_fence or is_row or is_item:
            if open_block:
                blocks.append(open_block)
            open_block = None
        if _is_mark(line) or in_fence:
            continue
        if is_row:
            if not _is_header(text, lines, number):
                blocks.append((start, end, True))
        elif is_item:
            open_block = (start + is_item.end(), end, True)
        elif open_block:
            open_block = (open_block[0], end, open_block[2])
        else:
            quoted = _QUOTED.match(line)
            open_block = (start + (quoted.end() if quoted else 0), end, False)
    if open_block:
        blocks.append(open_block)
    return blocks


def _is_mark(line: str) -> bool:
    if not line.strip():
        return True
    return any(mark.match(line) for mark in (_HEADING, _RULE, _FENCE, _RULING))


def _is_header(text: str, lines: list[tuple[int, int]], number: int) -> bool:
    if number + 1 >= len(lines):
        return False
    start, end = lines[number + 1]
    return bool(_RULING.match(text[start:end])) and "|" in text[start:end]


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
