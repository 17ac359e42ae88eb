"""A follow-up made into a query that stands alone (pure).

"And in France?" finds nothing by itself, so a question that is short or refers back is searched together
with the one that it follows. A rule of thumb: the model reads the conversation itself, and only the
search depends on this.
"""

import itertools
import re
from collections.abc import Iterable

from bot.answering.question import Question, Turn

SHORT_WORDS = 4
"""A question of so few words is taken to lean on what was said ("And in France?", "For how long?")."""
REACHES_BACK = 3
"""How many questions a chain of follow-ups may join; the subject of older ones has usually changed."""
QUERY_CHARS = 2_000
"""More than the encoder reads; the search admits 8,000."""

_WORD = re.compile(r"\w+(?:['\u2019]\w+)?")
_OPENINGS = re.compile(
    r"(?:and|or|but|also|so|then|what about|how about|und|oder|aber|auch|et|mais|ou|y|pero)\b", re.IGNORECASE
)
_POINTERS = re.compile(
    r"\b(?:its?|this|these|those|them|they|their|he|she|him|her|same|else|instead"
    r"|diese[rs]?|dort|davon|dafür|dabei|cela|ça|celui|celle|eso|esto)\b",
    re.IGNORECASE,
)
"""Words that also have a plainer use ("there is", German "es gibt") are not among them."""


def standalone_query(question: Question) -> str:
    """What to search for."""
    query = ""
    for text in [*_answered(question.conversation)[-REACHES_BACK:], question.text]:
        stripped = text.strip()
        query = f"{query} {stripped}" if query and _leans(stripped) else stripped
    return query[-QUERY_CHARS:]


def _answered(turns: Iterable[Turn]) -> list[str]:
    """The questions of the conversation that we answered; without an answer yet, its last message."""
    earlier = list(turns)
    asked = [
        before.text
        for before, after in itertools.pairwise(earlier)
        if (before.role, after.role) == ("user", "assistant")
    ]
    return asked or [turn.text for turn in earlier if turn.role == "user"][-1:]


def _leans(text: str) -> bool:
    return (
        len(_WORD.findall(text)) <= SHORT_WORDS
        or _OPENINGS.match(text) is not None
        or _POINTERS.search(text) is not None
    )
