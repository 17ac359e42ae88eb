"""A passage cut into the smallest pieces that make sense on their own (pure).

Sentences of a paragraph; list items, code and tables whole, because a row without its header says
nothing. The pieces join up to the passage again, so a run of them is the passage's own words.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from markdown_it import MarkdownIt

Kind = Literal["heading", "sentence", "item", "table", "code"]

_MARKDOWN = MarkdownIt("commonmark").enable("table")
_KINDS: dict[str, Kind] = {
    "heading_open": "heading",
    "hr": "heading",
    "paragraph_open": "sentence",
    "blockquote_open": "sentence",
    "html_block": "sentence",
    "list_item_open": "item",
    "table_open": "table",
    "fence": "code",
    "code_block": "code",
}
_NEW_LINE = re.compile(r"\r\n?|\n")
_SENTENCE_END = re.compile(
    r"(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bz\.B\.)(?<!\bca\.)(?<!\bDr\.)(?<!\bMr\.)(?<!\bMs\.)(?<!\bNo\.)(?<!\bNr\.)"
    r"(?<=[.!?])[\"')\]*_]*\s+(?=[\"'(\[*_`]*[A-ZÀ-ÖØ-Þ0-9])"
)


@dataclass(frozen=True)
class Piece:
    """A span of a passage's text.

    Attributes:
        start: its first character.
        end: one past its last, white space after it included.
        kind: what it is.
    """

    start: int
    end: int
    kind: Kind


def pieces(text: str) -> tuple[Piece, ...]:
    """Cut a passage; every character is in exactly one piece. White space alone has none."""
    found: list[Piece] = []
    begin = 0
    for start, end, kind in _blocks(text):
        for piece in _sentences(text, start, end) if kind == "sentence" else [Piece(start, end, kind)]:
            if text[begin : piece.end].strip():
                found.append(Piece(begin, piece.end, piece.kind))
                begin = piece.end
    if found:
        found[-1] = Piece(found[-1].start, len(text), found[-1].kind)
    return tuple(found)


def _blocks(text: str) -> Iterator[tuple[int, int, Kind]]:
    lines = [0, *(match.end() for match in _NEW_LINE.finditer(text))]
    starts: list[tuple[int, Kind]] = []
    for token in _MARKDOWN.parse(text):
        outermost = token.level == (1 if token.type == "list_item_open" else 0)
        if outermost and token.map and token.type in _KINDS:
            starts.append((lines[token.map[0]], _KINDS[token.type]))
    if not starts:
        # A lone link definition, say: it is no block, and still somebody's words.
        starts = [(0, "sentence")] if text.strip() else []
    ends = [start for start, _ in starts[1:]] + [len(text)]
    for (start, kind), end in zip(starts, ends, strict=False):
        yield start, end, kind


def _sentences(text: str, start: int, end: int) -> Iterator[Piece]:
    for match in _SENTENCE_END.finditer(text, start, end):
        yield Piece(start, match.end(), "sentence")
        start = match.end()
    if end > start:
        yield Piece(start, end, "sentence")
