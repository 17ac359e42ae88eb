"""The pieces of Markdown that readers write themselves."""

import re
from collections.abc import Iterable, Iterator, Sequence

_SPECIAL_START = re.compile(
    r"^(?:(#{1,6}(?=\s|$)|>|[+*-](?=\s|$)|=+\s*$|[-:|][-:|\s]*$|[*_](?:\s*[*_]){2,}\s*$|`{3,}|~{3,})"
    r"|(\d{1,9})([.)])(?=\s|$))"
)
_BULLET = re.compile("^\\s*[\u2022\u2023\u25aa\u25cf\u25e6\u2043\uf0b7]\\s*(?=\\S)")
_TICKS = re.compile(r"`{3,}")
_HEADING_CHARS = 300


def heading(level: int, words: str) -> str:
    """A heading on one line."""
    return f"{'#' * min(level, 6)} {' '.join(words.split())[:_HEADING_CHARS]}"


def line(text: str) -> str:
    """A line of plain text that stays one: nothing at its start makes it a heading, a list or code.

    A bullet as printed becomes a list's.
    """
    text, bullets = _BULLET.subn("- ", text)
    return text if bullets else _SPECIAL_START.sub(_escaped, text.strip())


def _escaped(start: re.Match[str]) -> str:
    return f"\\{start[1]}" if start[1] else f"{start[2]}\\{start[3]}"


def paragraphs(text: str) -> str:
    """Plain text, each line staying one."""
    return "\n".join(line(each) for each in text.split("\n")).strip()


def fence(code: str, *, language: str = "") -> str:
    """Code, in a fence that nothing within it closes."""
    longest = max((len(ticks) for ticks in _TICKS.findall(code)), default=2)
    ticks = "`" * (longest + 1)
    code = code.strip("\n")
    return f"{ticks}{language}\n{code}\n{ticks}"


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """A table's lines; the first row is its header."""
    width = 0
    for cells in rows:
        if not width:
            width = len(cells)
            yield _row(cells)
            yield f"|{' --- |' * width}"
        else:
            yield _row([*cells, *[""] * (width - len(cells))])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"
