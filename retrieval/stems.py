"""Words by how they start: a crude stemmer for every language that writes with letters (pure).

As good as a real one to tell whether a passage has a question's words (docs/quality.md), and it needs no
language.
"""

import re
from collections.abc import Collection

STEM_CHARS = 5

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The text's words in small letters, in order."""
    return _WORD.findall(text.lower())


def stems(text: str, *, without: Collection[str] = ()) -> set[str]:
    """How the text's words start; those of ``without`` are left out."""
    return {word[:STEM_CHARS] for word in words(text) if word not in without}
