"""Gathers what admins look at, all at once, each for a few seconds at the most."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

import structlog

from bot.answering.gap_groups import grouped
from bot.answering.quota import Asker, Level
from bot.home.overview import Facts
from bot.home.ports import Syncs
from bot.slack.commanding import Readers, Retrieval
from wire.errors import AnswerdeskError
from wire.feedback import SourceFeedback
from wire.gaps import GapList, KnowledgeGap
from wire.preferences import ChannelPreferences
from wire.search import IndexFreshness, SearchReply, SearchRequest
from wire.sync import SourceStatus

TOLD_WITHIN_S = 2.0
ANYTHING = "status"
"""What is searched for to see whether that works."""

T = TypeVar("T")
_log = structlog.get_logger("home")

Usage = Callable[[Asker], Awaitable[Sequence[Level]]]
"""How far each of an asker's quotas has been drawn. Raises UnavailableError."""


class LookingOver:
    """Asks whoever knows."""

    def __init__(
        self,
        *,
        syncs: Syncs,
        failures: Callable[[], Awaitable[int]],
        channels: Callable[[], Awaitable[Mapping[str, ChannelPreferences]]],
        usage: Usage,
        groups: Sequence[str],
        gaps: Callable[[], Awaitable[Sequence[KnowledgeGap]]],
        feedback: Callable[[], Awaitable[Sequence[SourceFeedback]]],
        retrieval: Retrieval,
        readers: Readers,
    ) -> None:
        """Ask these; each may raise UnavailableError.

        Args:
            syncs: knows the sources.
            failures: counts the documents that could not be indexed.
            channels: those that an admin has set up.
            usage: knows how far quotas have been drawn.
            groups: the user groups that have a quota.
            gaps: the newest questions that found no answer.
            feedback: what was said of answers, by source.
            retrieval: searches.
            readers: knows what somebody may read.
        """
        self._retrieval = retrieval
        self._readers = readers
        self._syncs = syncs
        self._failures = failures
        self._channels = channels
        self._usage = usage
        self._groups = tuple(groups)
        self._gaps = gaps
        self._feedback = feedback

    async def facts(self) -> Facts:
        """What is known at this moment."""
        sources, failures, channels, levels, gaps, feedback = await asyncio.gather(
            told(self._sources()),
            told(self._failures()),
            told(self._channels()),
            told(self._levels()),
            told(self._gap_list()),
            told(self._feedback()),
        )
        return Facts(
            sources=sources,
            failures=failures,
            channels=channels,
            levels=levels,
            gaps=gaps,
            feedback=feedback,
        )

    async def freshness(self, user: str) -> IndexFreshness | None:
        """How far the index is behind, as a search by this person is told; None where none is answered."""
        reply = await told(self._search(user))
        return reply.index if reply else None

    async def _search(self, user: str) -> SearchReply:
        principals = await self._readers.of_person(user)
        return await self._retrieval.search(SearchRequest(query=ANYTHING, principals=principals, limit=1))

    async def _sources(self) -> Sequence[SourceStatus]:
        return (await self._syncs.sources()).sources

    async def _levels(self) -> Sequence[Level]:
        """Nobody's own, but all that people have together."""
        levels = await self._usage(Asker(person="", groups=self._groups))
        return [level for level in levels if level.pot.scope != "person"]

    async def _gap_list(self) -> GapList:
        return await asyncio.to_thread(grouped, await self._gaps())


async def told(asked: Awaitable[T]) -> T | None:
    """What it gives, or None where it does not say in time."""
    try:
        async with asyncio.timeout(TOLD_WITHIN_S):
            return await asked
    except (AnswerdeskError, TimeoutError) as error:
        _log.warning("a part of a page can't be told", reason=str(error) or "too slow")
        return None
