"""JSON: its outermost keys are headings, lists of like objects are tables, the rest is nested lists."""

import json
from collections.abc import Iterator

from ingest.formats import markdown
from ingest.formats.parsed import Parsed
from ingest.formats.text import decode
from wire.errors import MalformedError

DEPTH = 100
HEADING_LEVELS = 3
COLUMNS = 50


def read(body: bytes, *, charset: str | None) -> Parsed:
    """The whole of it, so that every value can be found beside its key.

    Raises:
        MalformedError: it is no JSON, or nested deeper than `DEPTH`.
    """
    try:
        value = json.loads(decode(body, charset=charset))
    except RecursionError:
        raise MalformedError(f"the JSON is nested deeper than {DEPTH}", field="body") from None
    except ValueError as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise MalformedError(f"the body is no JSON{where}", field="body") from None
    title = value.get("title") if isinstance(value, dict) else None
    return Parsed(
        "\n".join(_section(value, level=1)).strip(), title=title if isinstance(title, str) else None
    )


def _section(value: object, *, level: int) -> Iterator[str]:
    if not isinstance(value, dict) or level > HEADING_LEVELS:
        yield from _table(value) or _items(value, depth=0)
        return
    for key, inner in value.items():
        if not _nested(inner):
            yield f"- {key}: {_words(inner)}"
    for key, inner in value.items():
        if _nested(inner):
            yield from ("", markdown.heading(level, str(key)), "")
            yield from _section(inner, level=level + 1)


def _nested(value: object) -> bool:
    return isinstance(value, dict | list) and bool(value)


def _table(value: object) -> list[str]:
    """Nothing where it is no list of objects alike."""
    if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], dict):  # noqa: PLR2004 — one row is no table
        return []
    columns = list(value[0])
    alike = 0 < len(columns) <= COLUMNS and all(
        isinstance(row, dict) and list(row) == columns and not any(map(_nested, row.values()))
        for row in value
    )
    if not alike:
        return []
    return list(markdown.table([columns, *([_words(row[name]) for name in columns] for row in value)]))


def _items(value: object, *, depth: int) -> Iterator[str]:
    if depth > DEPTH:
        raise MalformedError(f"the JSON is nested deeper than {DEPTH}", field="body")
    indent = "  " * depth
    if isinstance(value, dict) and value:
        named = [(f"{key}:", inner) for key, inner in value.items()]
    elif isinstance(value, list) and value:
        named = [("", inner) for inner in value]
    else:
        yield markdown.line(_words(value))
        return
    for name, inner in named:
        if _nested(inner):
            yield f"{indent}- {name or '…'}"
            yield from _items(inner, depth=depth + 1)
        else:
            yield f"{indent}- {name} {_words(inner)}".replace("-  ", "- ")


def _words(value: object) -> str:
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
