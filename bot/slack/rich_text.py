"""Markdown to Slack's rich_text and table blocks (pure).

Rich text carries words as words: nothing in it is parsed by Slack, so ``<!channel>`` or ``<@U1>`` written
by a model stays text, with no escaping to get wrong. Which links an answer may hold is decided where it is
written (`bot.answering.gate`). Shapes: @slack/types 3.2.0.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from bot.slack.mrkdwn import Block

Element = dict[str, Any]

# Reference definitions are off, since a document could define "[1]" to lead anywhere; HTML stays words.
_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable(["reference"])
_PLAIN_PARSER = MarkdownIt("commonmark", {"html": False}).disable(["reference", "emphasis", "link"])
_DEEPEST_INLINE = 20
"""Marks within marks; more than that is an attack on whoever reads them, and is shown as it stands."""
_CITATION = re.compile(r"\[(\d{1,3})\]")
_TABLE_ROWS = 100
_TABLE_COLUMNS = 20
_DEEPEST_INDENT = 8
"""Slack's limit for rich_text_list."""


Citations = Mapping[int, str | None]
"""The address of each ``[n]``; None where the source has none."""


@dataclass(frozen=True)
class _Style:
    bold: bool = False
    italic: bool = False
    strike: bool = False
    code: bool = False

    def on(self, element: Element) -> Element:
        style = {name: True for name, is_on in vars(self).items() if is_on}
        return element | {"style": style} if style else element


def markdown_blocks(markdown: str, citations: Citations) -> list[Block]:
    """The blocks that show this text: one rich_text for what flows, a table block for the first table.

    Slack takes one table a message, of 100 rows; what exceeds that comes as preformatted text.
    """
    blocks: list[Block] = []
    flowing: list[Element] = []
    for node in _parsed(markdown):
        if _is_table(node) and not any(block["type"] == "table" for block in blocks):
            blocks += _rich_text(flowing)
            blocks.append(_table(node, citations))
            flowing = []
        else:
            flowing += _flow(node, citations)
    return blocks + _rich_text(flowing)


def plain_text(markdown: str) -> str:
    """The words alone, for notifications and screen readers: a line each block, no markup."""
    return "\n".join(line for node in _parsed(markdown) for line in _lines(node))


def _parsed(markdown: str) -> list[SyntaxTreeNode]:
    tokens = _PARSER.parse(markdown)
    if any(inner.level > _DEEPEST_INLINE for token in tokens for inner in token.children or ()):
        tokens = _PLAIN_PARSER.parse(markdown)
    return SyntaxTreeNode(tokens).children


def _is_table(node: SyntaxTreeNode) -> bool:
    """Whether Slack's table block can hold it whole."""
    if node.type != "table":
        return False
    rows = [row for part in node.children for row in part.children]
    return len(rows) <= _TABLE_ROWS and all(len(row.children) <= _TABLE_COLUMNS for row in rows)


def _rich_text(elements: list[Element]) -> list[Block]:
    """One block; between two paragraphs an empty line, which Slack would not leave by itself."""
    for element, following in pairwise(elements):
        if element["type"] == following["type"] == "rich_text_section":
            element["elements"].append({"type": "text", "text": "\n\n"})
    return [{"type": "rich_text", "elements": elements}] if elements else []


def _flow(node: SyntaxTreeNode, citations: Citations) -> list[Element]:
    match node.type:
        case "paragraph" | "heading":
            style = _Style(bold=node.type == "heading")
            return _section(_inline(node.children[0], citations, style))
        case "bullet_list" | "ordered_list":
            return list(_list(node, citations, indent=0))
        case "fence" | "code_block":
            return _preformatted(node.content.rstrip("\n"))
        case "blockquote":
            return _quote(node, citations)
        case "table":
            return _preformatted("\n".join(_in_columns(node)))
        case _:
            return []


def _section(elements: list[Element]) -> list[Element]:
    return [{"type": "rich_text_section", "elements": elements}] if elements else []


