"""Text that is still being written, made fit to be shown (pure).

A preview must never show half-open markup: ``**Parental le`` would show two stars that turn into bold
a moment later. So the last block of the text so far is closed, or held back where closing it would
guess too much. What has been shown is never taken back: each preview is the words of the whole, cut.
"""

import re

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_HALF_FENCE = re.compile(r"^ {0,3}(`{1,}|~{1,})[^`~\s]*$")
_HALF_MARKER = re.compile(r"^\s*(?:[-+*=_>#|~]+|\d{1,9}[.)]?|[-+*] \[[ x]?)\s*$")
_HALF_CITATION_OR_LINK = re.compile(r"!?\[[^\[\]\n]*\]?$")
_HALF_TARGET = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*(?:\s[^()]*)?$")
_HALF_AUTOLINK = re.compile(r"<[^\s<>]*$")
_MARK = re.compile(r"`+|\*\*|__|~~|\*|_")
_ANY_MARK = re.compile(r"[*_`~]")
_TRAILING_MARKS = re.compile(r"(?<!\\)[*_~`!\\]+$")
_MANY_OPEN = 20
"""More open marks than that are no markup, and are shown without them."""


def presentable(text: str) -> str:
    """The longest part of an unfinished Markdown text that shows no half-open markup, closed."""
    settled, block, fence = _last_block(text)
    if fence:
        return _inside_fence(text)
    if block.lstrip().startswith("|"):
        return settled + _table_so_far(block)
    lines = block.split("\n")
    if _HALF_MARKER.match(lines[-1]) or _HALF_FENCE.match(lines[-1]):
        lines.pop()
    return (settled + _closed("\n".join(lines))).rstrip()


def _last_block(text: str) -> tuple[str, str, bool]:
    """What stands before the last block, that block, and whether it is an open fence."""
    start = 0
    fence: str | None = None
    at = 0
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line.rstrip("\n"))
        if fence is None:
            if match and line.endswith("\n"):
                fence, start = match[1], at
            elif not line.strip() or re.match(r"^ {0,3}(#{1,6} |[-+*] |\d{1,9}[.)] )", line):
                start = at
        elif match and match[1].startswith(fence) and not match[2].strip() and line.endswith("\n"):
            fence, start = None, at + len(line)
        at += len(line)
    return text[:start], text[start:], fence is not None


def _inside_fence(text: str) -> str:
    """Markdown reads an open fence to the end; only its half-written closing line is held back."""
    head, _, last = text.rpartition("\n")
    return head if _HALF_FENCE.match(last) else text


def _table_so_far(block: str) -> str:
    """Whole rows only, and none before the delimiter row has made them a table."""
    header, *rows = block.split("\n")[:-1] or [""]
    if not rows or set(rows[0].replace(" ", "")) - set("|:-") or "-" not in rows[0]:
        return ""
    return "\n".join((header, *rows))


def _closed(block: str) -> str:
    block = block.rstrip()
    if target := _HALF_TARGET.search(block):
        block = block[: target.start()] + target[1]
    elif half := _HALF_CITATION_OR_LINK.search(block):
        # A whole "[12]" at the very end stays only when more text has followed: "(" may come yet.
        block = block[: half.start()]
    block = _HALF_AUTOLINK.sub("", block)
    block = _TRAILING_MARKS.sub("", block).rstrip(" ")
    marks = _open_marks(block)
    if len(marks) > _MANY_OPEN:
        return _ANY_MARK.sub("", block)
    return block + "".join(reversed(marks))


def _open_marks(block: str) -> list[str]:
    """The marks that stand open at the end, outermost first.

    Follows CommonMark's rule that code binds tighter than emphasis, and only the usual marks that a
    model writes: ``**``, ``__``, ``*``, ``_``, ``~~`` and backticks.
    """
    open_marks: list[str] = []
    at = 0
    while at < len(block):
        if block[at] == "\\":
            at += 2
            continue
        match = _MARK.match(block, at)
        if match is None:
            at += 1
            continue
        mark = match[0]
        before, after = block[at - 1 : at], block[match.end() : match.end() + 1]
        if mark[0] == "`":
            closing = re.compile(rf"(?<!`){re.escape(mark)}(?!`)").search(block, match.end())
            if closing is None:
                return [*open_marks, mark]
            at = closing.end()
            continue
        if mark in open_marks and before.strip():
            del open_marks[open_marks.index(mark) :]
        elif after.strip() and not (mark[0] == "_" and before.isalnum()):
            open_marks.append(mark)
        at = match.end()
    return open_marks
