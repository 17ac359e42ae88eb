"""A long answer as several messages (pure)."""

import re

PAGE_CHARS = 3_800
"""Of Markdown: what a message's own text may hold, so that who hears it read out hears all of it."""
LEAST_SHARE = 0.25
"""A page is not ended before so much of it is filled: rather is a long fence or table parted."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})(.*)$")
_SENTENCE = re.compile(r"(?<=[.!?…])\s")
_DELIMITER = re.compile(r"^ {0,3}\|?[\s:|-]*-[\s:|-]*$")


def pages(text: str, *, most: int = PAGE_CHARS) -> list[str]:
    """The text in pages of so many characters; one for a text that fits.

    A page ends between two paragraphs where it can, and never within a fence or a table that fits a page of
    its own; one that does not is parted between its lines, each part whole by itself. Where a text's first
    page ends depends on what that page holds alone, so that it stays as it is while the text grows.
    """
    parted: list[str] = []
    while len(text) > most:
        page, text = _parted(text, most)
        parted.append(page)
    return [*parted, text] if text or not parted else parted


def _parted(text: str, most: int) -> tuple[str, str]:
    head = text[:most]
    paragraph, line, fence = _borders(head)
    if paragraph >= most * LEAST_SHARE:
        return _at(text, paragraph)
    if fence and len(fence) < most * LEAST_SHARE:
        # Room for its end; what is left goes on under the same opening line.
        begun, most = paragraph + len(fence) + 1, most - len(fence) - 1
        end = head.rfind("\n", begun, most) + 1 or most
        return f"{text[:end].rstrip()}\n{_marks(fence)}", f"{fence}\n{text[end:]}"
    header = _table_header(head[:line])
    if header and len(header) < most * LEAST_SHARE <= line:
        return text[:line].rstrip(), f"{header}\n{text[line:]}"
    if line >= most * LEAST_SHARE:
        return _at(text, line)
    sentences = [match.end() for match in _SENTENCE.finditer(head)]
    return _at(text, sentences[-1] if sentences else head.rfind(" ") + 1 or most)


def _at(text: str, border: int) -> tuple[str, str]:
    return text[:border].rstrip(), text[border:].lstrip("\n")


def _borders(head: str) -> tuple[int, int, str]:
    """Where the last paragraph begins, where the last line does, and the opening line of an open fence."""
    paragraph = line = at = 0
    fence = ""
    for written in head.splitlines(keepends=True):
        words = written.rstrip("\n")
        match = _FENCE.match(words)
        if fence:
            if match and not match[2].strip() and match[1].startswith(_marks(fence)):
                fence = ""
                paragraph = at + len(written)
        elif match:
            fence = words
            paragraph = at
        elif not words.strip():
            paragraph = at
        line = at
        at += len(written)
    return paragraph, line, fence


def _marks(fence: str) -> str:
    return (_FENCE.match(fence) or ("", ""))[1]


def _table_header(head: str) -> str:
    """The header of the table that a text ends in, if it ends in one."""
    lines = head.rstrip("\n").split("\n")
    first = len(lines)
    while first and lines[first - 1].lstrip().startswith("|"):
        first -= 1
    table = lines[first:]
    return "\n".join(table[:2]) if len(table) > 2 and _DELIMITER.match(table[1]) else ""  # noqa: PLR2004 — header, delimiter
