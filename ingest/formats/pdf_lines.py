"""A PDF's lines as Markdown, by what they look like: larger ones are headings, wide gaps are columns.

Pure: `pdfium_pdf` tells what each line looks like.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ingest.formats import markdown

LARGER = 1.15
"""Than most of the document's text: a heading's size."""
SIZES = 4
"""Of headings; smaller ones share the last level."""
HEADING_CHARS = 150
_LEADER = re.compile(r"(?:\. ?){4}")
"""The dots of a table of contents."""
ROWS = 3
"""In which the same number of columns makes a table: two lines may be so by chance."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page.

    Attributes:
        cells: its text, cut where there are wide gaps.
        size: its letters' height, in points.
    """

    cells: tuple[str, ...]
    size: float

    @property
    def text(self) -> str:
        """All of it."""
        return " ".join(self.cells)


def heading_sizes(pages: Iterable[Sequence[Line]]) -> list[float]:
    """The sizes of headings, the largest first; none where nothing stands out."""
    letters: Counter[float] = Counter()
    for page in pages:
        for line in page:
            letters[_rounded(line.size)] += len(line.text)
    if not letters:
        return []
    body = max(letters, key=letters.__getitem__)
    return sorted((size for size in letters if size > body * LARGER), reverse=True)


def written(lines: Sequence[Line], *, sizes: Sequence[float]) -> str:
    """A page: its headings from level 2 on, its tables, its other lines as they are."""
    return "\n".join(_blocks(lines, sizes=sizes)).strip()


def with_links(lines: Sequence[Line], links: Mapping[str, str]) -> list[Line]:
    """The lines with links where their words stand; one that stands in no line by itself comes last.

    Args:
        lines: a page's.
        links: where words lead, by the words.
    """
    linked = list(lines)
    for words, address in links.items():
        if words in {address, address.removeprefix("mailto:")}:
            continue
        shown = f"[{words}](<{address}>)"
        whole = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        at = next((at for at, line in enumerate(linked) if any(map(whole.search, line.cells))), None)
        if at is None:
            linked.append(Line((shown,), 0.0))
        else:
            linked[at] = _with_link(linked[at], whole, shown)
    return linked


def _with_link(line: Line, words: re.Pattern[str], shown: str) -> Line:
    cells = list(line.cells)
    number = next(number for number, cell in enumerate(cells) if words.search(cell))
    cells[number] = words.sub(lambda _: shown, cells[number], count=1)
    return Line(tuple(cells), line.size)


def _blocks(lines: Sequence[Line], *, sizes: Sequence[float]) -> Iterator[str]:
    for (level, columns), run in groupby(lines, key=lambda line: (_level(line, sizes), len(line.cells))):
        group = list(run)
        if level:
            # A heading of several lines is one.
            words = " ".join(line.text for line in group)
            yield from ("", markdown.heading(level, words), "")
        elif columns > 1 and len(group) >= ROWS:
            yield from ("", *markdown.table([line.cells for line in group]), "")
        else:
            yield from (markdown.line(line.text) for line in group)


def _level(line: Line, sizes: Sequence[float]) -> int:
    """A heading's level; 0 for other lines."""
    size = _rounded(line.size)
    is_heading = size in sizes and len(line.text) <= HEADING_CHARS and any(map(str.isalpha, line.text))
    is_heading = is_heading and not _LEADER.search(line.text)
    return 2 + min(sizes.index(size), SIZES - 1) if is_heading else 0


def _rounded(size: float) -> float:
    """To half a point: one font measures a little differently from letter to letter."""
    return round(size * 2) / 2
