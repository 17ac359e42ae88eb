"""An edition's passages into one index: cut for its encoder's window, encoded, written, unseen as yet."""

import asyncio
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from ingest.chunking import Chunk, chunk
from retrieval.editions import passage_id
from retrieval.encoding import Encoder
from retrieval.index import EncodedPassage, Index, StoredPassage
from wire.documents import document_key

SPECIAL_TOKENS = 2
"""The encoder's own, at a text's start and end."""
CHUNKS_PER_WRITE = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What every passage of an edition says of its document."""

    source: str
    document: str
    version: int
    edition: str
    title: str
    url: str | None
    allow: tuple[str, ...]
    updated_at: datetime | None


class EditionWriting:
    """Writes editions into one index with its encoder."""

    def __init__(self, *, index: Index, encoder: Encoder, like: Index | None = None) -> None:
        """Write into this index; one that has the same encoder's vectors is ``like`` it."""
        self._index = index
        self._encoder = encoder
        self._like = like

    async def write(self, text: str, *, of: Described) -> int:
        """Write the passages of this text, the last ones first, and give their number.

        So an edition that has its first passage is whole, whatever became of its writer.

        Raises:
            UnavailableError: the index or the encoder is away.
        """
        chunks = await asyncio.to_thread(self._cut, text)
        starts = range(0, len(chunks), CHUNKS_PER_WRITE)
        for start in reversed(starts):
            await self._write(chunks[start : start + CHUNKS_PER_WRITE], of=of)
        return len(chunks)

    async def has(self, of: Described) -> bool:
        """Whether the whole edition is there.

        Raises:
            UnavailableError: the index is away.
        """
        first = _id(of, ordinal=0)
        names = await self._index.names(key=document_key(of.source, of.document))
        return any(name.id == first for name in names)

    def _cut(self, text: str) -> list[Chunk]:
        return chunk(
            text,
            window_tokens=self._encoder.window_tokens - SPECIAL_TOKENS,
            count_tokens=self._encoder.count_tokens,
        )

    async def _write(self, chunks: Sequence[Chunk], *, of: Described) -> None:
        digests = [_digest(piece.meant) for piece in chunks]
        meant = {digest: piece.meant for digest, piece in zip(digests, chunks, strict=True)}
        meanings = await self._meanings(meant)
        words = await self._encoder.weigh_passages([piece.words(of.title) for piece in chunks])
        await self._index.upsert(
            [
                EncodedPassage(
                    passage=_passage(piece, of=of), dense=meanings[digest], sparse=sparse, digest=digest
                )
                for piece, digest, sparse in zip(chunks, digests, words, strict=True)
            ]
        )

    async def _meanings(self, meant: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
        """Dense vectors by digest; only texts that stand nowhere yet are encoded.

        So an edit costs what it changes, and a try that follows a crash goes on where that one ended.
        """
        known = await self._index.vectors(list(meant))
        new = [digest for digest in meant if digest not in known]
        if new and self._like is not None:
            known |= await self._like.vectors(new)
            new = [digest for digest in new if digest not in known]
        texts = [text for digest in new for text in meant[digest]]
        vectors = iter(await self._encoder.encode_passages(texts))
        return known | {digest: mean_of(list(islice(vectors, len(meant[digest])))) for digest in new}


def mean_of(vectors: Sequence[Sequence[float]]) -> list[float]:
    """One of length 1, as near to each of these as it can be, however long they are; one alone as it is."""
    if len(vectors) == 1:
        return list(vectors[0])
    directions = [_of_length_1(vector) for vector in vectors]
    return _of_length_1([sum(values) for values in zip(*directions, strict=True)])


def _of_length_1(vector: Sequence[float]) -> list[float]:
    length = math.hypot(*vector) or 1.0
    return [value / length for value in vector]


def _digest(meant: Sequence[str]) -> str:
    """Of one text as of old, so that its vector is found again; of several another than of any one text."""
    if len(meant) == 1:
        return hashlib.sha256(meant[0].encode()).hexdigest()
    return f"{len(meant)}-{hashlib.sha256(json.dumps(meant).encode()).hexdigest()}"


def _id(of: Described, *, ordinal: int) -> str:
    return passage_id(source=of.source, document=of.document, edition=of.edition, ordinal=ordinal)


def _passage(piece: Chunk, *, of: Described) -> StoredPassage:
    return StoredPassage(
        id=_id(of, ordinal=piece.ordinal),
        source=of.source,
        document=of.document,
        version=of.version,
        edition=of.edition,
        title=of.title,
        url=of.url,
        heading=piece.heading,
        ordinal=piece.ordinal,
        text=piece.text,
        allow=of.allow,
        updated_at=of.updated_at,
    )
