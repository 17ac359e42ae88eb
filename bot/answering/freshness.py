"""What an answer may have missed because the index is behind its sources."""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Protocol

from bot.answering import sentences
from wire.errors import AnswerdeskError
from wire.search import IndexFreshness

LAG_TOLD_S = 60.0
"""Documents are found seconds after they were announced; a minute's wait is worth a word."""
LOOKED_EVERY_S = 60.0
LOOK_WITHIN_S = 0.5
"""What an answer may wait for it, once a minute."""


class Sources(Protocol):
    """Knows how resyncs of the sources went."""

    async def failing(self) -> Collection[str]:
        """Sources whose last resync did not go well.

        Raises:
            UnavailableError: nobody says.
        """


class Freshness:
    """Looks at the sources once a minute at most; between, and where they can't be seen, as they were."""

    def __init__(self, sources: Sources | None, *, look_within_s: float = LOOK_WITHIN_S) -> None:
        self._sources = sources
        self._look_within_s = look_within_s
        self._failing: Collection[str] = ()
        self._looked_at = float("-inf")

    async def failing(self) -> Collection[str]:
        """Sources that could not be read lately, as far as is known."""
        if self._sources is None or time.monotonic() < self._looked_at + LOOKED_EVERY_S:
            return self._failing
        self._looked_at = time.monotonic()
        try:
            async with asyncio.timeout(self._look_within_s):
                self._failing = await self._sources.failing()
        except (AnswerdeskError, TimeoutError):
            pass
        return self._failing

    async def note(
        self, *, cited: Collection[str], index: IndexFreshness, also: Sequence[str] = ()
    ) -> str | None:
        """What an answer may lack, a paragraph each; None where nothing is missing.

        Args:
            cited: the sources of what it stands on.
            index: how far behind the index was.
            also: what else is to be said.
        """
        failing = sorted(set(cited) & set(await self.failing()))
        notes = list(also)
        if index.pending and index.lag_seconds > LAG_TOLD_S:
            notes.append(sentences.behind(pending=index.pending))
        if failing:
            notes.append(sentences.not_synced(failing))
        return "\n\n".join(notes) or None
