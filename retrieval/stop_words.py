"""Words that say nothing of a question's subject, in the language it is asked in.

The lists come with BM25's model; each is named after its language.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from retrieval.stems import words

LISTS = Path(__file__).parent / "model" / "bm25"
USUAL = "english"
MIXED = "hinglish"
"""Holds English words as well: every English question would be in it."""
CLEARLY = 2
"""So many more of another language's stop words than English ones make a question be in that language:
"die", "war" and "man" are words of several."""


class StopWords:
    """Stop words by language."""

    def __init__(self, lists: Mapping[str, frozenset[str]]) -> None:
        self._lists = lists
        self._languages: defaultdict[str, list[str]] = defaultdict(list)
        for name, listed in lists.items():
            for word in listed:
                self._languages[word].append(name)

    @classmethod
    def load(cls, folder: Path = LISTS) -> "StopWords":
        """Read the packaged lists (30 small files, 2 ms)."""
        return cls(
            {
                path.stem: frozenset(path.read_text(encoding="utf-8").lower().split())
                for path in sorted(folder.glob("*.txt"))
                if path.stem != MIXED
            }
        )

    def language_of(self, text: str) -> str:
        """The language whose stop words the text has most of, where that is clear, or else English."""
        counts = Counter(name for word in set(words(text)) for name in self._languages.get(word, ()))
        best = min(counts, key=lambda name: (-counts[name], name), default=USUAL)
        return best if counts[best] >= counts[USUAL] + CLEARLY else USUAL

    def of(self, text: str) -> frozenset[str]:
        """Those of the text's language."""
        return self._lists.get(self.language_of(text), frozenset())
