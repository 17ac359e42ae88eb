"""A follow-up made into a query that stands alone, by a rule of thumb (pure).

"And in France?" finds nothing by itself, so a question that is short or refers back is searched together
with the one that it follows. Where it only names another place or the like, that one is searched with the
other name ("... in Germany?" becomes "... in France?"): both together would find what the old name does. For
where no model makes a better one (``rewriting``): the model that answers reads the conversation itself, and
only the search depends on this.
"""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from bot.answering.question import Question, Turn
from bot.answering.small_talk import small_talk
from wire.answers import Usage

SHORT_WORDS = 4
"""A question of so few words is taken to lean on what was said ("And in France?", "For how long?")."""
OPENED_WORDS = 7
"""A longer one that opens with "and" has a subject of its own ("And how do I submit an expense report?"): on
mtrag-un joining those as well finds neither more nor less (``tests/bench/bench_following_up.py``)."""
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


_LINKS = r"(?:in|at|for|from|to|of|with|on|im|für|aus|nach|von|bei|à|en|au|aux|pour|de|em|na|no|para|con)"
_NAME = r"(?:the )?[^\W\d_][\w-]*(?: [A-ZÀ-ÖØ-Þ][\w-]*)*"
_ANOTHER = re.compile(
    rf"\W*(?P<opening>(?i:{_OPENINGS.pattern})\W+)?(?P<link>(?i:{_LINKS})) "
    rf"(?P<name>{_NAME})(?: then| too)?[\s?.!]*"
)
"""Nothing but another name in the place of one that was said ("And in France?")."""
_NO_NAMES = frozenset(
    (
        "general",
        "total",
        "advance",
        "writing",
        "practice",
        "particular",
        "which",
        "what",
        "whom",
        "example",
        "how",
    )
)
"""What follows such a word and names nothing."""


@dataclass(frozen=True, kw_only=True)
class Standalone:
    """What is searched for.

    Attributes:
        query: its words.
        how: ``asked``, the question's own; ``joined``, with those of questions before it; ``rewritten``, a
            question of its own made of them.
        usage: what making it took.
    """

    query: str
    how: Literal["asked", "joined", "rewritten"]
    usage: Usage = field(default_factory=Usage)


def joined(question: Question) -> Standalone:
    """The question, with those before it that it leans on, and the channel that it points at."""
    query = ""
    for text in [*_answered(question.conversation)[-REACHES_BACK:], question.text]:
        stripped = text.strip()
        query = _together(query, stripped) if query and _leans(stripped) else stripped
    query = f"{query} {' '.join(re.split('[-_]', question.viewing))}".strip()
    alone = query == question.text.strip()
    return Standalone(query=query[-QUERY_CHARS:], how="asked" if alone else "joined")


def _together(query: str, follow_up: str) -> str:
    return _renamed(query, follow_up) or f"{query} {follow_up}"


def _renamed(query: str, follow_up: str) -> str | None:
    """The question with another name, where that is all that the follow-up says; None where it is not."""
    if (another := _ANOTHER.fullmatch(follow_up)) is None:
        return None
    link, name = another["link"], another["name"]
    is_name = name[:1].isupper() or another["opening"]
    if not is_name or name.casefold() in _NO_NAMES or _POINTERS.search(name):
        return None
    # A name is written with a capital letter, or ends the question.
    said = (
        rf"\b(?i:{re.escape(link)}) (?:(?:the )?[A-ZÀ-ÖØ-Þ][\w-]*(?: [A-ZÀ-ÖØ-Þ][\w-]*)*|[\w-]+(?=[\s?.!]*$))"
    )
    named = list(re.finditer(said, query))
    if not named:
        return None
    last = named[-1]
    return f"{query[: last.start()]}{link.lower()} {name}{query[last.end() :]}"


def _answered(turns: Iterable[Turn]) -> list[str]:
    """The questions of the conversation that we answered; without an answer yet, its last message."""
    earlier = [turn for turn in turns if turn.role == "assistant" or not small_talk(turn.text)]
    asked = [
        before.text
        for before, after in itertools.pairwise(earlier)
        if (before.role, after.role) == ("user", "assistant")
    ]
    return asked or [turn.text for turn in earlier if turn.role == "user"][-1:]


def _leans(text: str) -> bool:
    words = len(_WORD.findall(text))
    return (
        words <= SHORT_WORDS
        or (words <= OPENED_WORDS and _OPENINGS.match(text) is not None)
        or _POINTERS.search(text) is not None
    )
