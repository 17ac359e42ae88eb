"""Markdown into passages that fit the encoder's window, cut where the text's own structure cuts it.

Headings first: no passage spans two sections. Within a section whole blocks are packed together; a
block that is too long is cut along rows, items, lines, paragraphs, sentences. A table's rows keep
their header, code keeps its fence.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from semchunk.semchunk import chunk as cut_text

FINGERPRINT = "sections-4"
"""Names this way of cutting; a change of it makes documents be indexed anew."""
PREFIX_SHARE = 4
"""Headings may take a quarter of the window; beyond it the outermost are left out."""
MANY_BLOCKS = 3
"""From so many on, a passage may be of several things, and its meaning is the mean of its parts'."""
PART_TOKENS = 100
"""Of a part, at the most."""
BETWEEN = "\n\n"
CHARS_PER_TOKEN = 16
"""At the most: to a tokenizer a run without a space is one unknown token, be it a megabyte long."""
HEADING_CHARS = 300
"""A heading goes with every passage under it."""
SLICE_LINES = 2_000
"""Parsed at a time, or else the parser's memory is 250 times the text's."""
SLICE_LINES_AT_MOST = 50_000
"""Where no block ends, as in a table without end: 150 MB."""
SPAN_CHARS = 100_000
"""Given to semchunk at a time."""

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be.

    Attributes:
        heading: the path of headings that it stands under.
        text: its Markdown, as readers see it.
        embedded: what it is found by: headings, then the text; fits the window.
        parts: where it holds many blocks, the headings by themselves and these, a few together: one encoding
            of several things is near to none of them (docs/quality.md).
    """

    ordinal: int
    heading: tuple[str, ...]
    text: str
    embedded: str
    parts: tuple[str, ...] = ()

    @property
    def meant(self) -> tuple[str, ...]:
        """What its meaning is encoded from, each by itself."""
        return self.parts or (self.embedded,)

    def words(self, title: str) -> str:
        """What its words are weighed by: the document's title too, unless its first heading says the same.

        The title counts among the words alone, so that another title needs no new encoding. Beside both it
        is worth nothing measurable (docs/quality.md).
        """
        named = self.heading[:1] and self.heading[0].casefold() == title.casefold()
        return self.embedded if named else f"{title}{BETWEEN}{self.embedded}"


@dataclass(frozen=True, slots=True)
class _Block:
    """A top-level block: its source, and the smaller pieces it may be cut into."""

    text: str
    pieces: tuple[str, ...] = ()
    opening: str = ""
    """Repeated before the pieces of each cut: a table's header, a fence's first line."""
    closing: str = ""
    separator: str = "\n"


def chunk(markdown: str, *, window_tokens: int, count_tokens: CountTokens) -> list[Chunk]:
    """Cut a document.

    Args:
        markdown: the document.
        window_tokens: what an encoded text may hold, without the encoder's special tokens.
        count_tokens: by the encoder's own tokenizer.
    """
    count_tokens = _bounded(count_tokens, window_tokens=window_tokens)
    chunks: list[Chunk] = []
    for heading, blocks in _sections(markdown):
        prefix = _prefix(heading, tokens=window_tokens // PREFIX_SHARE, count_tokens=count_tokens)
        room = window_tokens - count_tokens(prefix)
        for packed in _pack(blocks, room=room, count_tokens=count_tokens):
            text = BETWEEN.join(packed)
            embedded = f"{prefix}{BETWEEN}{text}" if prefix else text
            parts = _parts(packed, prefix=prefix, count_tokens=count_tokens)
            chunks.append(Chunk(len(chunks), heading, text, embedded, parts))
    return chunks


def first_heading(markdown: str) -> str | None:
    """The first heading of the highest level, in words: a title for a document that came without."""
    parser = _parser()
    for lines in _slices(markdown.split("\n")):
        for opening, inline in pairwise(parser.parse("\n".join(lines))):
            is_highest = (opening.type, opening.tag, opening.level) == ("heading_open", "h1", 0)
            if is_highest and (words := _words(inline.content, parser)):
                return words
    return None


def _bounded(count_tokens: CountTokens, *, window_tokens: int) -> CountTokens:
    """Count long runs by their characters, and what is too long anyway without the tokenizer."""

    def count(text: str) -> int:
        least = len(text) // CHARS_PER_TOKEN
        # The tokenizer holds the interpreter's lock: 0.4 s for a megabyte.
        return least if least > window_tokens else max(least, count_tokens(text))

    return count


def _sections(markdown: str) -> Iterator[tuple[tuple[str, ...], list[_Block]]]:
    """Each heading's path with the blocks directly under it; one without blocks only when none has any."""
    nothing = True
    for heading, blocks in _walk(markdown):
        if blocks:
            nothing = False
            yield heading, blocks
    if nothing:
        # Nothing but headings: they are the text.
        yield from ((heading, [_Block(heading[-1])]) for heading, _ in _walk(markdown) if heading)


def _walk(markdown: str) -> Iterator[tuple[tuple[str, ...], list[_Block]]]:
    parser = _parser()
    path: list[tuple[int, str]] = []
    blocks: list[_Block] = []
    for lines in _slices(markdown.split("\n")):
        tokens = parser.parse("\n".join(lines))
        for number, token in enumerate(tokens):
            if token.level or token.map is None or token.nesting < 0:
                continue
            if token.type == "heading_open":
                yield tuple(words for _, words in path), blocks
                blocks = []
                depth = int(token.tag[1:])
                path = [outer for outer in path if outer[0] < depth]
                if words := _words(tokens[number + 1].content, parser):
                    path.append((depth, words))
            elif block := _block(tokens, number, lines):
                blocks.append(block)
    yield tuple(words for _, words in path), blocks


