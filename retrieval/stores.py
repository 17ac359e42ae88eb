"""Which store passages are kept in: the one place that chooses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from retrieval.edge_index import open_edge_store
from retrieval.index import Store
from retrieval.pgvector_store import open_pgvector_store
from retrieval.qdrant_store import Layout, open_qdrant_store
from wire.errors import SettingsError
from wire.settings import Settings, StoreKind

INDEX_FOLDER = "index"


def store_kind(settings: Settings) -> StoreKind:
    """``VECTOR_STORE``, or what the other settings say."""
    return settings.vector_store or ("qdrant" if settings.qdrant_url else "edge")


@asynccontextmanager
async def open_store(settings: Settings, *, kind: StoreKind) -> AsyncIterator[Store]:
    """The store of that kind, for as long as the block lasts.

    Raises:
        SettingsError: a setting is missing or wrong.
        UnavailableError: the server does not answer.
    """
    if kind == "edge":
        async with open_edge_store(settings.data_dir / INDEX_FOLDER) as folder:
            yield folder
    elif kind == "qdrant":
        if settings.qdrant_url is None:
            raise SettingsError("QDRANT_URL is missing: where is the Qdrant server?")
        layout = Layout(
            shards=settings.qdrant_shards,
            replicas=settings.qdrant_replicas,
            write_consistency=settings.qdrant_write_consistency,
            quantization=settings.qdrant_quantization,
        )
        key = settings.qdrant_api_key.get_secret_value() if settings.qdrant_api_key else None
        async with open_qdrant_store(
            settings.qdrant_url, api_key=key, prefix=settings.index_prefix, layout=layout
        ) as server:
            yield server
    else:
        if settings.postgres_url is None:
            raise SettingsError("POSTGRES_URL is missing: where is PostgreSQL?")
        async with open_pgvector_store(
            settings.postgres_url, prefix=settings.index_prefix, connections=settings.postgres_connections
        ) as database:
            yield database
