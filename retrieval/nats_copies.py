"""The index's passages with their vectors over NATS: ``index.copies`` and ``index.restore``."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from retrieval.encoding import Sparse
from retrieval.index import EncodedPassage, Index, StoredPassage
from wire import subjects
from wire.copies import (
    PAGE_BYTES,
    CopiesReply,
    CopiesRequest,
    IndexIdentity,
    PassageCopy,
    RestoreReply,
    RestoreRequest,
)
from wire.errors import MalformedError, RefusedError
from wire.nats_service import serving
from wire.shapes import read_shape

AT_ONCE = 2
"""A backup asks for one page after the other; questions must not wait for many."""
ANSWER_WITHIN_S = 30.0


@asynccontextmanager
async def serving_copies(client: Client, *, index: Index, identity: IndexIdentity) -> AsyncIterator[None]:
    """Serve both for as long as the block lasts."""

    async def copies(data: bytes) -> CopiesReply:
        return await _page(index, read_shape(CopiesRequest, data), identity=identity)

    async def restore(data: bytes) -> RestoreReply:
        request = read_shape(RestoreRequest, data)
        if request.copies and request.fingerprint != identity.fingerprint:
            raise RefusedError("these vectors were made by another model than this index's")
        await index.upsert([_encoded(copy, dimensions=identity.dimensions) for copy in request.copies])
        return RestoreReply(index=identity)

    endpoints = {subjects.INDEX_COPIES: copies, subjects.INDEX_RESTORE: restore}
    async with serving(client, name="index", endpoints=endpoints, at_once=AT_ONCE, within_s=ANSWER_WITHIN_S):
        yield


async def _page(index: Index, request: CopiesRequest, *, identity: IndexIdentity) -> CopiesReply:
    """As many as fit a message: half as many are asked for until they do."""
    limit = request.limit
    while True:
        page, after = await index.copies(after=request.after, limit=limit)
        copies = tuple(_copy(encoded) for encoded in page)
        if limit == 1 or sum(len(copy.to_json()) for copy in copies) <= PAGE_BYTES:
            return CopiesReply(index=identity, total=await index.count(), copies=copies, after=after)
        limit = max(1, limit // 2)


def _copy(encoded: EncodedPassage) -> PassageCopy:
    passage = encoded.passage
    return PassageCopy(
        id=passage.id,
        source=passage.source,
        document=passage.document,
        version=passage.version,
        edition=passage.edition,
        title=passage.title,
        url=passage.url,
        heading=passage.heading,
        ordinal=passage.ordinal,
        text=passage.text,
        allow=passage.allow,
        updated_at=passage.updated_at,
        dense=struct.pack(f"<{len(encoded.dense)}f", *encoded.dense),
        word_ids=tuple(encoded.sparse.indices),
        word_weights=tuple(encoded.sparse.values),
        digest=encoded.digest,
    )


def _encoded(copy: PassageCopy, *, dimensions: int) -> EncodedPassage:
    if len(copy.dense) != 4 * dimensions or len(copy.word_ids) != len(copy.word_weights):
        raise MalformedError("field 'copies': a passage has not the vectors of this index", field="copies")
    return EncodedPassage(
        passage=StoredPassage(
            id=copy.id,
            source=copy.source,
            document=copy.document,
            version=copy.version,
            edition=copy.edition,
            title=copy.title,
            url=copy.url,
            heading=copy.heading,
            ordinal=copy.ordinal,
            text=copy.text,
            allow=copy.allow,
            updated_at=copy.updated_at,
        ),
        dense=struct.unpack(f"<{dimensions}f", copy.dense),
        sparse=Sparse(list(copy.word_ids), list(copy.word_weights)),
        digest=copy.digest,
    )