def _preformatted(text: str) -> list[Element]:
    if not text:
        return []
    return [{"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}]


def _quote(node: SyntaxTreeNode, citations: Citations) -> list[Element]:
    elements: list[Element] = []
    for child in node.children:
        inner = [part for block in _flow(child, citations) for part in _leaves(block)]
        if elements and inner:
            elements.append({"type": "text", "text": "\n"})
        elements += inner
    return [{"type": "rich_text_quote", "elements": elements}] if elements else []


def _leaves(block: Element) -> list[Element]:
    """What a quote may hold of a block: Slack nests no lists or fences in quotes."""
    if block["type"] != "rich_text_list":
        return list(block["elements"])
    leaves: list[Element] = []
    for item in block["elements"]:
        leaves += [{"type": "text", "text": "\n• " if leaves else "• "}, *item["elements"]]
    return leaves


def _list(node: SyntaxTreeNode, citations: Citations, *, indent: int) -> Iterator[Element]:
    """Slack has no nested lists but runs of items at an indent; a numbered run goes on by its offset."""
    style = "ordered" if node.type == "ordered_list" else "bullet"
    offset = max(0, int(node.attrs.get("start", 1)) - 1) if style == "ordered" else 0
    items: list[Element] = []

    def run() -> Element:
        element = {"type": "rich_text_list", "style": style, "indent": indent, "elements": list(items)}
        return element | {"offset": offset} if offset else element

    for item in node.children:
        words: list[Element] = []
        nested: list[Element] = []
        for child in item.children:
            if child.type in ("bullet_list", "ordered_list"):
                nested += _list(child, citations, indent=min(indent + 1, _DEEPEST_INDENT))
            else:
                inner = [part for block in _flow(child, citations) for part in _leaves(block)]
                words += [{"type": "text", "text": "\n"}, *inner] if words and inner else inner
        items.append({"type": "rich_text_section", "elements": words or [{"type": "text", "text": " "}]})
        if nested:
            yield run()
            yield from nested
            offset += len(items) if style == "ordered" else 0
            items.clear()
    if items:
        yield run()


def _table(node: SyntaxTreeNode, citations: Citations) -> Block:
    """Long cells wrap: by itself Slack lets a column grow past a phone's edge."""
    rows: list[list[Element]] = []
    columns: list[Element] = []
    for row in (row for part in node.children for row in part.children):
        columns = columns or [{"is_wrapped": True, **_aligned(cell)} for cell in row.children]
        style = _Style(bold=not rows)
        cells = [
            _inline(cell.children[0], citations, style) if cell.children else [] for cell in row.children
        ]
        rows.append([_cell(cell) for cell in cells])
    return {"type": "table", "rows": rows, "column_settings": columns}


def _in_columns(table: SyntaxTreeNode) -> list[str]:
    """Its rows as lines of a fixed pitch."""
    rows = [
        [_words(cell).strip() for cell in row.children] for part in table.children for row in part.children
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=False)]
    return [
        "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    ]


def _aligned(cell: SyntaxTreeNode) -> Element:
    side = str(cell.attrs.get("style", "")).removeprefix("text-align:")
    return {"align": side} if side in ("center", "right") else {}


def _cell(elements: list[Element]) -> Element:
    section = {"type": "rich_text_section", "elements": elements or [{"type": "text", "text": " "}]}
    return {"type": "rich_text", "elements": [section]}


def _inline(node: SyntaxTreeNode, citations: Citations, style: _Style) -> list[Element]:
    elements: list[Element] = []
    for child in node.children:
        match child.type:
            case "text":
                elements += _cited(child.content, citations, style)
            case "softbreak" | "hardbreak":
                elements.append({"type": "text", "text": "\n"})
            case "code_inline":
                elements.append(replace(style, code=True).on({"type": "text", "text": child.content}))
            case "strong":
                elements += _inline(child, citations, replace(style, bold=True))
            case "em":
                elements += _inline(child, citations, replace(style, italic=True))
            case "s":
                elements += _inline(child, citations, replace(style, strike=True))
            case "link" if child.attrs.get("href"):
                elements.append(_link(child, style))
            case _:
                # An image's words stay, and those of a link to nowhere; what it would fetch does not.
                elements += _cited(_words(child), citations, style)
    return [element for element in elements if element.get("text") != ""]


def _link(node: SyntaxTreeNode, style: _Style) -> Element:
    address = str(node.attrs.get("href", ""))
    return style.on({"type": "link", "url": address, "text": _words(node) or address})


def _cited(text: str, citations: Citations, style: _Style) -> list[Element]:
    """Text, with each ``[n]`` that is a source of the answer as a link to it."""
    elements: list[Element] = []
    at = 0
    for match in _CITATION.finditer(text):
        address = citations.get(int(match[1]))
        if address:
            elements.append(style.on({"type": "text", "text": text[at : match.start()]}))
            elements.append(style.on({"type": "link", "url": address, "text": match[0]}))
            at = match.end()
    elements.append(style.on({"type": "text", "text": text[at:]}))
    return elements


def _lines(node: SyntaxTreeNode) -> list[str]:
    match node.type:
        case "paragraph" | "heading":
            return [_words(node)]
        case "fence" | "code_block":
            return node.content.rstrip("\n").split("\n")
        case "tr":
            return [" | ".join(_words(cell) for cell in node.children)]
        case "list_item":
            inner = [line for child in node.children for line in _lines(child)]
            return [f"• {inner[0]}", *inner[1:]] if inner else []
        case _:
            return [line for child in node.children for line in _lines(child)]


def _words(node: SyntaxTreeNode) -> str:
    if node.type in ("softbreak", "hardbreak"):
        return " "
    if node.children:
        return "".join(_words(child) for child in node.children)
    return node.content
