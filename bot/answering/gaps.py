"""Where questions that found no answer are kept, as the pipeline sees it."""

from typing import Protocol

from wire.gaps import KnowledgeGap


class Gaps(Protocol):
    """Keeps them, for a while and up to a number."""

    async def record(self, gap: KnowledgeGap) -> None:
        """Keep one; where that can't be done in time, it is lost: no answer waits for it."""