def _parser() -> MarkdownIt:
    # Only headings need their inline markup read.
    return MarkdownIt("commonmark").enable("table").disable("inline")


def _slices(lines: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a document between blocks: before an unindented line that follows an empty one, outside code."""
    start, fence = 0, ""
    for number, line in enumerate(lines):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        if fence or number - start < SLICE_LINES:
            continue
        between_blocks = not lines[number - 1].strip() and line[:1].strip()
        if between_blocks or number - start >= SLICE_LINES_AT_MOST:
            yield lines[start:number]
            start = number
    yield lines[start:]


def _words(heading: str, parser: MarkdownIt) -> str:
    """A heading's text without its markup."""
    inline: list[Token] = []
    parser.inline.parse(heading, parser, {}, inline)
    return " ".join("".join(_plain(token) for token in inline).split())[:HEADING_CHARS]


def _plain(token: Token) -> str:
    if token.type == "html_inline":
        return " " if token.content.startswith("<br") else ""
    return " " if token.type in {"softbreak", "hardbreak"} else token.content


def _block(tokens: Sequence[Token], number: int, lines: Sequence[str]) -> _Block | None:
    token = tokens[number]
    start, end = token.map or (0, 0)
    text = "\n".join(lines[start:end]).rstrip()
    if token.type == "hr" or not text.strip() or (text.startswith("<!--") and text.endswith("-->")):
        return None
    if token.type == "table_open":
        header, rows = lines[start : start + 2], lines[start + 2 : end]
        return _Block(text, tuple(row for row in rows if row.strip()), opening="\n".join(header) + "\n")
    if token.type == "fence":
        closed = lines[end - 1].strip().startswith(token.markup) and end - 1 > start
        body = lines[start + 1 : end - 1] if closed else lines[start + 1 : end]
        return _Block(text, tuple(body), opening=lines[start] + "\n", closing="\n" + token.markup)
    if token.type in {"bullet_list_open", "ordered_list_open"}:
        return _Block(text, tuple(_items(islice(tokens, number + 1, None), lines)))
    return _Block(text)


def _items(following: Iterable[Token], lines: Sequence[str]) -> Iterator[str]:
    """The list's own items, nested lists inside them."""
    for token in following:
        if token.level == 0:
            return
        if token.type == "list_item_open" and token.level == 1 and token.map:
            yield "\n".join(lines[token.map[0] : token.map[1]]).rstrip()


def _prefix(heading: Sequence[str], *, tokens: int, count_tokens: CountTokens) -> str:
    """The headings in one line, the outermost left out where they would take too much."""
    path = list(heading)
    while path:
        prefix = " > ".join(path)
        if count_tokens(prefix) <= tokens:
            return prefix
        path = path[1:] if len(path) > 1 else _cut(path[0], room=tokens, count_tokens=count_tokens)[:1]
    return ""


def _pack(blocks: Iterable[_Block], *, room: int, count_tokens: CountTokens) -> Iterator[list[str]]:
    """Take whole blocks together for as long as they fit; cut those that never would."""
    packed: list[str] = []
    taken, between = 0, count_tokens(BETWEEN)
    for block in blocks:
        tokens = count_tokens(block.text)
        if packed and taken + between + tokens > room:
            yield packed
            packed, taken = [], 0
        if tokens > room:
            yield from ([cut] for cut in _cut_block(block, room=room, count_tokens=count_tokens))
        else:
            taken += tokens + (between if packed else 0)
            packed.append(block.text)
    if packed:
        yield packed


def _parts(packed: Sequence[str], *, prefix: str, count_tokens: CountTokens) -> tuple[str, ...]:
    """The headings, and many blocks, a few together; none where they are few or fit into one part."""
    if len(packed) < MANY_BLOCKS:
        return ()
    blocks = (_Block(text) for text in packed)
    parts = [BETWEEN.join(few) for few in _pack(blocks, room=PART_TOKENS, count_tokens=count_tokens)]
    headings = (prefix,) if prefix else ()
    return (*headings, *parts) if len(parts) > 1 else ()


def _cut_block(block: _Block, *, room: int, count_tokens: CountTokens) -> Iterator[str]:
    """Cut along its pieces, each cut with the block's opening and closing."""
    around = count_tokens(block.opening + block.closing)
    inside = room - around
    if not block.pieces or inside < room // 2:
        yield from _cut(block.text, room=room, count_tokens=count_tokens)
        return
    packed: list[str] = []
    taken, between = 0, count_tokens(block.separator)
    for piece in block.pieces:
        for part in _cut(piece, room=inside, count_tokens=count_tokens):
            tokens = count_tokens(part) + between
            if packed and taken + tokens > inside:
                yield f"{block.opening}{block.separator.join(packed)}{block.closing}"
                packed, taken = [], 0
            packed.append(part)
            taken += tokens
    if packed:
        yield f"{block.opening}{block.separator.join(packed)}{block.closing}"


def _cut(text: str, *, room: int, count_tokens: CountTokens) -> list[str]:
    """Paragraphs, then lines, sentences, clauses, words: semchunk's own order."""
    if count_tokens(text) <= room:
        return [text]
    # memoize keeps every text it was ever given, for ever.
    parts = (part for span in _spans(text) for part in cut_text(span, room, count_tokens, memoize=False))
    return [part for part in parts if isinstance(part, str)]


def _spans(text: str) -> Iterator[str]:
    """Semchunk takes 60 times the length of a run without a space, and the interpreter's lock meanwhile."""
    start = 0
    while len(text) - start > SPAN_CHARS:
        space = text.rfind(" ", start + 1, start + SPAN_CHARS)
        end = space if space > 0 else start + SPAN_CHARS
        yield text[start:end]
        start = end
    yield text[start:]
