"""Which sources a reader is known to have documents in, from what they were found before (pure).

A source's name may itself be a secret, so nobody is told of one but those who were shown a document of it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

READERS = 2_000
SOURCES = 100
KNOWN_FOR_S = 3_600.0
"""Who may read a source no longer is told of it no longer, an hour later."""


class KnownSources:
    """By readers, the last to ask first to stay."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: OrderedDict[frozenset[str], dict[str, float]] = OrderedDict()

    def of(self, readers: Iterable[str], *, among: Iterable[str] | None) -> tuple[str, ...]:
        """Those of these readers, in order, of those that are searched (None: all are)."""
        seen = self._seen.get(frozenset(readers), {})
        since = self._clock() - KNOWN_FOR_S
        asked = None if among is None else set(among)
        return tuple(
            sorted(name for name, at in seen.items() if at > since and (asked is None or name in asked))
        )

    def found(self, readers: Iterable[str], sources: Iterable[str]) -> None:
        """These readers have been found documents of these sources."""
        key = frozenset(readers)
        seen = self._seen.setdefault(key, {})
        self._seen.move_to_end(key)
        for name in sources:
            if name in seen or len(seen) < SOURCES:
                seen[name] = self._clock()
        if len(self._seen) > READERS:
            self._seen.popitem(last=False)
