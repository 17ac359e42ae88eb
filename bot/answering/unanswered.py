"""What is told where the documents have no answer: honestly, with what is nearest and whom to ask."""

import re
from collections.abc import Iterable, Sequence

from bot.answering import sentences
from bot.answering.addresses import Addresses
from bot.answering.composition import source_of
from bot.answering.freshness import Freshness
from bot.answering.gaps import Gaps
from bot.answering.gate import harmless
from bot.answering.question import Question
from bot.answering.quota import utc_now
from bot.answering.sentences import as_markdown
from bot.answering.visible import visible
from retrieval.client import RetrievalClient
from wire.answers import Source
from wire.errors import AnswerdeskError
from wire.gaps import QUESTION_CHARS, KnowledgeGap, NearDocument
from wire.search import Passage, PassagesRequest, SearchReply

NEAREST = 3
"""How many documents are named."""
NEAR_RELEVANCE = 0.1
"""Below it, not even that."""
BEFORE = 5
"""How far in front of a passage its document is looked at: what it says of itself stands at its beginning."""
OWNER_CHARS = 80
NO_MODEL = "none"
"""Who wrote the sentence that nothing was found."""

_OWNER = re.compile(r"^- (?:Owners?|Maintainers?|Team|Contact): *(\S.*)$", re.MULTILINE)
"""As the worker writes what a document's sender says of it (see `ingest.description`)."""


def documents(passages: Iterable[Passage], *, most: int) -> tuple[Source, ...]:
    """The passages' documents, each once, best first."""
    firsts: dict[tuple[str, str], Passage] = {}
    for passage in passages:
        firsts.setdefault((passage.source, passage.document), passage)
    best = list(firsts.values())[:most]
    return tuple(source_of(passage, index=index) for index, passage in enumerate(best, start=1))


class Unanswered:
    """Tells it, and records it."""

    def __init__(self, *, retrieval: RetrievalClient, freshness: Freshness, gaps: Gaps | None) -> None:
        self._retrieval = retrieval
        self._freshness = freshness
        self._gaps = gaps

    async def tell(self, question: Question, found: SearchReply) -> tuple[str, tuple[Source, ...]]:
        """The sentence, and the sources that it names; they are no evidence, so nothing is quoted."""
        near = found.relevance >= NEAR_RELEVANCE
        sources = documents(found.passages, most=NEAREST) if near else ()
        owners = await self._owners(question, found.passages, sources)
        await self.record(question, found, answered=False, owners=owners)
        addresses = Addresses(found.passages)
        titles = [harmless(as_markdown(source.title or source.document), addresses) for source in sources]
        text = sentences.not_found(
            [f"{title} [{source.index}]" for title, source in zip(titles, sources, strict=True)],
            owners=[harmless(as_markdown(owner), addresses) for owner in owners],
            pending=found.index.pending or 0,
            failing=bool(await self._freshness.failing()),
        )
        return text, sources

    async def record(
        self, question: Question, found: SearchReply, *, answered: bool, owners: Sequence[str] = ()
    ) -> None:
        """Keep the question for those who look after the documents."""
        if self._gaps is None:
            return
        gap = KnowledgeGap(
            id=question.id,
            person=question.person,
            question=visible(question.text)[:QUESTION_CHARS],
            why="not_answered" if answered else "not_found",
            relevance=found.relevance,
            nearest=tuple(
                NearDocument(source=source.source, document=source.document, title=source.title)
                for source in documents(found.passages, most=NEAREST)
            ),
            owners=tuple(owners),
            asked_at=utc_now(),
        )
        await self._gaps.record(gap)

    async def _owners(
        self, question: Question, passages: Sequence[Passage], sources: Sequence[Source]
    ) -> list[str]:
        """Whom the nearest documents name as theirs, each once."""
        named = {(source.source, source.document) for source in sources}
        ids = [passage.id for passage in passages if (passage.source, passage.document) in named]
        if not ids:
            return []
        try:
            reply = await self._retrieval.passages(
                PassagesRequest(ids=tuple(ids), principals=question.principals, neighbours=BEFORE)
            )
        except AnswerdeskError:
            return []
        found = (_OWNER.search(passage.text) for passage in reply.passages)
        lines = (" ".join(visible(owner[1]).split())[:OWNER_CHARS] for owner in found if owner)
        return list(dict.fromkeys(lines))[:NEAREST]
