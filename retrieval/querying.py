"""From a reader's words to ranked candidates: abbreviations written out, errors mended, parts asked too."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from retrieval.encoding import Encoded, Encoder, Sparse
from retrieval.finding import Finding
from retrieval.parts import parts
from retrieval.phrases import pairs
from retrieval.ranking import Ranked, ranked
from retrieval.rapidfuzz_spelling import mended, suspects
from retrieval.stop_words import StopWords
from retrieval.tuning import Tuning
from wire.search import SearchRequest

OF_A_PART = 0.95
"""What a passage's score counts that answers a part of the question only."""
MOST_RAISED = 1.3
"""How much more it may count where all that answers this part scores less than what answers the rest, which
would fill the list. Measured by ``tests/bench/bench_ranking.py``: docs/quality.md."""
NO_WORDS = Sparse([], [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question as it was searched, and the candidates, best first.

    Attributes:
        parts: vectors of what it asks one by one; none where it asks one thing.
        encoding_s: seconds that its encodings were waited for.
    """

    text: str
    query: Encoded
    parts: tuple[Sequence[float], ...] = ()
    found: list[Ranked]
    encoding_s: float


class Querying:
    """Asks the index, once or as often as the question needs."""

    def __init__(self, *, encoder: Encoder, finding: Finding, tuning: Tuning, stop_words: StopWords) -> None:
        self._encoder = encoder
        self._finding = finding
        self._tuning = tuning
        self._stop_words = stop_words

    async def ask(self, request: SearchRequest) -> Asked:
        """The candidates for these readers.

        Raises:
            UnavailableError: the index, the encoder or NATS is away.
        """
        text = self._tuning.glossary.expanded(request.query)
        # At once, so that a question in parts waits for its turn at the encoder once, and not for each part.
        whole, *several = await self._ask_all([text, *parts(text)], request)
        asked = await self._mended(whole, request)
        if asked.text != text:
            several = await self._ask_all(parts(asked.text), request)
        if not several:
            return asked
        return replace(
            asked,
            parts=tuple(part.query.dense for part in several),
            found=merged(asked.found, [part.found for part in several]),
            encoding_s=max(asked.encoding_s, *(part.encoding_s for part in several)),
        )

    async def _ask_all(self, texts: Sequence[str], request: SearchRequest) -> list[Asked]:
        asking = [asyncio.create_task(self._ask(text, request)) for text in texts]
        try:
            return await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()

    async def _ask(self, text: str, request: SearchRequest) -> Asked:
        started = time.perf_counter()
        query = await self._encoder.encode_query(text)
        encoding_s = time.perf_counter() - started
        share = self._tuning.ranking.meaning_share
        hits = await self._finding.hits(
            dense=query.dense if share > 0 else None,
            sparse=query.sparse if share < 1 else NO_WORDS,
            principals=request.principals,
            sources=request.sources,
            wanted=request.limit,
        )
        together = pairs(text, stop_words=self._stop_words.of(text))
        found = ranked(hits, self._tuning.ranking, now=datetime.now(UTC), pairs=together)
        return Asked(text=text, query=query, found=found, encoding_s=encoding_s)

    async def _mended(self, asked: Asked, request: SearchRequest) -> Asked:
        """Asked again with the right words, where some are wrong."""
        stop_words = self._stop_words.of(asked.text)
        looked_at = (one.hit.passage.all_text for one in asked.found)
        wrong = [
            word
            for word in suspects(asked.text, looked_at, stop_words=stop_words)
            if not await self._is_known(word, request)
        ]
        texts = [one.hit.passage.all_text for one in asked.found] if wrong else []
        text = mended(asked.text, wrong, texts) if wrong else asked.text
        if text == asked.text:
            return asked
        again = await self._ask(text, request)
        return replace(again, encoding_s=asked.encoding_s + again.encoding_s)

    async def _is_known(self, word: str, request: SearchRequest) -> bool:
        """Whether any passage of this reader has the word, in any form."""
        hits = await self._finding.hits(
            dense=None,
            sparse=self._encoder.weigh_query(word),
            principals=request.principals,
            sources=request.sources,
            wanted=1,
        )
        return bool(hits)


def merged(whole: Sequence[Ranked], of_parts: Iterable[Sequence[Ranked]]) -> list[Ranked]:
    """Each passage at its best score; the best of each part near the best of all, as far as may be."""
    best = {one.hit.passage.id: one for one in whole}
    answering = [found for found in of_parts if found and found[0].score > 0]
    top = max((found[0].score for found in (whole, *answering) if found), default=0.0)
    for found in answering:
        raised = top / found[0].score
        share = OF_A_PART * min(MOST_RAISED, raised)
        for one in found:
            known = best.get(one.hit.passage.id)
            if known is None or known.score < share * one.score:
                best[one.hit.passage.id] = Ranked(one.hit, share * one.score)
    return sorted(best.values(), key=lambda one: -one.score)
