"""A workshop to try ingest in, and documents by default valid."""

from dataclasses import dataclass

from ingest.indexing import Indexing
from ingest.leftovers import Leftovers
from retrieval.edge_index import EdgeIndex
from retrieval.fastembed_encoder import FastembedEncoder
from retrieval.heads import HeadEntry
from retrieval.index import StoredPassage
from retrieval.nats_heads import NatsHeads
from retrieval.search import Search
from wire.documents import DocumentDelete, DocumentUpsert, document_key
from wire.heads import Head
from wire.nats_objects import NatsObjects
from wire.search import SearchRequest


@dataclass(frozen=True)
class Workshop:
    """An index, what writes it, and what reads it."""

    indexing: Indexing
    leftovers: Leftovers
    index: EdgeIndex
    heads: NatsHeads
    encoder: FastembedEncoder
    bodies: NatsObjects
    texts: NatsObjects
    search: Search

    async def found(self, query: str, *principals: str) -> set[tuple[str, int]]:
        """Which documents, in which versions, a reader finds."""
        request = SearchRequest(query=query, principals=principals or ("public",))
        reply = await self.search.search(request)
        return {(passage.document, passage.version) for passage in reply.passages}

    async def stored(self) -> int:
        """How many passages lie in the index, seen or not."""
        names, _ = await self.index.all_names(after=None, limit=10_000)
        return len(names)


def upsert(
    document: str = "leave",
    *,
    version: int = 1,
    body: str = "Annual leave is 28 days.",
    allow: tuple[str, ...] = ("public",),
    media_type: str = "text/markdown",
    body_object: str | None = None,
) -> DocumentUpsert:
    return DocumentUpsert(
        source="handbook",
        id=document,
        version=version,
        title=document.title(),
        body=None if body_object else body,
        body_object=body_object,
        allow=allow,
        media_type=media_type,
    )


def delete(
    document: str = "leave", *, version: int | None = None, if_version: int | None = None
) -> DocumentDelete:
    return DocumentDelete(source="handbook", id=document, version=version, if_version=if_version)


class LosingHeads:
    """Heads where another worker is always first with version 9, once."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._lost = False

    def shown(self, key: str) -> object:
        return self._workshop.heads.shown(key)

    async def look_up(self, key: str) -> HeadEntry:
        return await self._workshop.heads.look_up(key)

    async def advance(self, head: Head, *, over: int) -> bool:
        if not self._lost:
            self._lost = True
            await self._workshop.indexing.apply(upsert(version=9, body="Annual leave is 9 days."))
        return await self._workshop.heads.advance(head, over=over)


async def the_passage(workshop: Workshop, document: str = "leave") -> StoredPassage:
    (name,) = await workshop.index.names(key=document_key("handbook", document))
    (passage,) = await workshop.index.readable(ids=[name.id], principals=["public"])
    return passage
