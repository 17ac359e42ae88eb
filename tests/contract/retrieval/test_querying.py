"""What is made of a question before and after it is searched, on the real index with the real model."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, Protocol, cast

import pytest
from nats.aio.client import Client

from retrieval.edge_index import open_edge_index
from retrieval.encoding import Encoded, Encoder
from retrieval.fastembed_encoder import FastembedEncoder
from retrieval.glossary import Glossary
from retrieval.nats_heads import open_heads
from retrieval.ranking import Ranking
from retrieval.reranking import Reranker
from retrieval.service import serving_retrieval
from retrieval.tuning import Tuning
from tests.contract.retrieval.test_search_service import Desk, documents
from tests.until import until
from wire.errors import UnavailableError
from wire.search import SearchReply

TEXTS = {
    "time off": "Everybody has 28 days of paid time off. Days left over lapse in March.",
    "approval": "Your manager approves every absence within three days.",
    "expenses": "Hand in each receipt of a journey within 30 days; reimbursement comes with the next salary.",
    "probes": "The moisture probe is calibrated with tap water before a field trial.",
    "vault": "The vault of the board holds its minutes.",
}


class Serve(Protocol):
    def __call__(self, tuning: Tuning, asked: Encoder | None = None) -> AbstractAsyncContextManager[Desk]: ...


@pytest.fixture
def serve(client: Client, tmp_path: Path, encoder: FastembedEncoder) -> Serve:
    folders = itertools.count()

    @asynccontextmanager
    async def serving(tuning: Tuning, asked: Encoder | None = None) -> AsyncIterator[Desk]:
        async with (
            open_edge_index(
                tmp_path / str(next(folders)), dimensions=encoder.dimensions, fingerprint=encoder.fingerprint
            ) as index,
            open_heads(client) as heads,
            serving_retrieval(client, index=index, encoder=asked or encoder, heads=heads, tuning=tuning),
        ):
            desk = Desk(client, index=index, encoder=encoder, heads=heads)
            for document, text in TEXTS.items():
                allow = ("user:U1",) if document == "vault" else ("public",)
                await desk.publish(document, text, allow=allow)
            yield desk

    return serving


async def test_an_abbreviation_finds_what_it_stands_for(serve: Serve) -> None:
    async with serve(Tuning(glossary=Glossary({"PTO": "paid time off"}))) as desk:
        assert documents(await desk.search("PTO"))[0] == "time off"


async def test_a_typing_error_is_mended_from_what_the_reader_may_read(serve: Serve) -> None:
    async with serve(Tuning()) as desk:
        wrong, right = await desk.search("recipt of a journey"), await desk.search("receipt of a journey")
        assert [(p.document, p.score) for p in wrong.passages] == [
            (p.document, p.score) for p in right.passages
        ]
        # "valut" would become "vault", which stands in nothing that the public may read.
        assert (await desk.search("valut minutes of the board")) != await desk.search(
            "vault minutes of the board"
        )


async def test_a_word_that_some_document_has_is_never_mended(serve: Serve) -> None:
    async with serve(Tuning()) as desk:
        await desk.publish("names", "Ask Sallary Brown about the archive.")
        reply = await desk.search("sallary")
        assert documents(reply)[0] == "names"


async def test_each_part_of_a_question_finds_its_document(serve: Serve) -> None:
    async with serve(Tuning()) as desk:
        reply = await desk.search("How is a moisture probe calibrated and who approves an absence?", limit=2)
        assert set(documents(reply)) == {"probes", "approval"}


async def test_a_sentence_counts_for_the_part_that_it_answers(serve: Serve) -> None:
    async with serve(Tuning()) as desk:
        alone = await desk.search("who approves an absence", highlights=True)
        in_parts = await desk.search(
            "How is a moisture probe calibrated and who approves an absence", highlights=True
        )
        assert _highest_score(in_parts, "approval") == pytest.approx(
            _highest_score(alone, "approval"), abs=0.001
        )


def _highest_score(reply: SearchReply, document: str) -> float:
    (passage,) = (passage for passage in reply.passages if passage.document == document)
    return max(highlight.score for highlight in passage.highlights or ())


class AllAtOnce:
    """An encoder that encodes questions once so many are waiting for it."""

    def __init__(self, encoder: FastembedEncoder, *, waiting: int) -> None:
        self._encoder = encoder
        self._together = asyncio.Barrier(waiting)

    async def encode_query(self, text: str) -> Encoded:
        await self._together.wait()
        return await self._encoder.encode_query(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)


async def test_a_question_in_parts_waits_for_its_turn_at_the_encoder_once(
    serve: Serve, encoder: FastembedEncoder
) -> None:
    whole_and_two_parts = cast("Encoder", AllAtOnce(encoder, waiting=3))
    async with serve(Tuning(), whole_and_two_parts) as desk:
        reply = await desk.search("How is a moisture probe calibrated and who approves an absence?", limit=2)
    assert set(documents(reply)) == {"probes", "approval"}
    assert reply.timings_ms.embed + reply.timings_ms.search <= reply.timings_ms.total


class FailingForOne:
    """An encoder that has a question and its two parts in hand, fails for one and never ends the others."""

    def __init__(self, encoder: FastembedEncoder, *, fails: str) -> None:
        self._encoder = encoder
        self._fails = fails
        self._together = asyncio.Barrier(3)
        self.given_up: set[str] = set()

    async def encode_query(self, text: str) -> Encoded:
        await self._together.wait()
        if text == self._fails:
            raise UnavailableError("the embedding model takes too long", service="retrieval")
        try:
            await asyncio.Event().wait()
        finally:
            self.given_up.add(text)
        raise AssertionError

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)


async def test_where_one_part_of_a_question_fails_nothing_goes_on_for_the_others(
    serve: Serve, encoder: FastembedEncoder
) -> None:
    """Nobody is there any more to whom it could be told."""
    probes, approval = "How is a moisture probe calibrated", "who approves an absence?"
    failing = FailingForOne(encoder, fails=approval)
    async with serve(Tuning(), cast("Encoder", failing)) as desk:
        with pytest.raises(UnavailableError):
            await desk.search(f"{probes} and {approval}")
        await until(lambda: failing.given_up == {probes, f"{probes} and {approval}"}, within_s=30)


async def test_a_sources_weight_is_in_the_score(serve: Serve) -> None:
    async with serve(Tuning()) as desk:
        whole = (await desk.search("paid time off")).passages[0].score
    async with serve(Tuning(ranking=Ranking(source_weights={"handbook": 0.5}))) as desk:
        assert (await desk.search("paid time off")).passages[0].score == pytest.approx(whole / 2, abs=1e-3)


class Ordering:
    """A reranker that likes a word, or that is late."""

    def __init__(self, liked: str, *, is_late: bool = False) -> None:
        self._liked = liked
        self._is_late = is_late
        self.read: list[str] = []

    async def scores(self, question: str, texts: Sequence[str]) -> list[float] | None:
        await asyncio.sleep(0)
        self.read = [question, *texts]
        return None if self._is_late else [0.9 if self._liked in text else 0.1 for text in texts]


async def first(serve: Serve, reranker: Reranker) -> tuple[str, float]:
    async with serve(Tuning(reranker=reranker)) as desk:
        best = (await desk.search("paid time off")).passages[0]
        return best.document, best.score


async def test_a_reranker_has_the_last_word(serve: Serve) -> None:
    reranker = Ordering("moisture")
    assert await first(serve, reranker) == ("probes", 0.9)
    assert "probes\n\nThe moisture probe" in "".join(reranker.read)
    assert not any("vault" in text for text in reranker.read)


async def test_a_late_reranker_changes_nothing(serve: Serve) -> None:
    late = await first(serve, Ordering("moisture", is_late=True))
    async with serve(Tuning()) as desk:
        best = (await desk.search("paid time off")).passages[0]
    assert late == (best.document, best.score)
