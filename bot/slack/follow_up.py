"""Whether a message in a thread of ours is meant for us, though it does not mention us (pure).

Rules of thumb over what was said and by whom. Where they are in doubt it is not for us: a person who is not
heard can mention us, and people who are interrupted can't undo that. `tests/bench/bench_follow_ups.py` tells
how often they are right.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MENTION = re.compile(r"<(?:@[UW]|!subteam|!here|!channel|!everyone)[^>]*>")
"""Of somebody who is not us."""
_LINK = re.compile(r"<(?:https?|mailto):[^>]*>|https?://\S+")
_EMOJI = re.compile(r":[a-z0-9_+-]+:")
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)?")

_THANKS = re.compile(
    r"(?:thank(?:s| you)|thx|ty|cheers|great|perfect|cool|nice|ok(?:ay)?|got it|good|super|awesome|wow|merci"
    r"|danke|obrigad[oa]|yes|yep|no problem|sure|same(?: here)?|haha+|lol|hm+|oh|ah)\b[\s,.!:;)-]*",
    re.IGNORECASE,
)
"""What people say before, or instead of, anything else."""
_DOUBT = re.compile(r"(?:really|seriously|right|huh|what|no way)[\s?!.]*", re.IGNORECASE)
"""Wonders aloud, and expects nothing."""
_INTERROGATIVE = re.compile(
    r"(?:and |or |but |so |also )*(?:who|whom|whose|what|when|where|which|why|how|is|are|am|was|were|does|do"
    r"|did|can|could|may|must|should|shall|will|would|has|have|wie|was|wann|wo|wer|wen|wem|warum|welche[rsnm]?|gibt"
    r"|darf|kann|muss|gilt|quand|combien|comment|pourquoi|quel(?:le)?s?|où|qui|quando|quanto|como|onde)\b",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?:no, )?(?:and|or|but|also|what about|how about|in|for|i mean|i meant|before or after|same for|und"
    r"|oder|et|ou|e para|y)\b",
    re.IGNORECASE,
)
"""Goes on with what was asked before ("And in Lisbon")."""
_ORDER = re.compile(
    r"(?:please |can you |could you |now )*(?:also )?(?:tell me|show|explain|list|give|summari[sz]e|translate"
    r"|compare|find|look (?:in|up|for)|search|check|try (?:again|it|in)|describe|spell out|shorten|repeat)\b",
    re.IGNORECASE,
)
_MEANT = re.compile(
    r"(?:that(?:'s| is) not what i|not what i asked|i asked (?:about|for)|i'?d like to know"
    r"|i want(?:ed)? to know|i was asking|it says)\b",
    re.IGNORECASE,
)
_TO_A_PERSON = re.compile(
    r"\b(?:did|have|are|were|will|would|do|don'?t|should|shall|could|can)(?:n'?t)? (?:you|u|we)\b|\byour?s?\b"
    r"|\b(?:anyone|anybody|let'?s|we should)\b|\bshouldn'?t we\b|\bdid (?:it|that|they|he|she)\b",
    re.IGNORECASE,
)
"""Asks people for what people do ("Did you book already?")."""
_AMONG_PEOPLE = re.compile(r"\bwe\b|\bright\b", re.IGNORECASE)
_OF_US = re.compile(
    r"\b(?:can|could|would|will) you (?:please |also )*(?:tell me|show|explain|list|give|summari[sz]e|find"
    r"|look|check|search|translate)\b",
    re.IGNORECASE,
)
_CALLED = (
    re.compile(
        r"(?:(?:hi|hey|hello|dear|thanks|thank you|thx|welcome|oh),? )?([^\W\d_]+)\s*(?:[,:!]| -)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:hi|hey|hello|dear|thanks|thank you|thx|welcome|oh),? ([^\W\d_]+)\b", re.IGNORECASE),
    re.compile(r".*, (?:right )?([^\W\d_]+)\s*[?!.]*$", re.IGNORECASE),
)
"""Where a name stands that somebody is called by: at the beginning, or at the end of a sentence."""
_REMARK_WORDS = 12
"""Of a remark that narrows down what its own author has asked ("for the second probe")."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """A message of a thread.

    Attributes:
        text: as Slack sends it, mentions still as ids.
        ours: whether it is an answer of ours.
        to_us: whether it mentions us.
    """

    by: str
    text: str
    ours: bool = False
    to_us: bool = False


def for_us(said: Line, *, before: Sequence[Line], us: str, names: Iterable[str]) -> bool:
    """Whether this is meant for us.

    Args:
        said: a message that does not mention us.
        before: the thread before it, oldest first.
        us: our own name.
        names: of the people that it may be meant for, as they show them.
    """
    asker, since = _since_us(before)
    if asker is None:
        return False
    people = _People(us, names)
    busy: set[str] = set()
    """Who has said something since that was meant for people."""
    alone = True
    for line in since:
        if not _is_idle(line):
            if not _fits(line, asker=asker, busy=busy, alone=alone, people=people):
                busy.add(line.by)
            alone = False
    return _fits(said, asker=asker, busy=busy, alone=alone, people=people)


class _People:
    """Tells whom a sentence calls by name."""

    def __init__(self, us: str, names: Iterable[str]) -> None:
        self._us = us.casefold()
        self._names = names
        self._known: set[str] | None = None

    def calls_us(self, text: str) -> bool:
        return self._us in _called(text)

    def calls_a_person(self, text: str) -> bool:
        called = _called(text)
        if called and self._known is None:
            self._known = {word.casefold() for name in self._names for word in (name, *name.split()[:1])}
        return bool(called and called & (self._known or set()))


def _fits(line: Line, *, asker: str, busy: set[str], alone: bool, people: _People) -> bool:
    text = _words_of(line.text)
    if MENTION.search(line.text) or not _WORD.search(text):
        return False
    if people.calls_us(text):
        return True
    if people.calls_a_person(text) or busy - {line.by}:
        return False
    rest = _without_thanks(text)
    if not _WORD.search(rest) or _DOUBT.fullmatch(rest):
        return False
    return _asks(rest, own=line.by == asker, alone=alone)


def _asks(text: str, *, own: bool, alone: bool) -> bool:
    """Whether these words want something of somebody who knows documents.

    Args:
        text: without what is merely polite.
        own: whether they are of whoever asked what we answered last.
        alone: whether nobody has said anything since.
    """
    if _OF_US.search(text):
        return True
    if own and alone and text.rstrip(" .!").endswith("?"):
        return _AMONG_PEOPLE.search(text) is None
    if _TO_A_PERSON.search(text):
        return False
    if "?" in text or _INTERROGATIVE.match(text) or _ORDER.match(text) or _MEANT.search(text):
        return True
    return own and _ON.match(text) is not None and len(_WORD.findall(text)) <= _REMARK_WORDS


def _words_of(text: str) -> str:
    return " ".join(_EMOJI.sub(" ", _LINK.sub(" ", text)).split())


def _without_thanks(text: str) -> str:
    while match := _THANKS.match(text):
        text = text[match.end() :]
    return text


def _is_idle(line: Line) -> bool:
    """Says nothing that anybody would answer ("thanks!")."""
    return not _WORD.search(_without_thanks(_words_of(line.text)))


def _called(text: str) -> set[str]:
    matches = (pattern.match(text) for pattern in _CALLED)
    return {match[1].casefold() for match in matches if match}


def _since_us(before: Sequence[Line]) -> tuple[str | None, Sequence[Line]]:
    """Who asked us last (None: nobody has), and what was said since, or since we answered that."""
    for at in range(len(before) - 1, -1, -1):
        if before[at].to_us:
            return before[at].by, before[at + 1 :]
        if before[at].ours:
            asked = (line.by for line in reversed(before[:at]) if not line.ours)
            return next(asked, ""), before[at + 1 :]
    return None, ()
