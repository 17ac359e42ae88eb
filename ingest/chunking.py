"""Markdown into passages that fit the encoder's window, cut where the text's own structure cuts it.

Headings first: no passage spans two sections. Within a section whole blocks are packed together; a
block that is too long is cut along rows, items, lines, paragraphs, sentences. A table's rows keep
their header, code keeps its fence.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from semchunk.semchunk import chunk as cut_text

FINGERPRINT = "sections-1"
"""Names this way of cutting; a change of it makes documents be indexed anew."""
PREFIX_SHARE = 4
"""Title and headings may take a quarter of the window; beyond it the outermost are left out."""
BETWEEN = "\n\n"

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be.

    Attributes:
        heading: the path of headings that it stands under.
        text: its Markdown, as readers see it.
        embedded: what is encoded: title and headings, then the text; fits the window.
    """

    ordinal: int
    heading: tuple[str, ...]
    text: str
    embedded: str


@dataclass(frozen=True, slots=True)
class _Block:
    """A top-level block: its source, and the smaller pieces it may be cut into."""

    text: str
    pieces: tuple[str, ...] = ()
    opening: str = ""
    """Repeated before the pieces of each cut: a table's header, a fence's first line."""
    closing: str = ""
    separator: str = "\n"


def chunk(markdown: str, *, title: str, window_tokens: int, count_tokens: CountTokens) -> list[Chunk]:
    """Cut a document.

    Args:
        markdown: the document.
        title: goes before each passage where it is encoded.
        window_tokens: what an encoded text may hold, without the encoder's special tokens.
        count_tokens: by the encoder's own tokenizer.
    """
    chunks: list[Chunk] = []
    for heading, blocks in _sections(markdown):
        prefix = _prefix(title, heading, tokens=window_tokens // PREFIX_SHARE, count_tokens=count_tokens)
        room = window_tokens - count_tokens(prefix)
        for text in _pack(blocks, room=room, count_tokens=count_tokens):
            embedded = f"{prefix}{BETWEEN}{text}" if prefix else text
            chunks.append(Chunk(len(chunks), heading, text, embedded))
    return chunks


def first_heading(markdown: str) -> str | None:
    """The first heading's words: a title for a document that came without."""
    return next((path[-1] for path, _ in _sections(markdown) if path), None)


def _sections(markdown: str) -> Iterator[tuple[tuple[str, ...], list[_Block]]]:
    """Each heading's path with the blocks directly under it; one without blocks only when none has any."""
    lines = markdown.split("\n")
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    path: list[tuple[int, str]] = []
    blocks: list[_Block] = []
    sections: list[tuple[tuple[str, ...], list[_Block]]] = []
    for number, token in enumerate(tokens):
        if token.level or token.map is None or token.nesting < 0:
            continue
        if token.type == "heading_open":
            sections.append((tuple(words for _, words in path), blocks))
            blocks = []
            depth = int(token.tag[1:])
            path = [outer for outer in path if outer[0] < depth]
            if words := _words(tokens[number + 1]):
                path.append((depth, words))
        elif block := _block(token, tokens[number:], lines):
            blocks.append(block)
    sections.append((tuple(words for _, words in path), blocks))
    if not any(blocks for _, blocks in sections):
        # Nothing but headings: they are the text.
        return iter([(path, [_Block(path[-1])]) for path, _ in sections if path])
    return (section for section in sections if section[1])


def _words(inline: Token) -> str:
    """An inline token's text without its markup."""
    return "".join(child.content for child in inline.children or () if child.content).strip()


def _block(token: Token, following: Sequence[Token], lines: Sequence[str]) -> _Block | None:
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
        return _Block(text, tuple(_items(following, lines)))
    return _Block(text)


def _items(following: Sequence[Token], lines: Sequence[str]) -> Iterator[str]:
    """The list's own items, nested lists inside them."""
    for token in following[1:]:
        if token.level == 0:
            return
        if token.type == "list_item_open" and token.level == 1 and token.map:
            yield "\n".join(lines[token.map[0] : token.map[1]]).rstrip()


def _prefix(title: str, heading: Sequence[str], *, tokens: int, count_tokens: CountTokens) -> str:
    """Title and headings in one line, the outermost left out where they would take too much."""
    path = [title, *heading]
    if len(path) > 1 and title.casefold() == heading[0].casefold():
        path = path[1:]
    path = [part for part in path if part.strip()]
    while path:
        prefix = " > ".join(path)
        if count_tokens(prefix) <= tokens:
            return prefix
        path = path[1:] if len(path) > 1 else _cut(path[0], room=tokens, count_tokens=count_tokens)[:1]
    return ""


def _pack(blocks: Iterable[_Block], *, room: int, count_tokens: CountTokens) -> Iterator[str]:
    """Join whole blocks for as long as they fit; cut those that never would."""
    packed = ""
    for block in blocks:
        joined = f"{packed}{BETWEEN}{block.text}" if packed else block.text
        if count_tokens(joined) <= room:
            packed = joined
            continue
        if packed:
            yield packed
        packed = ""
        if count_tokens(block.text) <= room:
            packed = block.text
        else:
            yield from _cut_block(block, room=room, count_tokens=count_tokens)
    if packed:
        yield packed


def _cut_block(block: _Block, *, room: int, count_tokens: CountTokens) -> Iterator[str]:
    """Cut along its pieces, each cut with the block's opening and closing."""
    around = count_tokens(block.opening + block.closing)
    inside = room - around
    if not block.pieces or inside < room // 2:
        yield from _cut(block.text, room=room, count_tokens=count_tokens)
        return
    packed: list[str] = []
    for piece in block.pieces:
        for part in _cut(piece, room=inside, count_tokens=count_tokens):
            joined = block.separator.join([*packed, part])
            if packed and count_tokens(joined) > inside:
                yield f"{block.opening}{block.separator.join(packed)}{block.closing}"
                packed = []
            packed.append(part)
    if packed:
        yield f"{block.opening}{block.separator.join(packed)}{block.closing}"


def _cut(text: str, *, room: int, count_tokens: CountTokens) -> list[str]:
    """Paragraphs, then lines, sentences, clauses, words: semchunk's own order."""
    if count_tokens(text) <= room:
        return [text]
    # memoize keeps every text it was ever given, for ever.
    parts = cut_text(text, room, count_tokens, memoize=False)
    return [part for part in parts if isinstance(part, str)]
