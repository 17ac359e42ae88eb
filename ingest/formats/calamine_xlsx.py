"""Excel: each sheet under its name, each block of rows a table with its first row as header."""

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta

from python_calamine import (
    CalamineError,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
    XmlError,
    ZipError,
)

from ingest.formats import markdown, ooxml_container
from ingest.formats.parsed import Parsed
from wire.errors import MalformedError

CELLS = 500_000
"""In the rectangles around what a workbook's sheets hold: some 4 MiB of text, minutes of encoding."""

Cell = int | float | str | bool | time | date | datetime | timedelta


def read(body: bytes, *, charset: str | None) -> Parsed:
    """Values as they were last computed; hidden sheets are left out.

    Raises:
        MalformedError: it is no such file, or over a bound.
    """
    del charset
    title = ooxml_container.check(body, part="xl/")
    try:
        return Parsed("\n\n".join(_sheets(CalamineWorkbook.from_filelike(io.BytesIO(body)))), title=title)
    except PasswordError:
        raise MalformedError("the workbook has a password; send it without", field="body") from None
    except (CalamineError, XmlError, ZipError):
        raise MalformedError("the workbook is broken", field="body") from None


def _sheets(workbook: CalamineWorkbook) -> Iterator[str]:
    room = CELLS
    for about in workbook.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
            continue
        sheet = workbook.get_sheet_by_name(about.name)
        room -= sheet.height * sheet.width
        if room < 0:
            raise MalformedError(f"the workbook has more than {CELLS} cells", field="body")
        blocks = [_block(rows) for rows in _blocks(sheet.iter_rows())]
        if blocks:
            yield "\n\n".join([markdown.heading(1, about.name), *blocks])


def _blocks(rows: Iterable[Sequence[Cell]]) -> Iterator[list[list[str]]]:
    """Rows between empty ones, without the columns at their right that nobody filled."""
    block: list[list[str]] = []
    for row in rows:
        cells = [_words(cell) for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            block.append(cells)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _block(rows: list[list[str]]) -> str:
    if len(rows) == 1:
        return markdown.line(" ".join(filter(None, rows[0])))
    width = max(map(len, rows))
    header = [*rows[0], *[""] * (width - len(rows[0]))]
    return "\n".join(markdown.table([header, *rows[1:]]))


def _words(cell: Cell) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime) and cell.time() == time():
        return cell.date().isoformat()
    return str(cell).strip()
