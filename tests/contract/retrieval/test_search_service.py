"""Searches over real NATS, on a real index, with the real model."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from retrieval.client import RetrievalClient
from retrieval.edge_index import open_edge_index
from retrieval.editions import edition_name, passage_id
from retrieval.encoding import Encoder
from retrieval.fastembed_encoder import FastembedEncoder
from retrieval.heads import Heads
from retrieval.index import EncodedPassage, Hit, Index, StoredPassage
from retrieval.nats_backlog import NatsBacklog
from retrieval.nats_heads import open_heads
from retrieval.search import Search
from retrieval.service import serving_retrieval
from tests.until import until
from wire import subjects
from wire.documents import document_key
from wire.errors import MalformedError, UnavailableError
from wire.heads import Head
from wire.search import IndexFreshness, PassagesRequest, SearchReply, SearchRequest


class Desk:
    """A served index, and a hand that writes documents into it."""

    def __init__(self, client: Client, *, index: Index, encoder: Encoder, heads: Heads) -> None:
        self.client = client
        self.ask = RetrievalClient(client)
        self.index = index
        self.heads = heads
        self._encoder = encoder

    async def write(
        self, document: str, *texts: str, version: int = 1, allow: tuple[str, ...] = ("public",)
    ) -> str:
        """Write an edition that nobody sees yet; gives its name."""
        over = (await self.heads.look_up(document_key("handbook", document))).revision
        edition = edition_name(over=over, version=version, content_hash="".join(texts), fingerprint="f")
        vectors = await self._encoder.encode_passages(texts)
        words = await self._encoder.weigh_passages(texts)
        passages = [
            StoredPassage(
                id=passage_id(source="handbook", document=document, edition=edition, ordinal=ordinal),
                source="handbook",
                document=document,
                version=version,
                edition=edition,
                title=document,
                url=None,
                heading=(),
                ordinal=ordinal,
                text=text,
                allow=allow,
                updated_at=datetime(2026, 11, 1, tzinfo=UTC),
            )
            for ordinal, text in enumerate(texts)
        ]
        await self.index.upsert(
            [
                EncodedPassage(passage=passage, dense=vector, sparse=sparse)
                for passage, vector, sparse in zip(passages, vectors, words, strict=True)
            ]
        )
        return edition

    async def show(self, document: str, edition: str, *, version: int = 1, deleted: bool = False) -> None:
        over = (await self.heads.look_up(document_key("handbook", document))).revision
        head = Head(
            source="handbook",
            document=document,
            version=version,
            state="deleted" if deleted else "live",
            edition=edition,
            changed_at=datetime.now(UTC),
        )
        assert await self.heads.advance(head, over=over)

    async def publish(
        self, document: str, *texts: str, version: int = 1, allow: tuple[str, ...] = ("public",)
    ) -> None:
        edition = await self.write(document, *texts, version=version, allow=allow)
        await self.show(document, edition, version=version)

    async def search(
        self, query: str, *principals: str, limit: int = 8, highlights: bool = False
    ) -> SearchReply:
        return await self.ask.search(
            SearchRequest(
                query=query, principals=principals or ("public",), limit=limit, with_highlights=highlights
            )
        )


@asynccontextmanager
async def serving_desk(client: Client, folder: Path, encoder: FastembedEncoder) -> AsyncIterator[Desk]:
    async with (
        open_edge_index(folder, dimensions=encoder.dimensions, fingerprint=encoder.fingerprint) as index,
        open_heads(client) as heads,
        serving_retrieval(client, index=index, encoder=encoder, heads=heads),
    ):
        yield Desk(client, index=index, encoder=encoder, heads=heads)


@pytest.fixture
async def desk(client: Client, tmp_path: Path, encoder: FastembedEncoder) -> AsyncIterator[Desk]:
    async with serving_desk(client, tmp_path / "index", encoder) as served:
        yield served


def documents(reply: SearchReply) -> list[str]:
    return [passage.document for passage in reply.passages]


async def test_the_passage_that_answers_comes_first_with_all_that_is_told_of_it(desk: Desk) -> None:
    await desk.publish("leave", "Employees in Germany have 30 days of annual leave.", version=42)
    await desk.publish("travel", "Book trains at least two weeks ahead.")
    reply = await desk.search("how many days of annual leave do I get in Germany")
    best = reply.passages[0]
    assert (best.source, best.document, best.version) == ("handbook", "leave", 42)
    assert best.text == "Employees in Germany have 30 days of annual leave."
    assert 1.0 >= best.score > reply.passages[1].score >= 0.0
    assert best.updated_at == datetime(2026, 11, 1, tzinfo=UTC)
    assert reply.timings_ms.total > 0
    assert reply.query_vector is None


async def test_relevance_tells_a_question_that_is_answered_from_one_that_is_not(desk: Desk) -> None:
    await desk.publish("leave", "Employees in Germany have 30 days of annual leave.")
    answered = await desk.search("how many days of annual leave do I get in Germany")
    not_answered = await desk.search("who painted the Mona Lisa")
    assert answered.relevance > 0.6
    assert not_answered.relevance < 0.15


async def test_an_empty_index_finds_nothing_and_says_irrelevant(desk: Desk) -> None:
    reply = await desk.search("anything")
    assert reply.passages == ()
    assert reply.relevance == 0.0


async def test_a_reader_finds_what_is_theirs_and_nothing_else(desk: Desk) -> None:
    await desk.publish("for all", "The office opens at eight.")
    await desk.publish("for Ana", "The office of Ana opens at nine.", allow=("user:U1",))
    await desk.publish("for nobody", "The office of nobody opens at ten.", allow=())
    assert documents(await desk.search("when does the office open")) == ["for all"]
    assert set(documents(await desk.search("when does the office open", "user:U1", "public"))) == {
        "for all",
        "for Ana",
    }


async def test_what_no_head_shows_is_not_found(desk: Desk) -> None:
    await desk.write("leave", "Employees have 30 days of annual leave.")
    reply = await desk.search("annual leave")
    assert reply.passages == ()
    assert reply.relevance == 0.0


async def test_readers_pass_from_the_old_version_to_the_new_one_at_once_and_never_see_both(
    desk: Desk,
) -> None:
    await desk.publish("leave", "Leave is 28 days.", "Leave lapses in March.", version=1)
    new = await desk.write("leave", "Leave is 30 days.", "Leave lapses in June.", version=2)
    texts = {passage.text for passage in (await desk.search("days of leave")).passages}
    assert texts == {"Leave is 28 days.", "Leave lapses in March."}
    await desk.show("leave", new, version=2)
    texts = {passage.text for passage in (await desk.search("days of leave")).passages}
    assert texts == {"Leave is 30 days.", "Leave lapses in June."}


async def test_a_long_document_being_written_does_not_crowd_the_others_out(desk: Desk) -> None:
    await desk.publish("leave", "How long is leave? It is thirty days.")
    await desk.write("draft", *(f"Leave is long, leave is {n} days long." for n in range(450)))
    assert documents(await desk.search("how long is leave")) == ["leave"]


async def test_another_workers_newer_edition_is_looked_up_before_it_is_dropped(
    desk: Desk, client: Client
) -> None:
    async with open_heads(client):
        edition = await desk.write("leave", "Leave is 28 days.")
        bucket = await client.jetstream().key_value(subjects.HEADS_BUCKET)
        head = Head(
            source="handbook",
            document="leave",
            version=1,
            state="live",
            edition=edition,
            changed_at=datetime.now(UTC),
        )
        await bucket.put(document_key("handbook", "leave"), head.to_json())
        assert documents(await desk.search("leave")) == ["leave"]


async def test_a_deleted_document_is_not_found_though_its_passages_are_still_there(desk: Desk) -> None:
    await desk.publish("leave", "Leave is 28 days.")
    await desk.show("leave", "", version=2, deleted=True)
    assert (await desk.search("leave")).passages == ()


async def test_passages_are_given_back_while_they_stand_and_may_be_read(desk: Desk) -> None:
    await desk.publish("leave", "Leave is 28 days.")
    await desk.publish("board", "The board meets on Monday.", allow=("user:U1",))
    ids = tuple(passage.id for passage in (await desk.search("leave or board", "public", "user:U1")).passages)
    assert len(ids) == 2

    async def standing(*principals: str) -> set[str]:
        reply = await desk.ask.passages(PassagesRequest(ids=(*ids, "no-such-id"), principals=principals))
        return {passage.document for passage in reply.passages}

    assert await standing("public", "user:U1") == {"leave", "board"}
    assert await standing("public") == {"leave"}
    await desk.publish("leave", "Leave is 30 days.", version=2)
    assert await standing("public") == set()


class Interrupted:
    """The real index, with something happening right after its first search."""

    def __init__(self, index: Index, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._index = index
        self._meanwhile = meanwhile
        self.searches = 0

    async def search(self, **asked: Any) -> list[Hit]:
        hits = await self._index.search(**asked)
        self.searches += 1
        if self.searches == 1:
            await self._meanwhile()
        return hits


@pytest.mark.parametrize("replaced", [True, False])
async def test_a_search_is_repeated_only_where_a_document_was_replaced_while_it_ran(
    desk: Desk, encoder: FastembedEncoder, *, replaced: bool
) -> None:
    await desk.publish("leave", "Leave is 28 days.", version=1)
    await desk.publish("empty", "Leave it.", version=1)
    await desk.show("empty", "1-empty", version=2)

    async def meanwhile() -> None:
        if replaced:
            await desk.publish("leave", "Leave is 30 days.", version=2)

    index = Interrupted(desk.index, meanwhile)
    search = Search(index=index, encoder=encoder, heads=desk.heads, backlog=NatsBacklog())  # type: ignore[arg-type] # it only searches
    reply = await search.search(SearchRequest(query="leave", principals=("public",)))
    assert documents(reply) == ["leave"]
    assert index.searches == (2 if replaced else 1)


async def test_a_passages_neighbours_come_around_it_for_whom_may_read_them(desk: Desk) -> None:
    await desk.publish("leave", *(f"Leave, part {n}." for n in range(6)), allow=("user:U1",))
    found = (await desk.search("leave part", "user:U1")).passages
    wanted = tuple(passage.id for passage in sorted(found, key=lambda one: one.ordinal))

    async def around(*ids: str, principal: str = "user:U1") -> list[int]:
        request = PassagesRequest(ids=ids, principals=(principal,), neighbours=1)
        return [passage.ordinal for passage in (await desk.ask.passages(request)).passages]

    assert await around(wanted[0]) == [0, 1]
    assert await around(wanted[2]) == [1, 2, 3]
    assert await around(wanted[2], wanted[3]) == [1, 2, 3, 4], "each comes once"
    assert await around(wanted[2], principal="public") == []


async def test_a_reply_says_how_far_the_index_is_behind(desk: Desk) -> None:
    assert (await desk.search("leave")).index == IndexFreshness(pending=0, lag_seconds=0.0)
    await desk.client.jetstream().publish(subjects.documents_changed("handbook"), b"not yet indexed")

    async def behind() -> bool:
        index = (await desk.search("leave")).index
        return index.pending == 1 and 0.2 < index.lag_seconds < 30

    await until(behind, within_s=10)


async def test_highlights_are_the_sentences_nearest_to_the_question(desk: Desk) -> None:
    text = (
        "# Leave\n\nThis page is kept by the people team. Parental leave in Germany lasts 14 weeks. "
        "Ask your manager about the dates.\n\n- Unused leave lapses at the end of March."
    )
    await desk.publish("leave", text)
    (passage,) = (await desk.search("how long is parental leave in Germany", highlights=True)).passages
    assert passage.highlights is not None
    quoted = [passage.text[highlight.start : highlight.end] for highlight in passage.highlights]
    assert quoted[0] == "Parental leave in Germany lasts 14 weeks."
    assert "Unused leave lapses at the end of March." in quoted
    scores = [highlight.score for highlight in passage.highlights]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > 0.7


async def test_the_query_vector_comes_when_it_is_asked_for(desk: Desk) -> None:
    request = SearchRequest(query="leave", principals=("public",), with_vector=True)
    reply = await desk.ask.search(request)
    assert reply.query_vector is not None
    assert len(reply.query_vector) == 384


async def test_a_request_without_principals_is_told_so(desk: Desk) -> None:
    answered = await desk.client.request(
        subjects.RETRIEVAL_SEARCH, b'{"query": "leave", "principals": []}', timeout=5
    )
    assert b"principals" in answered.data
    with pytest.raises(MalformedError, match="principals"):
        await desk.ask.search(SearchRequest.model_construct(query="leave", principals=()))


async def test_sixteen_askers_at_once_are_all_answered(desk: Desk) -> None:
    await desk.publish("leave", "Leave is 28 days.")
    replies = await asyncio.gather(*(desk.search(f"leave {n}") for n in range(48)))
    assert all(documents(reply) == ["leave"] for reply in replies)


async def test_without_a_worker_retrieval_is_unavailable(client: Client) -> None:
    with pytest.raises(UnavailableError) as caught:
        await RetrievalClient(client).search(SearchRequest(query="leave", principals=("public",)))
    assert caught.value.service == "retrieval"
