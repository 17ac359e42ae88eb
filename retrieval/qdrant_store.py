"""A Qdrant server's collections: one for each index, made, noted and removed."""

import asyncio
import math
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Literal

from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import UnexpectedResponse

from retrieval.index import IndexNote
from retrieval.payload import slug
from retrieval.qdrant_index import CALL_WITHIN_S, QdrantIndex, away, called
from wire.errors import SettingsError, UnavailableError
from wire.settings import StoreKind

MAKE_WITHIN_S = 120.0
LOOK_AGAIN_AFTER_S = 0.2
OLDEST = (1, 19)
"""Before it the server can't count a word's rarity among one reader's documents."""
FORBIDDEN = (401, 403)

Quantization = Literal["none", "scalar", "binary"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How a collection is made.

    Attributes:
        shards: parts that it is cut into.
        replicas: copies of each, on as many servers.
        write_consistency: replicas that must have a write; None: most of them.
        quantization: how vectors are kept in memory.
    """

    shards: int = 1
    replicas: int = 1
    write_consistency: int | None = None
    quantization: Quantization = "none"

    @property
    def written_to(self) -> int:
        """Replicas that must have a write before it counts."""
        return self.write_consistency or self.replicas // 2 + 1

    @property
    def read_from(self) -> int | None:
        """So many that one of them has every write; None: any one does."""
        needed = self.replicas - self.written_to + 1
        return needed if needed > 1 else None


class QdrantStore:
    """The store port on a server; `open_qdrant_store` makes one."""

    kind: StoreKind = "qdrant"

    def __init__(self, client: AsyncQdrantClient, *, prefix: str, layout: Layout) -> None:
        self._client = client
        self._prefix = prefix
        self._layout = layout

    async def notes(self) -> list[IndexNote]:
        """Read from the collections' metadata."""
        ours = re.compile(f"{re.escape(self._prefix)}_[0-9a-f]+")
        names = (each.name for each in (await called(self._client.get_collections())).collections)
        notes = [await self._note(name) for name in sorted(names) if ours.fullmatch(name)]
        return [note for note in notes if note is not None]

    async def write_note(self, note: IndexNote) -> None:
        """Into the collection's metadata."""
        collection = self._collection(note.fingerprint)
        await called(self._client.update_collection(collection, metadata=asdict(note)))

    @asynccontextmanager
    async def open(self, *, fingerprint: str, dimensions: int) -> AsyncIterator[QdrantIndex]:
        """Make the collection where there is none; of workers that come at once, one does."""
        collection = self._collection(fingerprint)
        note = await self._note(collection)
        if note is None:
            await self._make(
                collection,
                IndexNote(name=uuid.uuid4().hex, fingerprint=fingerprint, dimensions=dimensions),
            )
            note = await self._note(collection)
        if note is None:
            raise UnavailableError("the index is being made by another worker", service="index")
        for field in ("allow", "source", "key", "digest"):
            await called(self._client.create_payload_index(collection, field, _keyword(field), wait=True))
        yield QdrantIndex(
            self._client,
            collection,
            name=note.name,
            read_from=self._layout.read_from,
            quantized=self._layout.quantization != "none",
        )

    async def remove(self, fingerprint: str) -> None:
        """Remove its collection, and the note with it."""
        await called(self._client.delete_collection(self._collection(fingerprint)))

    async def _make(self, collection: str, note: IndexNote) -> None:
        made = self._client.create_collection(
            collection,
            vectors_config={
                "dense": models.VectorParams(size=note.dimensions, distance=models.Distance.COSINE)
            },
            sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
            shard_number=self._layout.shards,
            replication_factor=self._layout.replicas,
            write_consistency_factor=self._layout.written_to,
            quantization_config=_quantization(self._layout.quantization),
            metadata=asdict(note),
        )
        try:
            async with asyncio.timeout(MAKE_WITHIN_S):
                await made
        except Exception as error:  # noqa: BLE001 — as in `called`
            # Another worker may have been first: then its note is there, at once or in a moment.
            await asyncio.sleep(LOOK_AGAIN_AFTER_S)
            if await self._note(collection) is None:
                raise away(error) from None

    async def _note(self, collection: str) -> IndexNote | None:
        if not await called(self._client.collection_exists(collection)):
            return None
        metadata = (await called(self._client.get_collection(collection))).config.metadata
        return IndexNote(**metadata) if metadata else None

    def _collection(self, fingerprint: str) -> str:
        return f"{self._prefix}_{slug(fingerprint)}"


@asynccontextmanager
async def open_qdrant_store(
    url: str, *, api_key: str | None, prefix: str, layout: Layout
) -> AsyncIterator[QdrantStore]:
    """Connect to a server, and see that it is new enough, for as long as the block lasts.

    Args:
        url: its HTTP address; ``https`` is checked against the system's authorities (or SSL_CERT_FILE).
        api_key: sent with every request.
        prefix: begins the collections' names.
        layout: how collections are made.

    Raises:
        SettingsError: the server is too old, or refuses the key.
        UnavailableError: it does not answer.
    """
    client = AsyncQdrantClient(
        url=url, api_key=api_key, timeout=math.ceil(CALL_WITHIN_S), check_compatibility=False
    )
    try:
        await _check_server(client)
        yield QdrantStore(client, prefix=prefix, layout=layout)
    finally:
        async with asyncio.timeout(CALL_WITHIN_S):
            await client.close()


async def _check_server(client: AsyncQdrantClient) -> None:
    try:
        async with asyncio.timeout(CALL_WITHIN_S):
            version = (await client.info()).version
            await client.get_collections()
    except UnexpectedResponse as error:
        if error.status_code in FORBIDDEN:
            raise SettingsError("QDRANT_API_KEY: the Qdrant server refuses it") from error
        raise away(error) from None
    except Exception as error:  # noqa: BLE001 — as in `called`
        raise away(error) from None
    if tuple(int(part) for part in version.split("-")[0].split(".")[:2]) < OLDEST:
        oldest = ".".join(str(part) for part in OLDEST)
        raise SettingsError(f"QDRANT_URL: that server is Qdrant {version}; {oldest} or newer is needed")


def _keyword(field: str) -> models.KeywordIndexParams:
    # A passage has one source, by which Qdrant may lay passages together; its readers are many.
    return models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=field == "source")


def _quantization(kind: Quantization) -> models.QuantizationConfig | None:
    if kind == "scalar":
        return models.ScalarQuantization(scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8))
    if kind == "binary":
        return models.BinaryQuantization(binary=models.BinaryQuantizationConfig())
    return None
