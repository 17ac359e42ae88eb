"""Promise 28 where documents are found: a reader is told what they would be told if nothing else existed.

Each made-up company is written into a served index beside 300 passages of which its readers may read none,
and what one reader may read of it into an index of its own. Both are asked the same. What a reply may tell
of the rest, and therefore is not compared: how much work waits in the whole system (``index``), and how long
each step took (``timings_ms``). These tell how large and how busy it is, and nothing of any document. Which
of several passages of the very same text and scores is shown is the engine's business, in both.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from nats.aio.client import Client

from retrieval.edge_index import EdgeIndex, open_edge_index
from retrieval.editions import edition_name, passage_id
from retrieval.encoding import Encoded, Encoder, Sparse
from retrieval.fastembed_encoder import PACKAGED, open_encoder
from retrieval.heads import Heads
from retrieval.index import EncodedPassage, StoredPassage
from retrieval.nats_backlog import NatsBacklog
from retrieval.nats_heads import open_heads
from retrieval.search import Search
from retrieval.service import serving_retrieval
from tests.contract.retrieval.leaking_shard import Leaking
from tests.contract.retrieval.made_up_companies import (
    ASKED,
    READERS,
    TEXTS,
    Asked,
    Company,
    Document,
    companies,
)
from tests.until import until
from wire import subjects
from wire.documents import document_key
from wire.heads import Head
from wire.nats_connection import connected
from wire.nats_topology import ensure_topology
from wire.search import PassagesReply, PassagesRequest, SearchReply, SearchRequest

OTHERS = 300
"""More than a branch hands to the fusion: a filter that came after it would find nothing."""
ANSWER_WITHIN_S = 20.0
ANSWERED_WITHIN_S = 60.0
"""With repetitions."""
UNTOLD: Any = {"index", "timings_ms"}
NAMES = ("id", "source", "document", "title", "url", "heading", "ordinal")
"""What tells one passage from another of the same text, and so of the same scores."""


class Once:
    """The real encoder, which encodes each of the few sentences there are once."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, list[float]] = {}
        self.fingerprint = encoder.fingerprint
        self.dimensions = encoder.dimensions
        self.window_tokens = encoder.window_tokens

    def count_tokens(self, text: str) -> int:
        return self._encoder.count_tokens(text)

    async def encode_query(self, text: str) -> Encoded:
        return await self._encoder.encode_query(text)

    def weigh_query(self, text: str) -> Sparse:
        return self._encoder.weigh_query(text)

    async def encode_sentences(self, texts: Sequence[str]) -> list[list[float]]:
        new = [text for text in texts if text not in self._known]
        self._known |= dict(zip(new, await self._encoder.encode_sentences(new), strict=True))
        return [self._known[text] for text in texts]

    async def encode_passages(self, texts: Sequence[str]) -> list[list[float]]:
        return await self._encoder.encode_passages(texts)

    async def weigh_passages(self, texts: Sequence[str]) -> list[Sparse]:
        return await self._encoder.weigh_passages(texts)


@dataclass
class Written:
    """An edition of a document in the served index."""

    key: str
    edition: str
    allow: frozenset[str]
    passages: list[EncodedPassage]


