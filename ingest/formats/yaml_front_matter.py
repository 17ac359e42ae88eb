"""A Markdown text's front matter: YAML between two lines of dashes at its very start."""

import re
from datetime import date

import yaml

from ingest.formats.parsed import Parsed

FRONT_MATTER_CHARS = 16_384
BRACKETS = 200
"""The parser takes the square of them: half a minute for 8,000."""
_DASHED = re.compile(r"\A---[ \t]*\n(.*?\n)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def read_markdown(text: str) -> Parsed:
    """The text without its front matter, and what that said. What is no YAML mapping stays text."""
    found = _DASHED.match(text[: FRONT_MATTER_CHARS + 8])
    fields = _mapping(found[1]) if found else None
    if found is None or fields is None:
        return Parsed(text)
    metadata = {str(name): value for name, given in fields.items() if (value := _words(given))}
    return Parsed(text[found.end() :], title=metadata.pop("title", None), metadata=metadata)


def _mapping(source: str) -> dict[object, object] | None:
    if source.count("[") > BRACKETS:
        return None
    try:
        # A few aliases of aliases would be a gigabyte.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(source, Loader=yaml.SafeLoader)):
            return None
        fields = yaml.safe_load(source)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _words(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_words, value)))
    return str(value).strip() if isinstance(value, str | int | float | date) else ""
