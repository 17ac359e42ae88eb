"""Whether an answer from the cache may be served to this reader, now.

It may if (1) every passage that it was written from still stands in the same version and this reader may
read it, and (2) this question's own best results are all among those passages, so that a newer document
which should have been read makes it a miss. So a document that changes, goes, appears or is hidden takes
its answers with it, and nothing has to be invalidated.
"""

import re
from collections.abc import Iterator, Sequence

from bot.answering.cache import CachedAnswer
from bot.answering.composition import source_of
from retrieval.client import RetrievalClient
from wire.answers import AnswerEvent, Citation, Delta
from wire.search import Passage, PassagesRequest

MUST_HAVE_READ = 4
"""How many of a question's best results the answer must have been written from: the upper half of what a
model is given. A passage that answers the question ranks there, whereas the lower half changes places
whenever anything is indexed. To be measured together with the threshold for paraphrases."""

_PARAGRAPH = re.compile(r"(?<=\n)(?=\S)")
_NUMBER = re.compile(r"\[(\d{1,3})\]")


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
    if not set(answer.given) <= standing.keys():
        return None
    return [
        Citation(
            index=cited.index,
            source=source_of(standing[cited.passage], index=cited.index),
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
