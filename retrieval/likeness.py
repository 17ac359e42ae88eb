"""Whether a text says the same as one that was seen already, word for word or nearly (pure).

Copies of a page, and a template filled in twice, would fill a reader's list and a model's prompt. Alike is
what has nearly all runs of words in common, and every number: "28 days" and "30 days" are two answers.
"""

import re

RUN_OF_WORDS = 4
LEAST_SHARE = 0.8
"""Of all runs that either has, those that both have: a changed word in 40 leaves 0.82."""

_WORD = re.compile(r"\w+")


class Likeness:
    """Remembers texts."""

    def __init__(self) -> None:
        self._seen: list[tuple[frozenset[tuple[str, ...]], frozenset[str]]] = []

    def has(self, text: str) -> bool:
        """Whether it is like one that was asked about before; if it is not, it is remembered."""
        words = _WORD.findall(text.casefold())
        runs = frozenset(zip(*(words[start:] for start in range(RUN_OF_WORDS)), strict=False)) or frozenset(
            [tuple(words)]
        )
        numbers = frozenset(word for word in words if any(map(str.isdigit, word)))
        for others, theirs in self._seen:
            both = len(runs & others)
            if numbers == theirs and both >= LEAST_SHARE * (len(runs) + len(others) - both):
                return True
        self._seen.append((runs, numbers))
        return False
