"""A question that asks several things, taken apart (pure)."""

import re

MOST = 4
"""Parts of a question; more are no questions but a text."""
LEAST_WORDS = 3

_ASKS = (
    r"(?:who|whom|whose|what|when|where|which|why|how|can|could|do|does|did|is|are|was|may|must|should|will"
    r"|wer|wem|wen|was|wann|wo|welche[rs]?|warum|wie|darf|kann|muss|qui|quand|où|combien|comment|pourquoi"
    r"|quién|cuándo|dónde|cuántos?|cómo|por qué)"
)
_BETWEEN = re.compile(rf"(?<=\?) (?=\w)|,? (?:and|und|et|y) (?={_ASKS}\b)|; (?={_ASKS}\b)", re.IGNORECASE)
_WORD = re.compile(r"\w+")


def parts(question: str) -> list[str]:
    """What it asks one by one; nothing where it asks one thing."""
    # One space between words: a run of thousands would take the pattern seconds.
    pieces = _BETWEEN.split(" ".join(question.split()))
    asked = [piece for piece in pieces if len(_WORD.findall(piece)) >= LEAST_WORDS]
    return asked if 1 < len(asked) <= MOST else []
