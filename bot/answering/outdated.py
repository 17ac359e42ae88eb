"""Documents that say of themselves that they no longer hold (pure).

Companies keep old policies beside new ones, and both are found. What a document says of itself is believed;
its age alone says nothing, since most of what holds was written long ago.
"""

import re
from collections.abc import Iterable

from wire.search import Passage

Document = tuple[str, str]
"""A source and a document of it."""

_IT = (
    r"\b(?:this|these|the)\s+(?:\w+\s+){0,2}?"
    r"(?:polic(?:y|ies)|pages?|documents?|guides?|guidelines?|versions?|handbook|process|procedure|rules?|articles?)\b"
    r"|\bdiese[rs]?\s+(?:richtlinie|seite|dokument|regelung|version|anleitung)\b"
)
_ENDED = (
    r"(?:replaced|superseded|withdrawn|retired|archived|deprecated|discontinued|revoked)\b"
    r"|out[ -]of[ -]date\b|outdated\b|obsolete\b"
    r"|no longer\s+(?:appl|valid|in\s+(?:force|effect|use)|current|maintained|up to date)"
    r"|ersetzt\b|veraltet\b|nicht mehr\s+(?:g\u00fcltig|aktuell)|au\u00dfer kraft\b"
)
_WITHIN = r"(?:[^.!?\n]|(?<=\d)\.)"
_SAYS_SO = re.compile(
    rf"(?:{_IT}){_WITHIN}{{0,40}}?\b(?:(?:has|have|had) been|was|were|is|are|wurde|ist|gilt)\s"
    rf"(?!{_WITHIN}{{0,20}}\b(?:not|never)\s){_WITHIN}{{0,60}}?(?:{_ENDED})",
    re.IGNORECASE,
)
_TITLED_SO = re.compile(
    r"[(\[\u2013:-]\s*(?:replaced|superseded|withdrawn|archived?|deprecated|outdated|obsolete|old|veraltet|ersetzt)\b"
    r"|\A(?:archived?|deprecated|outdated|obsolete|superseded)\b",
    re.IGNORECASE,
)


def outdated(passages: Iterable[Passage]) -> frozenset[Document]:
    """The documents of which any of these passages says so."""
    return frozenset(document_of(passage) for passage in passages if _says_so(passage))


def document_of(passage: Passage) -> Document:
    """Which document a passage is of."""
    return passage.source, passage.document


def _says_so(passage: Passage) -> bool:
    if any(_TITLED_SO.search(part) for part in (passage.title, *passage.heading)):
        return True
    return _SAYS_SO.search(passage.text.replace("*", "")) is not None