@dataclass
class Surroundings:
    """What is served, and what companies are made of; kept for all of them."""

    loop: asyncio.Runner
    client: Client
    index: EdgeIndex
    heads: Heads
    encoder: Once
    folder: Path
    vectors: list[tuple[list[float], Sparse]]
    cases: int = 0
    companies: int = 0
    written: list[Written] = field(default_factory=list)
    copies: Counter[str] = field(default_factory=Counter)
    """How many of the passages that may be found have a text."""

    def check(self, company: Company) -> None:
        self.loop.run(self._check(company))

    async def _check(self, company: Company) -> None:
        self.companies += 1
        self.written = []
        try:
            for number, document in enumerate(company.documents):
                await self._write(f"canary-{self.companies}-{number}-", document)
            for reader in company.readers:
                await self._compare(reader, company.asked, alone=self._told_at_once)
            await self._remove([one for one in self.written if not self._stands(one)])
            for reader in company.readers:
                await self._compare(reader, company.asked, alone=self._told_the_same)
                self.cases += len(company.asked)
        finally:
            await self._remove(self.written)
            # Once to flush, once to vacuum, as a worker does in quiet seconds.
            await self.index.settle()
            await self.index.settle()

    async def _write(self, name: str, document: Document) -> None:
        """Its former edition, then the present one, then its deletion, as ingest would."""
        for version, allow in enumerate((document.former, document.allow), 1):
            if allow is not None:
                await self._write_edition(name, document, version=version, allow=allow)
        if document.deleted:
            await self._show(name, document.source, version=3, edition="")

    async def _write_edition(
        self, name: str, document: Document, *, version: int, allow: frozenset[str]
    ) -> None:
        key = document_key(document.source, name)
        over = (await self.heads.look_up(key)).revision
        edition = edition_name(over=over, version=version, content_hash=name, fingerprint="f")
        passages = [
            self._encoded(
                text, source=document.source, name=name, edition=edition, ordinal=ordinal, allow=allow
            )
            for ordinal, text in enumerate(document.texts)
        ]
        await self.index.upsert(passages)
        self.written.append(Written(key, edition, allow, passages))
        await self._show(name, document.source, version=version, edition=edition)

    async def _show(self, name: str, source: str, *, version: int, edition: str) -> None:
        over = (await self.heads.look_up(document_key(source, name))).revision
        head = Head(
            source=source,
            document=name,
            version=version,
            state="live" if edition else "deleted",
            edition=edition,
            changed_at=datetime.now(UTC),
        )
        assert await self.heads.advance(head, over=over)

    def _encoded(
        self, text: int, *, source: str, name: str, edition: str, ordinal: int, allow: frozenset[str]
    ) -> EncodedPassage:
        dense, sparse = self.vectors[text]
        return EncodedPassage(
            passage=StoredPassage(
                id=passage_id(source=source, document=name, edition=edition, ordinal=ordinal),
                source=source,
                document=name,
                version=1,
                edition=edition,
                title=f"Title of {name}",
                url=f"https://example.com/{name}",
                heading=(f"Heading of {name}",),
                ordinal=ordinal,
                text=TEXTS[text],
                allow=tuple(sorted(allow)),
                updated_at=None,
            ),
            dense=dense,
            sparse=sparse,
        )

    async def write_what_others_may_read(self) -> None:
        """Every text many times over, for somebody who asks nothing."""
        for number in range(OTHERS):
            document = Document(
                source="handbook", texts=(number % len(TEXTS),), allow=frozenset(["user:SOMEBODY"])
            )
            await self._write(f"other-{number}-", document)

    async def _remove(self, written: Sequence[Written]) -> None:
        await self.index.delete([passage.passage.id for one in written for passage in one.passages])

    def _stands(self, written: Written) -> bool:
        return self.heads.shown(written.key).edition == written.edition

    async def _compare(
        self, reader: frozenset[str], asked: Sequence[Asked], *, alone: Callable[..., None]
    ) -> None:
        """Ask the served index and one that holds nothing but what this reader may read."""
        readable = [one for one in self.written if self._stands(one) and one.allow & reader]
        self.copies = Counter(passage.passage.text for one in readable for passage in one.passages)
        async with self._index_of(readable) as search:
            for ask in asked:
                request = SearchRequest(
                    query=ask.question,
                    principals=tuple(sorted(reader)),
                    sources=ask.sources,
                    limit=ask.limit,
                    with_vector=True,
                    with_highlights=ask.highlights,
                )
                told = await self._ask(subjects.RETRIEVAL_SEARCH, request.to_json(), readable=readable)
                alone(SearchReply.model_validate_json(told), await search.search(request))
            for ask in asked:
                around = self._looks_around(reader, ask)
                told = await self._ask(subjects.RETRIEVAL_PASSAGES, around.to_json(), readable=readable)
                assert PassagesReply.model_validate_json(told) == await search.passages(around)

    def _looks_around(self, reader: frozenset[str], ask: Asked) -> PassagesRequest:
        """Every passage that was ever written, by its id: a reader may know it from before."""
        ids = tuple(passage.passage.id for one in self.written for passage in one.passages)
        return PassagesRequest(ids=ids, principals=tuple(sorted(reader)), neighbours=ask.neighbours)

    async def _ask(self, subject: str, request: bytes, *, readable: Sequence[Written]) -> bytes:
        """What travels, byte for byte: it names no document but those that may be read."""

        async def told_in_time() -> bytes | None:
            """A machine that is busy with other tests may take longer than a reader waits."""
            reply = await self.client.request(subject, request, timeout=ANSWER_WITHIN_S)
            return None if b'"unavailable"' in reply.data else reply.data

        told = await until(told_in_time, within_s=ANSWERED_WITHIN_S)
        assert told is not None
        assert b'"error"' not in told
        may_be_named = {passage.passage.document for one in readable for passage in one.passages}
        for canary in told.split(b"canary-")[1:]:
            company, number, *_ = canary.split(b"-")
            assert f"canary-{company.decode()}-{number.decode()}-" in may_be_named
        assert b"other-" not in told
        return told

    def _told_at_once(self, told: SearchReply, alone: SearchReply) -> None:
        """While what was just revoked or deleted still lies in the index: nothing of it is found.

        Its words still count among those of its former readers, so that scores may differ a little.
        """
        assert bool(told.passages) == bool(alone.passages)

    def _told_the_same(self, told: SearchReply, alone: SearchReply) -> None:
        """Every field but those that speak of the system: passages, order, scores, relevance, highlights."""
        assert self._without_ties(told) == self._without_ties(alone)

    def _without_ties(self, reply: SearchReply) -> dict[str, Any]:
        """As it is compared: where several candidates have the same text, any of them may be shown."""
        compared = reply.model_dump(exclude=UNTOLD)
        for passage in compared["passages"]:
            if self.copies[passage["text"]] > 1:
                for name in NAMES:
                    del passage[name]
        return compared

    @asynccontextmanager
    async def _index_of(self, readable: Sequence[Written]) -> AsyncIterator[Search]:
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            async with open_edge_index(
                Path(name), fingerprint=self.encoder.fingerprint, dimensions=self.encoder.dimensions
            ) as index:
                for one in readable:
                    await index.upsert(one.passages)
                yield Search(index=index, encoder=self.encoder, heads=self.heads, backlog=NatsBacklog())


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where it can be: an index is made for every reader, and a disk takes 0.4 s for each."""
    memory = Path("/dev/shm")  # noqa: S108 — a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


@pytest.fixture
def surroundings(own_nats: str, folder: Path) -> Iterator[Surroundings]:
    with asyncio.Runner() as loop:
        stack = AsyncExitStack()
        try:
            yield loop.run(_surroundings(stack, own_nats, folder=folder, loop=loop))
        finally:
            loop.run(stack.aclose())


async def _surroundings(
    stack: AsyncExitStack, url: str, *, folder: Path, loop: asyncio.Runner
) -> Surroundings:
    client = await stack.enter_async_context(connected(url, name="test"))
    await ensure_topology(client)
    encoder = Once(await stack.enter_async_context(open_encoder(model=PACKAGED, threads=1)))
    index = await stack.enter_async_context(
        open_edge_index(folder / "all", fingerprint=encoder.fingerprint, dimensions=encoder.dimensions)
    )
    heads = await stack.enter_async_context(open_heads(client))
    await stack.enter_async_context(serving_retrieval(client, index=index, encoder=encoder, heads=heads))
    vectors = zip(await encoder.encode_passages(TEXTS), await encoder.weigh_passages(TEXTS), strict=True)
    made = Surroundings(loop, client, index, heads, encoder, folder, list(vectors))
    await made.write_what_others_may_read()
    return made


def check_companies(surroundings: Surroundings, *, count: int, random: bool) -> None:
    """So many companies: the same ones every time, or random ones, of which one that fails is made small."""

    @settings(
        max_examples=count,
        derandomize=not random,
        phases=(Phase.generate, Phase.shrink) if random else (Phase.generate,),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        database=None,
        report_multiple_bugs=False,
    )
    @given(companies)
    def check(company: Company) -> None:
        surroundings.check(company)

    check()
    print(f"{surroundings.cases} searches of {surroundings.companies} companies")


@pytest.mark.parametrize(
    ("count", "random"),
    [(24, False), pytest.param(1_500, True, marks=pytest.mark.soak)],
    ids=["small", "whole"],
)
def test_a_reader_is_told_what_they_would_be_told_if_nothing_else_existed(
    surroundings: Surroundings, count: int, *, random: bool
) -> None:
    """Promise 28: nothing outside a reader's set is found, counted or told, in ≥ 20,000 searches."""
    check_companies(surroundings, count=count, random=random)
    assert surroundings.cases >= count * READERS * ASKED


@pytest.mark.parametrize("where", ["meaning", "words", "rarity"])
def test_a_place_without_the_readers_filter_would_be_noticed(surroundings: Surroundings, where: str) -> None:
    """The control: it fails where half of the hybrid query, or the rarity of words, is everybody's."""
    leaking: Any = Leaking(surroundings.index._shard, where=where)
    surroundings.index._shard = leaking
    with pytest.raises(AssertionError):
        check_companies(surroundings, count=20, random=False)
