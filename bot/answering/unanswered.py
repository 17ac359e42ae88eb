"""What is told where the documents have no answer: honestly, with what is nearest and whom to ask."""

from collections.abc import Iterable, Sequence

from bot.answering import sentences
from bot.answering.addresses import Addresses
from bot.answering.composition import source_of
from bot.answering.freshness import Freshness
from bot.answering.gaps import Gaps
from bot.answering.gate import harmless
from bot.answering.outdated import outdated
from bot.answering.owners import owners_of
from bot.answering.question import Question
from bot.answering.quota import utc_now
from bot.answering.sentences import as_markdown
from bot.answering.visible import visible
from retrieval.client import RetrievalClient
from wire.answers import Source
from wire.gaps import QUESTION_CHARS, KnowledgeGap, NearDocument
from wire.search import Passage, SearchReply

NEAREST = 3
"""How many documents are named."""
NEAR_RELEVANCE = 0.1
"""Below it, not even that."""
NO_MODEL = "none"
"""Who wrote the sentence that nothing was found."""


def documents(passages: Iterable[Passage], *, most: int) -> tuple[Source, ...]:
    """The passages' documents, each once, best first."""
    found = tuple(passages)
    firsts: dict[tuple[str, str], Passage] = {}
    for passage in found:
        firsts.setdefault((passage.source, passage.document), passage)
    best = list(firsts.values())[:most]
    old = outdated(found)
    return tuple(source_of(passage, index=index, old=old) for index, passage in enumerate(best, start=1))


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
        named = {(source.source, source.document) for source in sources}
        owners = await owners_of(
            [each.id for each in found.passages if (each.source, each.document) in named],
            principals=question.principals,
            retrieval=self._retrieval,
        )
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
