"""Who may read a source's document, and which documents are taken at all: as the settings say."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ingest.sources.source import Entry
from wire.principals import check_principal
from wire.source_settings import SourceSettings


def readers(entry: Entry, settings: SourceSettings) -> tuple[str, ...]:
    """The first rule that matches, else what the source says where it is asked, else everybody's default.

    What the source says and is no principal lets nobody in; the rest of what it says stands.
    """
    for rule in settings.rules:
        if fnmatchcase(entry.id, rule.match):
            return rule.allow
    if settings.believes_source and entry.allow is not None:
        return tuple(principal for said in entry.allow if (principal := _principal(said)))
    return settings.allow


def is_taken(document: str, settings: SourceSettings) -> bool:
    """Whether the settings take this document."""
    return _any(document, settings.include) and not _any(document, settings.exclude)


def _principal(said: str) -> str | None:
    try:
        return check_principal(said)
    except ValueError:
        return None


def _any(document: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(document, pattern) for pattern in patterns)
