"""Whether an answer from the cache may be served to this reader, now.

It may if (1) every passage that it was written from still stands in the same version and this reader may
read it, and (2) this question's own best results are all among those passages, so that a newer document
which should have been read makes it a miss. So a document that changes, goes, appears or is hidden takes
its answers with it, and nothing has to be invalidated.
"""

import contextlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.answering.cache import Cache, CachedAnswer, CachedCitation, cache_key, cosine, packed
from bot.answering.composition import source_of
from bot.answering.outdated import outdated
from bot.answering.quota import utc_now
from bot.answering.sameness import SIMILAR, differences
from retrieval.client import RetrievalClient
from wire.answers import AnswerEvent, Citation, Delta
from wire.documents import document_key
from wire.errors import UnavailableError
from wire.search import Passage, PassagesRequest, SearchReply

MUST_HAVE_READ = 4
"""How many of a question's best results the answer must have been written from: the upper half of what a
model is given. A passage that answers the question ranks there, whereas the lower half changes places
whenever anything is indexed."""
TRIED = 3
"""Answers of before whose passages are looked up for one question."""

_PARAGRAPH = re.compile(r"(?<=\n)(?=\S)")
_NUMBER = re.compile(r"\[(\d{1,3})\]")


class Recalling:
    """Looks for an answer of before, and keeps answers for later."""

    def __init__(self, cache: Cache, *, retrieval: RetrievalClient, model: str) -> None:
        self._cache = cache
        self._retrieval = retrieval
        self._model = model

    async def recall(
        self, asked: str, *, found: SearchReply, principals: tuple[str, ...], manner: str = ""
    ) -> "Recalled | None":
        """An answer that may be served now; None where there is none, or it can't be told.

        Args:
            asked: the question, so that it stands alone.
            found: what was found for it.
            principals: who reads the answer.
            manner: how it is to be answered; one given otherwise is not looked at.
        """
        read = [passage.id for passage in found.passages[:MUST_HAVE_READ]]
        key = cache_key(asked, model=self._model, manner=manner)
        try:
            kept = await self._cache.recall(key, read=read)
            exact = [
                answer
                for answer in kept
                if cache_key(answer.question, model=self._model, manner=manner) == key
            ]
            alike = _alike(kept, asked=asked, vector=packed(found.query_vector))
            for answer in (*exact, *alike)[:TRIED]:
                citations = await still_true(
                    answer, results=found.passages, principals=principals, retrieval=self._retrieval
                )
                if citations is not None:
                    return Recalled(answer=answer, citations=citations, exact=answer in exact)
        except UnavailableError:
            pass
        return None

    async def keep(
        self,
        asked: str,
        *,
        text: str,
        citations: Sequence[tuple[Citation, Passage]],
        given: Sequence[Passage],
        vector: Sequence[float] | None,
        tokens: int,
        asker: str = "",
        manner: str = "",
    ) -> None:
        """Keep a whole answer for whoever asks the same; where the cache is away it is not kept.

        Args:
            asked: the question, which stood alone.
            text: the answer, as shown.
            citations: the first of each source, and the passage that it stands on.
            given: the passages that it was written from.
            vector: the question's embedding.
            tokens: what it took.
            asker: whose question it was.
            manner: how it was answered.
        """
        answer = CachedAnswer(
            question=asked,
            vector=packed(vector),
            text=text,
            citations=tuple(
                CachedCitation(index=citation.index, passage=passage.id, quote=citation.quote)
                for citation, passage in citations
            ),
            given=tuple(passage.id for passage in given),
            documents=tuple(
                dict.fromkeys(document_key(passage.source, passage.document) for passage in given)
            ),
            model=self._model,
            tokens=tokens,
            answered_at=utc_now(),
            asker=asker,
        )
        with contextlib.suppress(UnavailableError):
            await self._cache.keep(cache_key(asked, model=self._model, manner=manner), answer)


@dataclass(frozen=True, kw_only=True)
class Recalled:
    """An answer of before that may be served.

    Attributes:
        answer: as it was written.
        citations: as they read today.
        exact: whether it was given to a question of the same words.
    """

    answer: CachedAnswer
    citations: list[Citation]
    exact: bool


def _alike(kept: Sequence[CachedAnswer], *, asked: str, vector: bytes) -> list[CachedAnswer]:
    """The answers to questions that ask the same, in other words or in these, most similar first."""
    similar = sorted(((cosine(answer.vector, vector), at) for at, answer in enumerate(kept)), reverse=True)
    return [
        kept[at]
        for likeness, at in similar
        if likeness >= SIMILAR and not differences(asked, kept[at].question)
    ]


async def still_true(
    answer: CachedAnswer,
    *,
    results: Sequence[Passage],
    principals: tuple[str, ...],
    retrieval: RetrievalClient,
) -> list[Citation] | None:
    """The answer's citations as they read today, or None if it may not be served.

    Raises:
        UnavailableError: no worker answers in time.
    """
    if not {passage.id for passage in results[:MUST_HAVE_READ]} <= set(answer.given):
        return None
    reply = await retrieval.passages(PassagesRequest(ids=answer.given, principals=principals))
    standing = {passage.id: passage for passage in reply.passages}
    old = outdated(reply.passages)
    if not set(answer.given) <= standing.keys():
        return None
    return [
        Citation(
            index=cited.index,
            source=source_of(standing[cited.passage], index=cited.index, old=old),
            quote=cited.quote,
        )
        for cited in answer.citations
    ]


def retold(answer: CachedAnswer, citations: Sequence[Citation]) -> Iterator[AnswerEvent]:
    """The answer's events again, a paragraph or list item at a time."""
    coming = {str(citation.index): citation for citation in citations}
    for paragraph in _PARAGRAPH.split(answer.text):
        yield Delta(text=paragraph)
        for number in _NUMBER.findall(paragraph):
            if number in coming:
                yield coming.pop(number)
