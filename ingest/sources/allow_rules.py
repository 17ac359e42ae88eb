"""Who may read a source's document, and which documents are taken at all: as the settings say."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from ingest.sources.source import Entry
from wire.principals import check_principal
from wire.source_settings import SourceSettings

PATTERNS_KEPT = 1024


def readers(entry: Entry, settings: SourceSettings) -> tuple[str, ...]:
    """The first rule that matches, else what the source says where it is asked, else everybody's default.

    What the source says and is no principal lets nobody in; the rest of what it says stands. It is all that
    counts for a document that is confined to whom the source names.
    """
    if entry.confined:
        return _said(entry)
    for rule in settings.rules:
        if _matches(rule.match, entry.id):
            return rule.allow
    if settings.believes_source and entry.allow is not None:
        return _said(entry)
    return settings.allow


def is_taken(document: str, settings: SourceSettings) -> bool:
    """Whether the settings take this document."""
    return _any(document, settings.include) and not _any(document, settings.exclude)


def _said(entry: Entry) -> tuple[str, ...]:
    return tuple(principal for said in entry.allow or () if (principal := _principal(said)))


def _principal(said: str) -> str | None:
    try:
        return check_principal(said)
    except ValueError:
        return None


def _any(document: str, patterns: Sequence[str]) -> bool:
    return any(_matches(pattern, document) for pattern in patterns)


def _matches(pattern: str, document: str) -> bool:
    # A file's name may come with its accents apart, and whoever wrote the rule can't see that.
    return _compiled(pattern).fullmatch(unicodedata.normalize("NFC", document)) is not None


@lru_cache(PATTERNS_KEPT)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Only ``*`` is special: brackets and question marks stand in names, and a rule must not miss those."""
    parts = unicodedata.normalize("NFC", pattern).split("*")
    return re.compile(".*".join(map(re.escape, parts)), re.DOTALL)
