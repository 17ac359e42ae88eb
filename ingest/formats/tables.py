"""CSV and its kin: a table with its first row as header."""

import csv
from collections.abc import Iterator

from ingest.formats import markdown
from ingest.formats.parsed import Parsed
from ingest.formats.text import decode
from wire.errors import MalformedError

CELL_CHARS = 1_000_000
DELIMITERS = ",;\t|"
COLUMNS = 16_384
"""As many as Excel has."""
LOOKED_AT_LINES = 20


def read(body: bytes, *, charset: str | None) -> Parsed:
    """Comma, semicolon, tab or bar, whichever divides the first lines most evenly.

    Raises:
        MalformedError: it is no text in its character set, or has a cell or a row over the bound.
    """
    text = decode(body, charset=charset)
    # Not by `splitlines`, to which a form feed in a cell is a new row.
    lines = text.split("\n")
    csv.field_size_limit(CELL_CHARS)
    try:
        return Parsed("\n".join(markdown.table(_rows(lines))))
    except csv.Error:
        raise MalformedError(
            f"the table is broken, or a cell of it has more than {CELL_CHARS} characters", field="body"
        ) from None


def _rows(lines: list[str]) -> Iterator[list[str]]:
    delimiter = _delimiter([line for line in lines[:LOOKED_AT_LINES] if line.strip()])
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter)
    for row in reader:
        if len(row) > COLUMNS:
            raise MalformedError(f"the table has more than {COLUMNS} columns", field="body")
        if any(cell.strip() for cell in row):
            yield row


def _delimiter(lines: list[str]) -> str:
    def fit(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in lines] or [0]
        return min(counts), -(max(counts) - min(counts))

    return max(DELIMITERS, key=fit)
